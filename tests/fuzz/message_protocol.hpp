#pragma once

#include "core/limits.hpp"
#include "format/json/json.hpp"
#include "protocol/failure_value.hpp"
#include "protocol/message_protocol.hpp"
#include "protocol/reply_headers.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <utility>

/// What holds of every protocol in messages, whatever a peer puts into one.
namespace warren::fuzz {

inline constexpr core::Limits limits{
    .body_bytes_max = 50'000, .nesting_depth_max = 40, .value_count_max = 5'000};

inline void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

inline std::string_view take_line(std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    return line;
}

/// A message of which its sender chooses everything: a line each for the content type and encoding,
/// the correlation id, the reply address, the expiration and the headers (as JSON), then the body.
inline protocol::MessageView message_of(std::string_view input, Arena& arena) {
    protocol::MessageView message{.exchange = "dx_example", .routing_key = "test"};
    for (std::string_view* const property :
         {&message.content_type, &message.content_encoding, &message.correlation_id,
          &message.reply_to, &message.expiration}) {
        *property = take_line(input);
    }
    if (const auto headers = format::json_decode(take_line(input), arena);
        headers && headers->is_map()) {
        message.headers = *headers;
    }
    message.body = protocol::bytes_of(input);
    message.body_bytes = input.size();
    return message;
}

/// What a server answers is read by a client as what it was, unless it could not be written.
inline void check_answered(const protocol::MessageProtocol& protocol,
                           const protocol::Response& response) {
    const protocol::ReplyAddress address{
        .exchange = "dx_example", .reply_to = "amq.gen-1", .correlation_id = "c-1"};
    Arena arena;
    std::string body;
    std::string unwritable;
    const auto reply = protocol.encode_response(address, response, arena, body, &unwritable);
    check(reply && reply->routing_key == address.reply_to && reply->correlation_id == "c-1");
    const auto read = protocol.decode_response(*reply, arena);
    if (!unwritable.empty()) {
        return check(!read && read.error().code == Code::internal);
    }
    if (reply->body.size() > limits.body_bytes_max) {
        return;  // written, it is longer than what it was read from
    }
    check(read.has_value() != response.failure.has_value());
    if (read) {
        return check(read->data == response.data.value_or(Value{}));
    }
    const Failure& failure = read.error();
    check(failure.code == *response.failure && failure.retry_after == response.retry_after);
    // Where there is no message, a protocol may have one for those who see the body alone.
    check(response.message.empty() || failure.message == response.message ||
          response.message.size() > protocol::header_message_bytes_max);
    check(failure.code != Code::invalid_request ||
          std::ranges::equal(failure.errors, response.errors));
    check(failure.code != Code::failed || failure.data.value() == response.data.value_or(Value{}));
}

/// A request is refused with a reason that can be answered; or it is sent on, and is then the same.
inline void check_request(const protocol::MessageProtocol& protocol,
                          const protocol::MessageView& request) {
    Arena arena;
    const auto call = protocol.decode_call(request, arena);
    if (!call) {
        check(call.error().code == Code::invalid_request && !call.error().errors.empty());
        return check_answered(protocol, protocol::to_answer(call.error()));
    }
    check_answered(protocol, {.message = protocol::message_default, .data = call->arguments});
    for (int code = 0; code <= std::to_underlying(Code::internal); ++code) {
        check_answered(protocol, {.failure = static_cast<Code>(code),
                                  .message = call->correlation_id,
                                  .data = call->arguments});
    }
    std::string body;
    const auto sent = protocol.encode_call(*call, "test", "amq.gen-1", arena, body);
    if (!sent) {
        // An argument's name in a header makes a map of the body, which is then one level deeper.
        return check(sent.error().code == Code::invalid_request);
    }
    if (sent->body.size() > limits.body_bytes_max) {
        return;
    }
    const auto again = protocol.decode_call(*sent, arena);
    check(again && again->method == call->method && again->style == call->style &&
          again->arguments == call->arguments && again->correlation_id == call->correlation_id &&
          again->metadata.time_left == call->metadata.time_left &&
          again->metadata.sent_at_ms == call->metadata.sent_at_ms);
    for (const protocol::MetadataText& each : protocol::metadata_texts) {
        check(again->metadata.*each.text == call->metadata.*each.text);
    }
}

/// A reply is a response, or a failure that keeps its limits; each is answered on as it came.
inline void check_reply(const protocol::MessageProtocol& protocol,
                        const protocol::MessageView& reply) {
    constexpr std::size_t cut_bytes = 3;  // "..."
    Arena arena;
    if (const auto response = protocol.decode_response(reply, arena)) {
        return check_answered(protocol, *response);
    } else {
        const Failure& failure = response.error();
        check(failure.peer_text.size() <= limits.peer_text_bytes_max + cut_bytes);
        check_answered(protocol, protocol::to_answer(failure));
    }
}

inline void check_message(const protocol::MessageProtocol& protocol, const std::uint8_t* data,
                          std::size_t size) {
    Arena arena;
    const auto message =
        message_of(std::string_view{reinterpret_cast<const char*>(data), size}, arena);
    check_request(protocol, message);
    check_reply(protocol, message);
}

}  // namespace warren::fuzz
