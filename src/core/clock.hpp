#pragma once

#include <chrono>

namespace warren::core {

/// The time, for whoever is on no I/O thread. Virtual in tests.
/// thread any
class Clock {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    virtual ~Clock() = default;
    virtual TimePoint now() const noexcept = 0;
};

class SteadyClock final : public Clock {
public:
    TimePoint now() const noexcept override { return std::chrono::steady_clock::now(); }
};

}  // namespace warren::core
