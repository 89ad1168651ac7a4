#pragma once

#include "runtime/executor.hpp"
#include "runtime/timers.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace warren::transport {

/// An I/O thread of its own with the real clock, for what moves no bytes.
class ThreadExecutor final : public runtime::Executor {
public:
    ThreadExecutor();
    /// Ends after the function that runs; the rest is destroyed. Not on its own thread.
    ~ThreadExecutor() override;
    ThreadExecutor(const ThreadExecutor&) = delete;
    ThreadExecutor& operator=(const ThreadExecutor&) = delete;

    void post(std::move_only_function<void()> function) override;
    runtime::TimePoint now() const noexcept override;
    TimerId post_at(runtime::TimePoint when, std::move_only_function<void()> function) override;
    void cancel(TimerId timer) noexcept override;

    bool is_current_thread() const noexcept override;

private:
    void run();

    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<std::move_only_function<void()>> posted_;
    bool stopping_ = false;
    runtime::Timers timers_;                // the I/O thread's own
    std::atomic<runtime::TimePoint> turn_;  // when this turn began
    std::thread thread_;
};

}  // namespace warren::transport
