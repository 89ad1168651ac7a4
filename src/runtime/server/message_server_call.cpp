#include "runtime/server/message_server_call.hpp"

#include <warren/types.hpp>

#include "core/limits.hpp"
#include "protocol/compressed_body.hpp"
#include "protocol/field_errors.hpp"
#include "protocol/metadata.hpp"
#include "protocol/owned_message.hpp"
#include "protocol/reply_headers.hpp"
#include "protocol/response_record.hpp"
#include "runtime/dispatch/dispatcher.hpp"
#include "runtime/dispatch/kept_bytes.hpp"
#include "runtime/dispatch/request_memory.hpp"

#include <cstddef>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace warren::runtime {
class MessageServerCall::Unread final : public LargeRequest {
public:
    Unread(MessageServerCall& call, const protocol::MessageView& message, QueueWaits& waits,
           const Arrival& arrival)
        : LargeRequest{*call.memory},
          job_{call},
          message_{message},
          waits_{waits},
          arrival_{arrival} {}

    std::expected<protocol::Call, Failure> read() override {
        const protocol::MessageView message = message_.view();
        auto read = job_.protocol_.decode_call(message, values);
        job_.protocol_.remember(message, read ? &*read : nullptr, job_.address);
        if (read) {
            waits_.count_down(read->metadata, arrival_);
        }
        return read;
    }

private:
    MessageServerCall& job_;
    const protocol::OwnedMessage message_;
    QueueWaits& waits_;
    const Arrival arrival_;
};

std::expected<std::unique_ptr<LargeRequest>, Failure> MessageServerCall::keep(
    const protocol::MessageView& message, QueueWaits& waits, const Arrival& arrival) {
    return keep_large<Unread>(*memory, message.body.size(), *this, message, waits, arrival);
}

std::expected<void, Failure> MessageServerCall::write_part(protocol::ResponseKind kind,
                                                           const Value& data) {
    if (!takes(kind)) {
        return std::unexpected{no_parts()};
    }
    const bool is_part = kind == protocol::ResponseKind::part;
    const protocol::Response response{
        .data = data,
        .method = state.context.method,
        .kind = kind,
        .number = is_part ? std::optional{state.parts->next_number()} : std::nullopt};
    Arena headers;
    std::string bytes;
    std::string unwritable;
    auto part = protocol_.encode_response(address, response, headers, bytes, &unwritable);
    if (part && part->body.size() > reply_bytes_max_) {
        unwritable = protocol::oversized_reply_message(part->body.size(),
                                                       {.body_bytes_max = reply_bytes_max_});
    }
    if (!unwritable.empty() || !part) {
        return std::unexpected{unwritable_part(unwritable)};
    }
    mark_kind(response, *part, headers);
    part->delivery_mode = address.delivery_mode;
    if (is_part) {
        state.parts->sent(part->body.size());
    }
    completions_->put(std::make_unique<MessagePart>(*part, is_part ? state.parts : nullptr));
    return {};
}

void MessageServerCall::begin_heartbeats(std::chrono::milliseconds interval) {
    completions_->put(std::make_unique<HeartbeatsBegin>(*this, interval));
}

void MessageServerCall::write_message_key(std::string& key) const {
    if (!address.reply_to.empty() && Uuid::parse(address.correlation_id)) {
        key.append(address.reply_to).append(1, ' ').append(address.correlation_id);
    }
}

std::optional<protocol::OwnedMessage> MessageServerCall::heartbeat() const {
    const protocol::Response response{.kind = protocol::ResponseKind::heartbeat};
    Arena headers;
    std::string bytes;
    auto beat = protocol_.encode_response(address, response, headers, bytes);
    if (!beat) {
        return std::nullopt;
    }
    mark_kind(response, *beat, headers);
    return protocol::OwnedMessage{*beat};
}

void MessageServerCall::finished(std::unique_ptr<ServerCall> self, At) noexcept {
    encode_response();
    end_intercepted(reply ? reply->body.size() : 0);
    write_record();
    // Its destructors are the handler's code, too: they run here and not on the I/O thread.
    release_result();
    shrink();
    completions_->put(std::move(self));
}

void MessageServerCall::encode_response() {
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
    } else if (reply && address.compression != format::Compression::none) {
        compress_reply();
    }
    if (!unwritable.empty()) [[unlikely]] {
        count_as_internal();
        report("the reply cannot be sent: " + unwritable);
    }
}

/// Without memory for it a reply goes as it is.
void MessageServerCall::compress_reply() {
    try {
        std::string smaller;
        protocol::compress_body(address.compression, compress_bytes_min_, *reply, smaller);
        if (!smaller.empty()) {
            body = std::move(smaller);
            reply->body = protocol::bytes_of(body);
        }
    } catch (const std::bad_alloc&) {
    }
}

void MessageServerCall::write_reply(std::string* unwritable) {
    reply = protocol_.encode_response(address, response(), arena, body, unwritable);
    if (reply) {
        mark_kind(response(), *reply, arena);
        reply->delivery_mode = address.delivery_mode;
    }
}

void MessageServerCall::answer_instead(std::string_view message) {
    body = {};
    count_as_internal();
    state.response = {.failure = Code::internal, .message = arena.copy(message)};
    write_reply(nullptr);
}

/// Without memory for it a redelivery is answered `internal`.
void MessageServerCall::write_record() noexcept {
    if (!is_recognizable()) {
        return;
    }
    try {
        protocol::write_response_record(response(), record);
    } catch (const std::bad_alloc&) {
        record.clear();
    }
}

bool MessageServerCall::replace_reply(std::string_view message) {
    if (!reply || std::exchange(is_replaced_, true)) {
        return false;
    }
    answer_instead(message);
    write_record();
    return true;
}

void MessageServerCall::keep_request(const protocol::MessageView& message) noexcept {
    const bool is_whole = message.body_bytes <= message.body.size();
    if (!is_whole || (message.body.size() > quick_bytes_max &&
                      request_held_.take(*memory, message.body.size()) != nullptr)) {
        return;
    }
    try {
        protocol::MessageView kept = message;
        for (std::string_view* const text :
             {&kept.exchange, &kept.routing_key, &kept.content_type, &kept.content_encoding,
              &kept.correlation_id, &kept.reply_to, &kept.expiration, &kept.message_id, &kept.type,
              &kept.user_id, &kept.app_id}) {
            *text = request_arena_.copy(*text);
        }
        kept.headers = request_arena_.copy(message.headers);
        kept.body = request_arena_.copy(message.body);
        attempt = protocol::delivery_attempt(message);
        request = kept;
    } catch (const std::bad_alloc&) {
        release_request();
    }
}

void MessageServerCall::release_request() noexcept {
    request.reset();
    request_arena_.reset(kept_bytes_max);
    request_held_.release();
}

KeptResponse MessageServerCall::take_response() {
    progress.has_reply = reply.has_value();
    return {.delivery = delivery,
            .address = std::move(address),
            .body_hash = body_hash,
            .progress = progress,
            .record = std::move(record),
            .series = state.series};
}

void MessageServerCall::restore(KeptResponse kept) {
    delivery = kept.delivery;
    address = std::move(kept.address);
    body_hash = kept.body_hash;
    progress = kept.progress;
    record = std::move(kept.record);
    is_done = true;
    if (!progress.has_reply) {
        return;
    }
    try {
        if (auto read = protocol::read_response_record(record, arena)) {
            state.response = *read;
        } else {
            fail(std::move(read.error()));
        }
    } catch (const std::bad_alloc&) {
        fail({.code = Code::internal, .message = std::string{no_memory_for_reply}});
    }
    encode_response();
    // It was counted when it ran.
    state.series = kept.series;
}

/// A finished call may be kept for long, and so must not keep what its request took.
void MessageServerCall::shrink() {
    if (arena.capacity_bytes() <= kept_bytes_max) {
        return;
    }
    Arena smaller;
    if (reply) {
        reply->headers = smaller.copy(reply->headers);
    }
    arena = std::move(smaller);
}

void MessageServerCall::reuse() noexcept {
    reset();
    delivery = {};
    address.exchange.clear();
    address.reply_to.clear();
    address.correlation_id.clear();
    address.has_empty_correlation_id = false;
    address.state.clear();
    body_bytes = 0;
    body_hash = 0;
    index = 0;
    heartbeats = 0;
    requeued = false;
    is_done = false;
    is_cancelled = false;
    is_replaced_ = false;
    body.clear();
    reply.reset();
    progress = {};
    record.clear();
    attempt = 1;
    release_request();
}

}  // namespace warren::runtime
