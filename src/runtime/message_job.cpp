#include "runtime/message_job.hpp"

#include <string>
#include <utility>

namespace warren::runtime {

void MessageJob::finished(std::unique_ptr<Job> self) noexcept {
    std::string unwritable;
    reply = dialect_.encode_answer(address, answer(), arena, body, &unwritable);
    if (!unwritable.empty()) [[unlikely]] {
        report("the reply cannot be sent: " + unwritable);
    }
    if (reply) {
        reply->delivery_mode = address.delivery_mode;
    }
    // Its destructors are the handler's code, too: they run here and not on the I/O thread.
    release_result();
    mailbox_->put(std::move(self));
}

void MessageJob::reuse() noexcept {
    reset();
    delivery = {};
    address.exchange.clear();
    address.reply_to.clear();
    address.correlation_id.clear();
    address.method.clear();
    address.form = 0;
    body_bytes = 0;
    body_hash = 0;
    place = 0;
    given_back = false;
    is_done = false;
    body.clear();
    reply.reset();
    replied_in = 0;
}

}  // namespace warren::runtime
