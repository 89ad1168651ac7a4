#pragma once

#include "metrics/call_series.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace warren::metrics {

/// What one series, or several that are shown as one, counted until now.
struct CallTotals {
    std::uint64_t successes = 0;
    std::array<std::uint64_t, code_count> failures{};
    std::uint64_t request_bytes = 0;
    std::array<std::uint64_t, DurationHistogram::bounds.size() + 1> in_bucket{};
    double seconds = 0;

    void add(const CallSeries& series) noexcept;
    std::uint64_t calls() const noexcept;
};

}  // namespace warren::metrics
