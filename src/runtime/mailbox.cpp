#include "runtime/mailbox.hpp"

namespace warren::runtime {

Mailbox::Mailbox(Executor& executor, std::move_only_function<void()> on_mail)
    : executor_{executor}, on_mail_{std::move(on_mail)} {}

Mailbox::~Mailbox() {
    take_all([](std::unique_ptr<Mail>) {});
}

void Mailbox::put(std::unique_ptr<Mail> mail) noexcept {
    Mail* const newest = mail.release();
    // Whoever finds the box empty calls for the I/O thread. This must not touch the mail after it
    // is in: the I/O thread may have used it again.
    const std::shared_ptr<Mailbox> self = shared_from_this();
    Mail* older = newest_.load(std::memory_order_relaxed);
    do {
        newest->next_mail = older;
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

Mail* Mailbox::take_list() noexcept {
    Mail* newer = newest_.exchange(nullptr, std::memory_order_acquire);
    Mail* oldest = nullptr;
    while (newer != nullptr) {
        Mail* const older = std::exchange(newer->next_mail, oldest);
        oldest = std::exchange(newer, older);
    }
    return oldest;
}

}  // namespace warren::runtime
