#pragma once

#include "runtime/executor.hpp"
#include "runtime/job.hpp"

#include <atomic>
#include <functional>
#include <memory>

namespace warren::runtime {

/// Brings finished jobs back to the I/O thread: one post for all that finish until it runs.
class Mailbox : public std::enable_shared_from_this<Mailbox> {
public:
    Mailbox(Executor& executor, std::move_only_function<void()> on_mail);
    ~Mailbox();
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    /// thread any
    void put(std::unique_ptr<Job> job) noexcept;
    /// All that were put, in that order; they are the caller's.          thread the I/O thread
    TaskList take_all() noexcept;
    /// Call nobody any more.          thread the I/O thread
    void close() noexcept { on_mail_ = nullptr; }

private:
    Executor& executor_;
    std::move_only_function<void()> on_mail_;  // the I/O thread's own
    std::atomic<Task*> newest_ = nullptr;      // each links to the one put before it
};

}  // namespace warren::runtime
