#include "transport/memory/thread_executor.hpp"

#include "core/assert.hpp"

#include <chrono>
#include <utility>

namespace warren::transport {

ThreadExecutor::ThreadExecutor()
    : turn_{std::chrono::steady_clock::now()}, thread_{[this] { run(); }} {}

ThreadExecutor::~ThreadExecutor() {
    WARREN_ASSERT(!is_current_thread());
    {
        const std::lock_guard guard{mutex_};
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void ThreadExecutor::post(std::move_only_function<void()> function) {
    bool was_empty = false;
    {
        const std::lock_guard guard{mutex_};
        was_empty = posted_.empty();
        posted_.push_back(std::move(function));
    }
    if (was_empty) {
        wake_.notify_one();
    }
}

runtime::TimePoint ThreadExecutor::now() const noexcept {
    return turn_.load();
}

runtime::Executor::TimerId ThreadExecutor::post_at(runtime::TimePoint when,
                                                   std::move_only_function<void()> function) {
    return timers_.add(when, std::move(function));
}

void ThreadExecutor::cancel(TimerId timer) noexcept {
    timers_.cancel(timer);
}

bool ThreadExecutor::is_current_thread() const noexcept {
    return std::this_thread::get_id() == thread_.get_id();
}

void ThreadExecutor::run() {
    std::vector<std::move_only_function<void()>> functions;
    std::unique_lock lock{mutex_};
    while (true) {
        const std::optional<runtime::TimePoint> due = timers_.next_deadline();
        const auto woken = [this] { return stopping_ || !posted_.empty(); };
        if (due) {
            wake_.wait_until(lock, *due, woken);
        } else {
            wake_.wait(lock, woken);
        }
        if (stopping_) {
            return;
        }
        functions.swap(posted_);
        lock.unlock();
        turn_ = std::chrono::steady_clock::now();
        timers_.run_due(turn_);
        for (std::move_only_function<void()>& function : functions) {
            function();
        }
        functions.clear();
        lock.lock();
    }
}

}  // namespace warren::transport
