#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <utility>

namespace warren::runtime {

enum class BackoffGrowth : std::uint8_t {
    doubling,  // first, 2 x first, 4 x first, ..., each with jitter
    linear,    // first, 2 x first, 3 x first, ..., to the point
};

/// How long to wait between attempts.
struct BackoffOptions {
    std::chrono::milliseconds first{50};
    std::chrono::milliseconds max{2'000};
    BackoffGrowth growth = BackoffGrowth::doubling;
};

/// The wait after that many failures in a row, from 1 on. Jitter takes up to half of it away, so
/// that the clients of one server do not come back in step.
inline std::chrono::milliseconds backoff_after(std::uint32_t failures,
                                               const BackoffOptions& options,
                                               std::minstd_rand& random) {
    using Milliseconds = std::chrono::milliseconds;
    constexpr std::uint32_t doublings_max = 20;
    switch (options.growth) {
    case BackoffGrowth::linear:
        return std::min(options.first * failures, options.max);
    case BackoffGrowth::doubling: {
        const Milliseconds grown = options.first * (1U << std::min(failures - 1, doublings_max));
        const Milliseconds bound = std::min(grown, options.max);
        std::uniform_int_distribution<Milliseconds::rep> any{bound.count() / 2, bound.count()};
        return Milliseconds{any(random)};
    }
    }
    std::unreachable();
}

}  // namespace warren::runtime
