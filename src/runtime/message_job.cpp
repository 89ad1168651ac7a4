#include "runtime/message_job.hpp"

#include <algorithm>

namespace warren::runtime {

Mailbox::Mailbox(Executor& executor, std::move_only_function<void()> on_mail)
    : executor_{executor}, on_mail_{std::move(on_mail)} {}

Mailbox::~Mailbox() {
    take_all();
}

void Mailbox::put(std::unique_ptr<MessageJob> job) noexcept {
    MessageJob* const newest = job.release();
    // Whoever finds the box empty calls for the I/O thread. This must not touch the job after it
    // is in: the I/O thread may have used it again.
    const std::shared_ptr<Mailbox> self = shared_from_this();
    MessageJob* older = newest_.load(std::memory_order_relaxed);
    do {
        newest->older_ = older;
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

std::vector<std::unique_ptr<MessageJob>> Mailbox::take_all() {
    std::vector<std::unique_ptr<MessageJob>> jobs;
    MessageJob* job = newest_.exchange(nullptr, std::memory_order_acquire);
    while (job != nullptr) {
        jobs.emplace_back(job);
        job = job->older_;
    }
    std::ranges::reverse(jobs);
    return jobs;
}

void MessageJob::finished(std::unique_ptr<Job> self) noexcept {
    reply = dialect_.encode_answer(address, answer(), arena, body);
    if (reply) {
        reply->delivery_mode = address.delivery_mode;
    }
    // Its destructors are the handler's code, too: they run here and not on the I/O thread.
    release_result();
    std::unique_ptr<MessageJob> job{static_cast<MessageJob*>(self.release())};
    mailbox_->put(std::move(job));
}

void MessageJob::reuse() noexcept {
    reset();
    delivery = {};
    address.exchange.clear();
    address.reply_to.clear();
    address.correlation_id.clear();
    body_bytes = 0;
    body_hash = 0;
    place = 0;
    given_back = false;
    is_done = false;
    body.clear();
    reply.reset();
    replied_in = 0;
    older_ = nullptr;
}

}  // namespace warren::runtime
