#include "runtime/message_job.hpp"

#include "core/limits.hpp"
#include "protocol/field_errors.hpp"
#include "protocol/message.hpp"
#include "protocol/response_record.hpp"
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

std::expected<void, Failure> MessageJob::write_part(const Value& data) {
    if (!wants_answer || !dialect_.has_parts()) {
        return std::unexpected{no_parts()};
    }
    Arena headers;
    std::string bytes;
    std::string unwritable;
    auto part = dialect_.encode_answer(address, {.data = data, .is_part = true}, headers, bytes,
                                       &unwritable);
    if (!unwritable.empty() || !part) {
        return std::unexpected{unwritable_part(unwritable)};
    }
    part->delivery_mode = address.delivery_mode;
    mailbox_->put(std::make_unique<MessagePart>(*part));
    return {};
}

void MessageJob::finished(std::unique_ptr<Job> self, At) noexcept {
    encode_reply();
    write_record();
    // Its destructors are the handler's code, too: they run here and not on the I/O thread.
    release_result();
    shrink();
    mailbox_->put(std::move(self));
}

void MessageJob::encode_reply() {
    std::string unwritable;
    bool is_too_large = false;
    try {
        write_reply(&unwritable);
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
        answer_instead(unwritable);
    }
    if (!unwritable.empty()) [[unlikely]] {
        report("the reply cannot be sent: " + unwritable);
    }
}

void MessageJob::write_reply(std::string* unwritable) {
    reply = dialect_.encode_answer(address, answer(), arena, body, unwritable);
    if (reply) {
        reply->delivery_mode = address.delivery_mode;
    }
}

void MessageJob::answer_instead(std::string_view message) {
    body = {};
    state.answer = {.failure = Code::internal, .message = arena.copy(message)};
    write_reply(nullptr);
}

/// Without memory for it a redelivery is answered `internal`.
void MessageJob::write_record() noexcept {
    if (!is_recognizable()) {
        return;
    }
    try {
        protocol::write_response_record(answer(), record);
    } catch (const std::bad_alloc&) {
        record.clear();
    }
}

bool MessageJob::replace_reply(std::string_view message) {
    if (!reply || std::exchange(is_replaced_, true)) {
        return false;
    }
    answer_instead(message);
    write_record();
    return true;
}

KeptResponse MessageJob::take_response() {
    response.has_reply = reply.has_value();
    return {.delivery = delivery,
            .address = std::move(address),
            .body_hash = body_hash,
            .state = response,
            .record = std::move(record)};
}

void MessageJob::restore(KeptResponse kept) {
    delivery = kept.delivery;
    address = std::move(kept.address);
    body_hash = kept.body_hash;
    response = kept.state;
    record = std::move(kept.record);
    is_done = true;
    if (!response.has_reply) {
        return;
    }
    try {
        if (auto read = protocol::read_response_record(record, arena)) {
            state.answer = *read;
        } else {
            fail(std::move(read.error()));
        }
    } catch (const std::bad_alloc&) {
        fail({.code = Code::internal, .message = std::string{no_memory_for_reply}});
    }
    encode_reply();
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
    is_replaced_ = false;
    body.clear();
    reply.reset();
    response = {};
    record.clear();
}

}  // namespace warren::runtime
