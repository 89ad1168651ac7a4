#pragma once

#include <time.h>  // NOLINT: clock_gettime is POSIX's

#include <chrono>
#include <cstdint>

namespace warren::runtime {

using TimePoint = std::chrono::steady_clock::time_point;

/// The time. Virtual in tests.
/// thread any
class Clock {
public:
    virtual ~Clock() = default;
    virtual TimePoint now() const noexcept = 0;
    /// Whether a time is now or past: for what most often is far away, cheaper than `now`.
    virtual bool has_come(TimePoint when) const noexcept { return when <= now(); }

    /// The time of day, which tokens and signatures bear.
    virtual std::int64_t unix_ms() const noexcept {
        const auto time = std::chrono::system_clock::now().time_since_epoch();
        return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    }
    std::int64_t unix_seconds() const noexcept { return unix_ms() / 1'000; }
};

/// For whoever is on no I/O thread.
class SystemClock final : public Clock {
public:
    TimePoint now() const noexcept override { return std::chrono::steady_clock::now(); }
    /// The time of the kernel's last tick costs a fifth, and is late by a tick, which counts only
    /// where the time is near.
    bool has_come(TimePoint when) const noexcept override {
        constexpr std::chrono::milliseconds tick_max{20};
        timespec ticked{};
        clock_gettime(CLOCK_MONOTONIC_COARSE, &ticked);
        const std::chrono::nanoseconds since_boot =
            std::chrono::seconds{ticked.tv_sec} + std::chrono::nanoseconds{ticked.tv_nsec};
        return when - tick_max <= TimePoint{since_boot} && when <= now();
    }
};

}  // namespace warren::runtime
