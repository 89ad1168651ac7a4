#pragma once

#include <warren/context.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
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
/// thread one at a time
class LogRepeats {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    explicit LogRepeats(LogRepeatLimits limits = {}) noexcept : limits_{limits} {}

    /// in   ended(level, line): gets a line about what was left out, whenever that is known
    /// out  whether to write the line
    template <typename Ended>
    bool admit(LogLevel level, std::string_view line, TimePoint now, const Ended& ended) {
        const std::size_t kind = kind_of(level, line);
        Kind& known = kinds_[kind % kinds_.size()];
        if (known.kind != kind || known.lines == 0 || now - known.since >= limits_.period) {
            end(known, ended);
            known = {.kind = kind, .since = now, .lines = 1};
            return true;
        }
        if (known.lines < limits_.lines_max) {
            ++known.lines;
            return true;
        }
        if (known.left_out++ == 0) {
            known.level = level;
            known.line = line;
        }
        return false;
    }
    /// Whether there is something left out to tell of.
    bool leaves_out() const noexcept {
        return std::ranges::any_of(kinds_, [](const Kind& known) { return known.left_out != 0; });
    }

    /// Of the periods that are over, or of all.
    template <typename Ended>
    void end_before(TimePoint now, const Ended& ended) {
        for (Kind& known : kinds_) {
            if (known.lines != 0 && now - known.since >= limits_.period) {
                end(known, ended);
            }
        }
    }
    template <typename Ended>
    void end_all(const Ended& ended) {
        for (Kind& known : kinds_) {
            end(known, ended);
        }
    }

private:
    struct Kind {
        std::size_t kind = 0;
        TimePoint since{};
        std::uint32_t lines = 0;  // 0: none is known here
        std::uint64_t left_out = 0;
        LogLevel level = LogLevel::debug;
        std::string line{};  // the first of those that were left out
    };

    static std::size_t kind_of(LogLevel level, std::string_view line) noexcept;
    static std::string text_of(const Kind& known);

    template <typename Ended>
    static void end(Kind& known, const Ended& ended) {
        if (known.left_out != 0) {
            ended(known.level, text_of(known));
        }
        known = {};
    }

    const LogRepeatLimits limits_;
    std::array<Kind, 64> kinds_;  // by their hashes; one takes the place of another
};

}  // namespace warren::endpoint
