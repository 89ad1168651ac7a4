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
        Place& place = place_of(level, kind, now);
        if (is_over(place, now)) {
            end(level, place, ended);
            place.kind = kind;
            place.since = now;
        }
        if (place.lines < limits_.lines_max) {
            ++place.lines;
            return true;
        }
        if (place.left_out == 0) {
            place.line = line;
            place.left_out_kind = kind;
        }
        ++place.left_out;
        place.is_mixed |= place.left_out_kind != kind;
        return false;
    }
    /// Whether there is something left out to tell of.
    bool leaves_out() const noexcept {
        return std::ranges::any_of(places_, [](const Place& place) { return place.left_out != 0; });
    }

    /// Of the periods that are over, or of all.
    template <typename Ended>
    void end_before(TimePoint now, const Ended& ended) {
        end_those([&](const Place& place) { return is_over(place, now); }, ended);
    }
    template <typename Ended>
    void end_all(const Ended& ended) {
        end_those([](const Place&) { return true; }, ended);
    }

private:
    static constexpr std::size_t levels = 4;
    static constexpr std::size_t kinds_per_hash = 4;

    struct Place {
        std::size_t kind = 0;
        TimePoint since{};
        std::uint32_t lines = 0;  // 0: none is known here
        std::uint64_t left_out = 0;
        std::size_t left_out_kind = 0;  // of the first
        bool is_mixed = false;          // they are of several kinds
        std::string line{};             // the first of those that were left out
    };

    static std::size_t kind_of(std::string_view line);
    static std::string text_of(const Place& place);

    bool is_over(const Place& place, TimePoint now) const noexcept {
        return place.lines == 0 || now - place.since >= limits_.period;
    }
    /// Its own, else one that is free, else one to share.
    Place& place_of(LogLevel level, std::size_t kind, TimePoint now) noexcept {
        const std::size_t hash = kind % (kinds_max / kinds_per_hash);
        const auto some = std::span{places_}.subspan(
            static_cast<std::size_t>(level) * kinds_max + hash * kinds_per_hash, kinds_per_hash);
        auto found = std::ranges::find_if(
            some, [kind](const Place& place) { return place.kind == kind && place.lines != 0; });
        if (found == some.end()) {
            found =
                std::ranges::find_if(some, [&](const Place& place) { return is_over(place, now); });
        }
        return found == some.end() ? some.back() : *found;
    }

    template <typename Which, typename Ended>
    void end_those(const Which& which, const Ended& ended) {
        for (std::size_t at = 0; at < places_.size(); ++at) {
            if (which(places_[at])) {
                end(static_cast<LogLevel>(at / kinds_max), places_[at], ended);
            }
        }
    }
    /// Where there is no memory to tell of them they stay untold.
    template <typename Ended>
    static void end(LogLevel level, Place& place, const Ended& ended) {
        if (place.left_out != 0) {
            ended(level, text_of(place), place.left_out);
        }
        place = {};
    }

    const LogRepeatLimits limits_;
    std::array<Place, levels * kinds_max> places_;
};

}  // namespace warren::endpoint
