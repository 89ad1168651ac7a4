#include "runtime/stream_job.hpp"

#include "runtime/stream_server.hpp"

#include <chrono>

namespace warren::runtime {

namespace {

/// The job that this thread is dispatching: if that answers it, its connection is at hand.
thread_local const StreamJob* being_dispatched = nullptr;

}  // namespace

StreamJob::Dispatching::Dispatching(const StreamJob& job) noexcept {
    being_dispatched = &job;
}

StreamJob::Dispatching::~Dispatching() {
    being_dispatched = nullptr;
}

void StreamJob::finished(std::unique_ptr<Job> self) noexcept {
    if (being_dispatched == this) {
        self.release();
        server_.answer_here(std::unique_ptr<StreamJob>{this});
        return;
    }
    encode_reply(core::unix_ms_now(), reply);
    server_.backlog_.add(*share, reply.size());
    // Its destructors are the handler's code, too: they run here and not on the I/O thread.
    release_result();
    mailbox_->put(std::move(self));
}

void StreamJob::encode_reply(std::int64_t unix_ms, std::string& out) {
    const std::string unwritable = dialect_.encode_answer(ticket, answer(), unix_ms, out);
    if (!unwritable.empty()) [[unlikely]] {
        report("the reply cannot be sent: " + unwritable);
    }
}

std::string_view StreamJob::obstacle() const noexcept {
    return ticket.wants_answer ? server_.obstacle_for(*share) : std::string_view{};
}

void StreamJob::reuse() noexcept {
    reset();
    reply.clear();
}

}  // namespace warren::runtime
