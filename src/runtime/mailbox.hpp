#pragma once

#include "runtime/executor.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

namespace warren::runtime {

/// What comes back to the I/O thread: a call that has ended, or before that a part of its response.
class Mail {
public:
    explicit Mail(bool comes_before_end) noexcept : is_part{comes_before_end} {}
    Mail(const Mail&) = delete;
    Mail& operator=(const Mail&) = delete;
    virtual ~Mail() = default;

    Mail* next_mail = nullptr;
    const bool is_part;
};

/// Brings mail to the I/O thread: one post for all that comes until it runs.
class Mailbox : public std::enable_shared_from_this<Mailbox> {
public:
    Mailbox(Executor& executor, std::move_only_function<void()> on_mail);
    ~Mailbox();
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    /// thread any
    void put(std::unique_ptr<Mail> mail) noexcept;
    /// Take all that was put, in that order.          thread the I/O thread
    template <typename Function>
    void take_all(Function&& each) {
        for (Mail* next = take_list(); next != nullptr;) {
            std::unique_ptr<Mail> mail{std::exchange(next, next->next_mail)};
            each(std::move(mail));
        }
    }
    /// Call nobody any more.          thread the I/O thread
    void close() noexcept { on_mail_ = nullptr; }

private:
    Mail* take_list() noexcept;

    Executor& executor_;
    std::move_only_function<void()> on_mail_;  // the I/O thread's own
    std::atomic<Mail*> newest_ = nullptr;      // each links to the one put before it
};

}  // namespace warren::runtime
