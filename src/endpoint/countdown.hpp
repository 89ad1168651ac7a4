#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace warren::endpoint {

/// Counts down what happens on other threads.
/// thread any
class Countdown {
public:
    explicit Countdown(std::size_t count) : left_{count} {}

    void arrive() {
        const std::lock_guard lock{mutex_};
        --left_;
        changed_.notify_all();
    }
    void wait() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return left_ == 0; });
    }
    bool wait_for(std::chrono::milliseconds timeout) {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, timeout, [this] { return left_ == 0; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t left_;
};

/// Do something on an executor's thread, and return when it is done.
template <typename Executor, typename Act>
void run_on(Executor& executor, const Act& act) {
    Countdown done{1};
    executor.post([&act, &done] {
        act();
        done.arrive();
    });
    done.wait();
}

}  // namespace warren::endpoint
