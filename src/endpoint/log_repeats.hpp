#pragma once

#include <warren/context.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace warren::endpoint {

struct LogRepeatLimits {
    std::uint32_t lines_max = 10;  // of one kind in one period; what is over it is counted
    std::chrono::milliseconds period{10'000};
};

/// Tells which lines of a log say again what was said just before, so that a fault that any caller
/// can bring about does not fill a disk. Lines are of one kind when they differ in nothing but
/// numbers, identifiers and what stands in quotes.
///
/// Of each level so many kinds are told apart as there are places, a few for each hash. Further
/// ones share a place with others until its period is over: whoever makes up lines of ever new
/// kinds gets no more of them through, and does not hide what is more severe.
/// thread one at a time
class LogRepeats {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    static constexpr std::size_t kinds_max = 64;  // of one level

    explicit LogRepeats(LogRepeatLimits limits = {}) noexcept : limits_{limits} {}

    /// in   ended(level, line, count): gets a line about what was left out, and how many they are,
    ///      whenever that is known
    /// out  whether to write the line
    template <typename Ended>
    bool admit(LogLevel level, std::string_view line, TimePoint now, const Ended& ended) {
        const std::size_t kind = kind_of(line);
        Slot& slot = slot_of(level, kind, now);
        if (is_over(slot, now)) {
            end(level, slot, ended);
            slot.kind = kind;
            slot.since = now;
        }
        if (slot.lines < limits_.lines_max) {
            ++slot.lines;
            return true;
        }
        if (slot.left_out == 0) {
            slot.line = line;
            slot.left_out_kind = kind;
        }
        ++slot.left_out;
        slot.is_mixed |= slot.left_out_kind != kind;
        return false;
    }
    /// Whether there is something left out to tell of.
    bool leaves_out() const noexcept {
        return std::ranges::any_of(slots_, [](const Slot& slot) { return slot.left_out != 0; });
    }

    /// Of the periods that are over, or of all.
    template <typename Ended>
    void end_before(TimePoint now, const Ended& ended) {
        end_those([&](const Slot& slot) { return is_over(slot, now); }, ended);
    }
    template <typename Ended>
    void end_all(const Ended& ended) {
        end_those([](const Slot&) { return true; }, ended);
    }

private:
    static constexpr std::size_t levels = 4;
    static constexpr std::size_t kinds_per_hash = 4;

    struct Slot {
        std::size_t kind = 0;
        TimePoint since{};
        std::uint32_t lines = 0;  // 0: none is known here
        std::uint64_t left_out = 0;
        std::size_t left_out_kind = 0;  // of the first
        bool is_mixed = false;          // they are of several kinds
        std::string line{};             // the first of those that were left out
    };

    static std::size_t kind_of(std::string_view line);
    static std::string text_of(const Slot& slot);

    bool is_over(const Slot& slot, TimePoint now) const noexcept {
        return slot.lines == 0 || now - slot.since >= limits_.period;
    }
    /// Its own, else one that is free, else one to share.
    Slot& slot_of(LogLevel level, std::size_t kind, TimePoint now) noexcept {
        const std::size_t hash = kind % (kinds_max / kinds_per_hash);
        const auto some = std::span{slots_}.subspan(
            static_cast<std::size_t>(level) * kinds_max + hash * kinds_per_hash, kinds_per_hash);
        auto found = std::ranges::find_if(
            some, [kind](const Slot& slot) { return slot.kind == kind && slot.lines != 0; });
        if (found == some.end()) {
            found =
                std::ranges::find_if(some, [&](const Slot& slot) { return is_over(slot, now); });
        }
        return found == some.end() ? some.back() : *found;
    }

    template <typename Which, typename Ended>
    void end_those(const Which& which, const Ended& ended) {
        for (std::size_t at = 0; at < slots_.size(); ++at) {
            if (which(slots_[at])) {
                end(static_cast<LogLevel>(at / kinds_max), slots_[at], ended);
            }
        }
    }
    /// Where there is no memory to tell of them they stay untold.
    template <typename Ended>
    static void end(LogLevel level, Slot& slot, const Ended& ended) {
        if (slot.left_out != 0) {
            ended(level, text_of(slot), slot.left_out);
        }
        slot = {};
    }

    const LogRepeatLimits limits_;
    std::array<Slot, levels * kinds_max> slots_;
};

}  // namespace warren::endpoint
