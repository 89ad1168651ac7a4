#pragma once

#include "runtime/backoff.hpp"

#include <chrono>
#include <cstdint>
#include <random>

namespace warren::transport {

/// How long one that connects or subscribes waits before it tries again.
class Backoff {
public:
    /// The next wait, which grows with every one since `reset`.
    std::chrono::milliseconds next() {
        return runtime::backoff_after(++failures_, {.first = first, .max = max}, random_);
    }
    /// The wait after a refusal that a person has to put right: credentials, virtual host,
    /// certificate.
    std::chrono::milliseconds next_refused() {
        return runtime::backoff_after(1, {.first = refused, .max = refused}, random_);
    }
    /// It worked.
    void reset() noexcept { failures_ = 0; }

private:
    static constexpr std::chrono::milliseconds first{100};
    static constexpr std::chrono::milliseconds max{10'000};
    static constexpr std::chrono::milliseconds refused{15'000};

    std::uint32_t failures_ = 0;
    std::minstd_rand random_{std::random_device{}()};
};

}  // namespace warren::transport
