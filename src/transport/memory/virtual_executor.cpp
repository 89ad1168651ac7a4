#include "transport/memory/virtual_executor.hpp"

#include <utility>

namespace warren::transport {

void VirtualExecutor::post(std::move_only_function<void()> function) {
    const std::lock_guard guard{mutex_};
    posted_.push_back(std::move(function));
}

runtime::TimePoint VirtualExecutor::now() const noexcept {
    return now_.load();
}

std::int64_t VirtualExecutor::unix_ms() const noexcept {
    using std::chrono::milliseconds;
    return unix_ms_at_zero_ + duration_cast<milliseconds>(now().time_since_epoch()).count();
}

void VirtualExecutor::set_unix_ms(std::int64_t unix_ms) noexcept {
    unix_ms_at_zero_ += unix_ms - this->unix_ms();
}

runtime::Executor::TimerId VirtualExecutor::post_at(runtime::TimePoint when,
                                                    std::move_only_function<void()> function) {
    return timers_.add(when, std::move(function));
}

void VirtualExecutor::cancel(TimerId timer) noexcept {
    timers_.cancel(timer);
}

bool VirtualExecutor::run_one() {
    std::move_only_function<void()> function;
    {
        const std::lock_guard guard{mutex_};
        if (!posted_.empty()) {
            function = std::move(posted_.front());
            posted_.pop_front();
        }
    }
    if (!function) {
        return timers_.run_due(now()) > 0;
    }
    function();
    return true;
}

std::size_t VirtualExecutor::run_until_idle() {
    std::size_t ran = 0;
    while (run_one()) {
        ++ran;
    }
    return ran;
}

void VirtualExecutor::advance(runtime::TimePoint::duration time) {
    const runtime::TimePoint end = now() + time;
    run_until_idle();
    while (timers_.next_deadline().value_or(end + std::chrono::nanoseconds{1}) <= end) {
        now_ = *timers_.next_deadline();
        run_until_idle();
    }
    now_ = end;
}

std::optional<runtime::TimePoint> VirtualExecutor::next_deadline() const noexcept {
    return timers_.next_deadline();
}

}  // namespace warren::transport
