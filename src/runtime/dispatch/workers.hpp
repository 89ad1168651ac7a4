#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace warren::runtime {

/// Something to run once, linked into at most one queue at a time.
class Task {
public:
    virtual void run_task() noexcept = 0;

    Task* next_task = nullptr;
    Task* previous_task = nullptr;
    bool waits_for_worker = false;  // guarded by what guards the worker queue

protected:
    ~Task() = default;
};

/// A first-in-first-out list of tasks, through their own links.
class TaskList {
public:
    bool empty() const noexcept { return first_ == nullptr; }
    std::size_t size() const noexcept { return size_; }

    void push(Task& task) noexcept {
        task.next_task = nullptr;
        task.previous_task = last_;
        (first_ == nullptr ? first_ : last_->next_task) = &task;
        last_ = &task;
        ++size_;
    }
    /// out  nullptr when it is empty
    Task* pop() noexcept {
        Task* const task = first_;
        if (task != nullptr) {
            remove(*task);
        }
        return task;
    }
    /// in  a task of this list
    void remove(Task& task) noexcept {
        (task.previous_task == nullptr ? first_ : task.previous_task->next_task) = task.next_task;
        (task.next_task == nullptr ? last_ : task.next_task->previous_task) = task.previous_task;
        --size_;
    }

private:
    Task* first_ = nullptr;
    Task* last_ = nullptr;
    std::size_t size_ = 0;
};

/// The tasks that wait for a worker; each knows whether it does.
class WorkerQueue {
public:
    bool empty() const noexcept { return tasks_.empty(); }
    std::size_t size() const noexcept { return tasks_.size(); }

    void push(Task& task) noexcept {
        tasks_.push(task);
        task.waits_for_worker = true;
    }
    /// out  nullptr when it is empty
    Task* pop() noexcept {
        Task* const task = tasks_.pop();
        if (task != nullptr) {
            task->waits_for_worker = false;
        }
        return task;
    }
    /// out  false when it does not wait here
    bool remove(Task& task) noexcept {
        if (!task.waits_for_worker) {
            return false;
        }
        tasks_.remove(task);
        task.waits_for_worker = false;
        return true;
    }

private:
    TaskList tasks_;
};

/// Where handlers run that are not `inline`.
class Workers {
public:
    virtual ~Workers() = default;
    /// Queue tasks, in their order, for one lock whatever their number.          thread any
    /// out  tasks over the limit of the queue stay in `tasks`
    virtual void push(TaskList& tasks) = 0;
    /// Queue one that was admitted before and only waited for its turn: no limit holds.
    virtual void push_admitted(Task& task) = 0;
    /// Run it no more.          thread any; the task exists
    /// out  false when it is not queued: a worker has taken it, or it never was
    virtual bool remove(Task& task) noexcept = 0;
    virtual std::size_t queued() const noexcept = 0;
    /// Whether `push` would take one more.
    virtual bool has_room() const noexcept = 0;
};

struct WorkerOptions {
    std::size_t threads = 0;  // 0: `worker_threads_default()`
    std::size_t queued_max = 65'536;
};

/// 4, or twice the cores where that is more: handlers tend to wait for something.
std::size_t worker_threads_default() noexcept;

/// A bounded pool of threads.
class ThreadWorkers final : public Workers {
public:
    explicit ThreadWorkers(WorkerOptions options = {});
    /// Stops, if that was not done.
    ~ThreadWorkers() override;
    ThreadWorkers(const ThreadWorkers&) = delete;
    ThreadWorkers& operator=(const ThreadWorkers&) = delete;

    void push(TaskList& tasks) override;
    void push_admitted(Task& task) override;
    bool remove(Task& task) noexcept override;
    std::size_t queued() const noexcept override;
    bool has_room() const noexcept override { return queued() < queued_max_; }
    std::size_t threads() const noexcept { return threads_.size(); }

    /// Run all that is queued, also what that queues, then end the threads.
    void stop();

private:
    void work();
    bool should_wake() noexcept;
    void wake_one(std::unique_lock<std::mutex>& lock);

    const std::size_t queued_max_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    WorkerQueue queue_;
    std::size_t asleep_ = 0;
    std::size_t busy_ = 0;
    bool waking_ = false;  // one was woken and has not yet looked: it wakes the next
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

/// A pool without threads: tests and single-threaded programs run its tasks by hand.
class ManualWorkers final : public Workers {
public:
    explicit ManualWorkers(std::size_t queued_max = 65'536) : queued_max_{queued_max} {}

    void push(TaskList& tasks) override;
    void push_admitted(Task& task) override;
    bool remove(Task& task) noexcept override;
    std::size_t queued() const noexcept override { return queue_.size(); }
    bool has_room() const noexcept override { return queued() < queued_max_; }

    /// out  false when nothing was queued
    bool run_one();
    /// Run until nothing is queued; gives how many ran.
    std::size_t run_all();

private:
    std::size_t queued_max_;
    WorkerQueue queue_;
};

}  // namespace warren::runtime
