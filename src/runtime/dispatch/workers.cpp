#include "runtime/dispatch/workers.hpp"

#include <algorithm>

namespace warren::runtime {

std::size_t worker_threads_default() noexcept {
    return std::max<std::size_t>(4, 2 * std::size_t{std::thread::hardware_concurrency()});
}

ThreadWorkers::ThreadWorkers(WorkerOptions options) : queued_max_{options.queued_max} {
    const std::size_t count = options.threads != 0 ? options.threads : worker_threads_default();
    threads_.reserve(count);
    for (std::size_t started = 0; started < count; ++started) {
        threads_.emplace_back([this] { work(); });
    }
}

ThreadWorkers::~ThreadWorkers() {
    stop();
}

void ThreadWorkers::push(TaskList& tasks) {
    std::unique_lock lock{mutex_};
    while (!tasks.empty() && queue_.size() < queued_max_) {
        queue_.push(*tasks.pop());
    }
    wake_one(lock);
}

/// Some thread that is none of a server's may bring the last task of it, which runs as soon as the
/// mutex is free, and with it these workers may end: so a worker is woken before that.
void ThreadWorkers::push_admitted(Task& task) {
    const std::lock_guard lock{mutex_};
    queue_.push(task);
    if (should_wake()) {
        wake_.notify_one();
    }
}

bool ThreadWorkers::remove(Task& task) noexcept {
    const std::lock_guard lock{mutex_};
    return queue_.remove(task);
}

std::size_t ThreadWorkers::queued() const noexcept {
    const std::lock_guard lock{mutex_};
    return queue_.size();
}

bool ThreadWorkers::should_wake() noexcept {
    const bool needed = asleep_ > 0 && !waking_ && !queue_.empty();
    waking_ = waking_ || needed;
    return needed;
}

// Whoever was woken wakes the next one before it works: the I/O thread pays for one wake-up,
// whatever the number of tasks, and a single worker that keeps up wakes nobody.
void ThreadWorkers::wake_one(std::unique_lock<std::mutex>& lock) {
    const bool needed = should_wake();
    lock.unlock();
    if (needed) {
        wake_.notify_one();
    }
}

void ThreadWorkers::work() {
    std::unique_lock lock{mutex_};
    while (true) {
        while (queue_.empty()) {
            // A task that runs may still queue another.
            if (stopping_ && busy_ == 0) {
                wake_.notify_all();
                return;
            }
            ++asleep_;
            wake_.wait(lock);
            --asleep_;
            waking_ = false;
        }
        Task* const task = queue_.pop();
        ++busy_;
        wake_one(lock);
        task->run_task();
        lock.lock();
        --busy_;
    }
}

void ThreadWorkers::stop() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) {
        if (thread.joinable()) {
            thread.join();
        }
    }
}

void ManualWorkers::push(TaskList& tasks) {
    while (!tasks.empty() && queue_.size() < queued_max_) {
        queue_.push(*tasks.pop());
    }
}

void ManualWorkers::push_admitted(Task& task) {
    queue_.push(task);
}

bool ManualWorkers::remove(Task& task) noexcept {
    return queue_.remove(task);
}

bool ManualWorkers::run_one() {
    Task* const task = queue_.pop();
    if (task == nullptr) {
        return false;
    }
    task->run_task();
    return true;
}

std::size_t ManualWorkers::run_all() {
    std::size_t ran = 0;
    while (run_one()) {
        ++ran;
    }
    return ran;
}

}  // namespace warren::runtime
