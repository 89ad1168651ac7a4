#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace warren::core {

/// Which lines of one kind a log gets: some in a period, and the next one says how many others
/// there were, so that whoever brings them about fills no disk.
/// thread one at a time
class LineLimit {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::seconds period{10};

    LineLimit() noexcept = default;
    explicit LineLimit(std::size_t lines_max) noexcept : lines_max_{lines_max} {}

    /// out  the line's end, mostly empty; nullopt: it is one of those that are counted
    std::optional<std::string> admit(TimePoint now) {
        if (now >= period_end_) {
            period_end_ = now + period;
            lines_ = 0;
        }
        if (lines_ == lines_max_) {
            ++passed_over_;
            return std::nullopt;
        }
        ++lines_;
        const std::size_t more = std::exchange(passed_over_, 0);
        return more == 0 ? std::string{} : " (and " + std::to_string(more) + " before it)";
    }

private:
    std::size_t lines_max_ = 1;
    std::size_t lines_ = 0;  // of this period
    std::size_t passed_over_ = 0;
    TimePoint period_end_{};
};

}  // namespace warren::core
