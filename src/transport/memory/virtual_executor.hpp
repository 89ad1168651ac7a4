#pragma once

#include "runtime/executor.hpp"
#include "runtime/timers.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>

namespace warren::transport {

/// An I/O thread that is whoever steps it, with a clock that stands still until told.
class VirtualExecutor : public runtime::Executor {
public:
    /// Time starts an hour after the clock's epoch, so that tests can look back.
    VirtualExecutor() = default;

    void post(std::move_only_function<void()> function) override;
    runtime::TimePoint now() const noexcept override;
    /// Goes with the clock; it begins in November 2023.
    std::int64_t unix_ms() const noexcept override;
    TimerId post_at(runtime::TimePoint when, std::move_only_function<void()> function) override;
    void cancel(TimerId timer) noexcept override;

    /// Run one posted function, or else the timers that are due; gives false when there is none.
    bool run_one();
    /// Run what is posted and due, and what that posts, until nothing is left.
    /// out  how many ran
    std::size_t run_until_idle();
    /// Let time pass, stopping at every timer on the way; idle when it returns.
    void advance(runtime::TimePoint::duration time);
    /// Let it be another time of day, and nothing else happen.
    void set_unix_ms(std::int64_t unix_ms) noexcept;
    /// When the first timer is due; nullopt without one.
    std::optional<runtime::TimePoint> next_deadline() const noexcept;

private:
    std::mutex mutex_;
    std::deque<std::move_only_function<void()>> posted_;
    runtime::Timers timers_;
    std::atomic<runtime::TimePoint> now_{runtime::TimePoint{std::chrono::hours{1}}};
    std::atomic<std::int64_t> unix_ms_at_zero_ = 1'700'000'000'000;  // of the clock
};

}  // namespace warren::transport
