#include "runtime/mailbox.hpp"

#include <utility>

namespace warren::runtime {

Mailbox::Mailbox(Executor& executor, std::move_only_function<void()> on_mail)
    : executor_{executor}, on_mail_{std::move(on_mail)} {}

Mailbox::~Mailbox() {
    TaskList left = take_all();
    while (Task* const task = left.pop()) {
        delete static_cast<Job*>(task);
    }
}

void Mailbox::put(std::unique_ptr<Job> job) noexcept {
    Task* const newest = job.release();
    // Whoever finds the box empty calls for the I/O thread. This must not touch the job after it
    // is in: the I/O thread may have used it again.
    const std::shared_ptr<Mailbox> self = shared_from_this();
    Task* older = newest_.load(std::memory_order_relaxed);
    do {
        newest->next_task = older;
    } while (!newest_.compare_exchange_weak(older, newest, std::memory_order_release,
                                            std::memory_order_relaxed));
    if (older == nullptr) {
        executor_.post([self] {
            if (self->on_mail_) {
                self->on_mail_();
            }
        });
    }
}

TaskList Mailbox::take_all() noexcept {
    Task* newer = newest_.exchange(nullptr, std::memory_order_acquire);
    Task* oldest = nullptr;
    while (newer != nullptr) {
        Task* const next = std::exchange(newer->next_task, oldest);
        oldest = std::exchange(newer, next);
    }
    TaskList jobs;
    while (oldest != nullptr) {
        Task* const next = oldest->next_task;
        jobs.push(*oldest);
        oldest = next;
    }
    return jobs;
}

}  // namespace warren::runtime
