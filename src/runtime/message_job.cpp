#include "runtime/message_job.hpp"

#include "core/limits.hpp"
#include "protocol/field_errors.hpp"
#include "protocol/message.hpp"
#include "runtime/dispatcher.hpp"
#include "runtime/kept_bytes.hpp"

#include <cstddef>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace warren::runtime {
class MessageJob::Unread final : public LargeRequest {
public:
    Unread(MessageJob& job, const protocol::Envelope& message)
        : LargeRequest{*job.memory}, job_{job}, message_{message} {}

    std::expected<protocol::Call, Failure> read() override {
        const protocol::Envelope message = message_.view();
        auto read = job_.dialect_.decode_call(message, values);
        job_.dialect_.remember(message, read ? &*read : nullptr, job_.address);
        return read;
    }

private:
    MessageJob& job_;
    const protocol::Message message_;
};

std::expected<std::unique_ptr<LargeRequest>, Failure> MessageJob::keep(
    const protocol::Envelope& message) {
    return keep_large<Unread>(*memory, message.body.size(), *this, message);
}

void MessageJob::finished(std::unique_ptr<Job> self, At) noexcept {
    encode_reply();
    // Its destructors are the handler's code, too: they run here and not on the I/O thread.
    release_result();
    shrink();
    mailbox_->put(std::move(self));
}

void MessageJob::encode_reply() {
    std::string unwritable;
    bool is_too_large = false;
    try {
        reply = dialect_.encode_answer(address, answer(), arena, body, &unwritable);
        is_too_large = reply && reply->body.size() > reply_bytes_max_;
        if (is_too_large) [[unlikely]] {
            unwritable = protocol::oversized_reply_message(reply->body.size(),
                                                           {.body_bytes_max = reply_bytes_max_});
        }
    } catch (const std::bad_alloc&) {
        is_too_large = true;
        unwritable = no_memory_for_reply;
    }
    if (is_too_large) [[unlikely]] {
        body = {};
        const std::string_view message = arena.copy(std::string_view{unwritable});
        reply = dialect_.encode_answer(address, {.failure = Code::internal, .message = message},
                                       arena, body, nullptr);
    }
    if (!unwritable.empty()) [[unlikely]] {
        report("the reply cannot be sent: " + unwritable);
    }
    if (reply) {
        reply->delivery_mode = address.delivery_mode;
    }
}

bool MessageJob::replace_reply(std::string_view message) {
    if (!reply || std::exchange(is_replaced_, true)) {
        return false;
    }
    body = {};
    reply = dialect_.encode_answer(
        address, {.failure = Code::internal, .message = arena.copy(message)}, arena, body, nullptr);
    reply->delivery_mode = address.delivery_mode;
    return true;
}

/// A finished job may be kept for long, and so must not keep what its request took.
void MessageJob::shrink() {
    if (arena.capacity_bytes() <= kept_bytes_max) {
        return;
    }
    Arena smaller;
    if (reply) {
        reply->headers = smaller.copy(reply->headers);
    }
    arena = std::move(smaller);
}

void MessageJob::reuse() noexcept {
    reset();
    delivery = {};
    address.exchange.clear();
    address.reply_to.clear();
    address.correlation_id.clear();
    address.has_empty_correlation_id = false;
    address.method.clear();
    address.form = 0;
    body_bytes = 0;
    body_hash = 0;
    place = 0;
    given_back = false;
    is_done = false;
    may_be_acknowledged = false;
    is_replaced_ = false;
    body.clear();
    reply.reset();
    replied_in = 0;
    sent_as = 0;
    is_doubtful = false;
}

}  // namespace warren::runtime
