#pragma once

#include "runtime/clock.hpp"

#include <cstdint>
#include <functional>

namespace warren::runtime {

/// One I/O thread and its clock, as the runtime sees them. In tests both are virtual.
class Executor : public Clock {
public:
    using TimerId = std::uint64_t;

    /// Run a function on the I/O thread, later; never inside this call.        thread any
    virtual void post(std::move_only_function<void()> function) = 0;

    /// Whether this is surely the I/O thread.                                     thread any
    virtual bool is_current_thread() const noexcept { return false; }

    /// The time of this turn of the loop; on another thread the time as it is.
    TimePoint now() const noexcept override = 0;

    /// Run a function on the I/O thread at a time, once.           thread the I/O thread
    virtual TimerId post_at(TimePoint when, std::move_only_function<void()> function) = 0;
    /// Forget a timer; one that has run is none.
    virtual void cancel(TimerId timer) noexcept = 0;
};

}  // namespace warren::runtime
