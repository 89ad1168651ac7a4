#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace warren::transport {

/// How long to wait between attempts.
struct BackoffLimits {
    std::chrono::milliseconds first{100};
    std::chrono::milliseconds max{10'000};
    /// After a refusal that a person has to put right: credentials, virtual host, certificate.
    std::chrono::milliseconds refused{15'000};
};

/// Exponential back-off with full jitter: each wait is anywhere between nothing and a bound that
/// doubles, so that thousands of clients of one broker do not come back in step.
class Backoff {
public:
    explicit Backoff(BackoffLimits limits, std::uint64_t seed = std::random_device{}())
        : limits_{limits}, bound_{limits.first}, random_{seed} {}

    /// The next wait. out  within [0, bound], where bound is first, 2 x first, ..., max
    std::chrono::milliseconds next() {
        const std::chrono::milliseconds wait = between(std::chrono::milliseconds{0}, bound_);
        bound_ = std::min(bound_ * 2, limits_.max);
        return wait;
    }
    /// The wait after a refusal. out  within [refused / 2, refused]
    std::chrono::milliseconds next_refused() {
        return between(limits_.refused / 2, limits_.refused);
    }
    /// It worked: start again from the first bound.
    void reset() noexcept { bound_ = limits_.first; }

private:
    std::chrono::milliseconds between(std::chrono::milliseconds low,
                                      std::chrono::milliseconds high) {
        std::uniform_int_distribution<std::chrono::milliseconds::rep> any{low.count(),
                                                                          high.count()};
        return std::chrono::milliseconds{any(random_)};
    }

    BackoffLimits limits_;
    std::chrono::milliseconds bound_;
    std::minstd_rand random_;
};

}  // namespace warren::transport
