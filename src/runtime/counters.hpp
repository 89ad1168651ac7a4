#pragma once

#include <warren/error.hpp>

#include "metrics/call_series.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace warren::runtime {

/// A number that one thread changes and any thread reads.
class OwnCounter {
public:
    void add(std::uint64_t count = 1) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
    }
    std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_ = 0;
};

/// What a dispatcher has done, for metrics. Each number is exact; together they are no snapshot.
struct Counters {
    std::atomic<std::uint64_t> calls = 0;
    std::atomic<std::uint64_t> successes = 0;
    std::array<std::atomic<std::uint64_t>, metrics::code_count> failures{};  // by code
    std::atomic<std::uint64_t> in_flight = 0;                                // now

    std::uint64_t failures_of(Code code) const noexcept {
        return failures[static_cast<std::size_t>(code)].load(std::memory_order_relaxed);
    }
};

}  // namespace warren::runtime
