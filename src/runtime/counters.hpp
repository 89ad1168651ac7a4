#pragma once

#include <warren/error.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace warren::runtime {

inline constexpr std::size_t code_count = static_cast<std::size_t>(Code::internal) + 1;

/// What a dispatcher has done, for metrics. Each number is exact; together they are no snapshot.
struct Counters {
    std::atomic<std::uint64_t> calls = 0;
    std::atomic<std::uint64_t> successes = 0;
    std::array<std::atomic<std::uint64_t>, code_count> failures{};  // by code
    std::atomic<std::uint64_t> in_flight = 0;                       // now

    std::uint64_t failures_of(Code code) const noexcept {
        return failures[static_cast<std::size_t>(code)].load(std::memory_order_relaxed);
    }
};

}  // namespace warren::runtime
