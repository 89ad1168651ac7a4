#pragma once

#include "runtime/backoff.hpp"

#include <chrono>
#include <cstdint>
#include <random>

namespace warren::transport {

/// How long one that connects or subscribes waits before it tries again.
class Backoff {
public:
    explicit Backoff(std::chrono::milliseconds max = max_default) noexcept : max_{max} {}

    /// The next wait, which grows with every one since `reset`.
    std::chrono::milliseconds next() {
        return runtime::backoff_after(++failures_, {.first = first, .max = max_}, random_);
    }
    /// The wait after a refusal that a person has to put right: credentials, virtual host,
    /// certificate.
    std::chrono::milliseconds next_refused() {
        return runtime::backoff_after(1, {.first = refused, .max = refused}, random_);
    }
    /// It worked.
    void reset() noexcept { failures_ = 0; }

private:
    // Most breaks are over at once, and a broker may be there for moments only.
    static constexpr std::chrono::milliseconds first{50};
    static constexpr std::chrono::milliseconds max_default{2'000};
    static constexpr std::chrono::milliseconds refused{15'000};

    std::chrono::milliseconds max_;
    std::uint32_t failures_ = 0;
    std::minstd_rand random_{std::random_device{}()};
};

}  // namespace warren::transport
