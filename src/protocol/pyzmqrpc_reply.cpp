#include "protocol/pyzmqrpc_reply.hpp"

#include "core/assert.hpp"
#include "core/utf8.hpp"
#include "format/json/json.hpp"
#include "protocol/failure_value.hpp"
#include "protocol/field_errors.hpp"
#include "protocol/pyzmqrpc.hpp"
#include "protocol/reply_limits.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

namespace warren::protocol {
namespace {

constexpr std::string_view status_code_key = "status_code";
constexpr std::string_view status_message_key = "status_message";
constexpr std::string_view response_message_key = "response_message";
constexpr std::string_view failure_key = "failure";

// What a service's exception is told in: prefix, service, infix, exception, suffix.
constexpr std::string_view exception_prefix = "Exception raised when calling service ";
constexpr std::string_view exception_infix = ". Exception: ";
constexpr std::string_view exception_suffix = " ";

struct Status {
    int code = pyzmqrpc_status::ok;
    std::string message;
    bool is_complete = true;  // what the catalogue does
};

Status exception_status(const Response& response) {
    const std::string text = failure_text(response);
    return {.code = pyzmqrpc_status::exception,
            .message = response.method.empty() || text.starts_with(exception_prefix)
                           ? text
                           : fmt::format("{}{}{}{}{}", exception_prefix, response.method,
                                         exception_infix, text, exception_suffix),
            .is_complete = response.failure == Code::failed};
}

Status failure_status(const Response& response) {
    switch (*response.failure) {
    case Code::invalid_request:
        return response.message.starts_with(pyzmqrpc_undecodable_prefix) ||
                       response.method == pyzmqrpc_text_method
                   ? Status{.code = pyzmqrpc_status::undecodable,
                            .message = std::string{response.message}}
                   : exception_status(response);
    case Code::no_such_method:
        return {.code = pyzmqrpc_status::no_service,
                .message = response.method.empty()
                               ? failure_text(response)
                               : fmt::format("No service on the server is registered for command "
                                             "\"{}\".",
                                             response.method)};
    case Code::no_responder:
    case Code::connection_lost:
    case Code::broker_blocked:
    case Code::expired_in_queue:
    case Code::deadline_exceeded:
    case Code::unauthenticated:
        // Without a proxy there are none: calls have no deadlines, and peers authenticate before.
        return {.code = pyzmqrpc_status::not_forwarded,
                .message = failure_text(response),
                .is_complete = false};
    case Code::overloaded:
    case Code::permission_denied:
    case Code::contract_mismatch:
    case Code::conflict:
    case Code::cancelled:
    case Code::outcome_unknown:
    case Code::failed:
    case Code::reply_over_limit:
    case Code::internal:
        return exception_status(response);
    }
    std::unreachable();
}

std::expected<void, format::EncodeError> write(const Response& response, std::string& out) {
    Arena arena;
    const Status status = response.failure ? failure_status(response)
                                           : Status{.message = std::string{response.message}};
    std::array<Member, 4> members{
        Member{Value::text(status_code_key), Value::integer(status.code)},
        Member{Value::text(status_message_key), Value::text(status.message)}};
    std::size_t count = 2;
    if (response.data && !response.data->is_null()) {
        members[count++] = {Value::text(response_message_key), *response.data};
    }
    if (!status.is_complete) {
        members[count++] = {Value::text(failure_key), failure_value(response, arena)};
    }
    return format::json_encode_python(Value::map(std::span{members}.first(count)), out);
}

/// The service's own words.
std::string_view exception_of(std::string_view message) noexcept {
    if (!message.starts_with(exception_prefix)) {
        return message;
    }
    const std::size_t infix_at = message.find(exception_infix, exception_prefix.size());
    if (infix_at == std::string_view::npos) {
        return message;
    }
    message.remove_prefix(infix_at + exception_infix.size());
    if (message.ends_with(exception_suffix)) {
        message.remove_suffix(exception_suffix.size());
    }
    return message;
}

Failure failure_of(std::int64_t code, std::string_view message, PyzmqrpcReplies replies,
                   const core::Limits& limits) {
    const auto shown = [](std::string_view text) {
        return core::text_for_display(text, text.npos);
    };
    switch (code) {
    case pyzmqrpc_status::undecodable:
        return {.code = Code::invalid_request, .message = shown(message)};
    case pyzmqrpc_status::no_service:
        return {.code = Code::no_such_method, .message = shown(message)};
    case pyzmqrpc_status::exception:
        return {
            .code = Code::failed,
            .message = shown(replies == PyzmqrpcReplies::read ? exception_of(message) : message)};
    case pyzmqrpc_status::not_forwarded:
        return {.code = Code::connection_lost,
                .message =
                    "A proxy could not forward the request, or had no answer to it; it may "
                    "have been handled",
                .peer_text = core::text_for_display(message, limits.peer_text_bytes_max)};
    default:
        return {.code = Code::failed,
                .message = fmt::format("The server answered with status code {}: {}", code,
                                       shown(message))};
    }
}

std::unexpected<Failure> not_read(std::string_view why, std::string_view json,
                                  const core::Limits& limits) {
    return std::unexpected{
        Failure{.code = Code::internal,
                .message = fmt::format("The server's answer cannot be read: {}", why),
                .peer_text = core::text_for_display(json, limits.peer_text_bytes_max)}};
}

}  // namespace

std::string pyzmqrpc_write_reply(const Response& response, const core::Limits& limits,
                                 std::string& out) {
    const std::size_t start = out.size();
    std::string why;
    if (const auto written = write(response, out); !written) {
        why = "The reply holds a value that JSON cannot express";
    } else if (const std::size_t size_bytes = out.size() - start;
               size_bytes > limits.body_bytes_max) {
        why = oversized_reply_message(size_bytes, limits);
        out.resize(start);
    }
    if (!why.empty()) {
        const auto written = write({.failure = Code::internal, .message = why}, out);
        WARREN_ASSERT(written.has_value());
    }
    return why;
}

std::expected<Response, Failure> pyzmqrpc_read_reply(std::string_view json, Arena& arena,
                                                     PyzmqrpcReplies replies,
                                                     const core::Limits& limits) {
    if (json.size() > limits.body_bytes_max) {
        return std::unexpected{*reply_over_limit("body_too_long", limits)};
    }
    const auto reply = format::json_decode(json, arena,
                                           {.depth_max = limits.nesting_depth_max,
                                            .value_count_max = limits.value_count_max,
                                            .numbers = format::JsonNumbers::python});
    const Value* const code = reply ? reply->find(status_code_key) : nullptr;
    const bool is_reply = code != nullptr && code->kind() == Value::Kind::int64;
    if (!is_reply && replies == PyzmqrpcReplies::passed_on) {
        return Response{.data = Value::bytes(std::as_bytes(std::span{json}))};
    }
    if (!reply) {
        if (auto refused = reply_over_limit(reply.error().type, limits)) {
            return std::unexpected{std::move(*refused)};
        }
        return not_read(reply.error().message, json, limits);
    }
    if (!is_reply) {
        return not_read("it is no object with a 'status_code'", json, limits);
    }
    const Value* const text = reply->find(status_message_key);
    const std::string_view message =
        text != nullptr && text->is_text() ? text->as_text() : std::string_view{};
    const Value* const data = reply->find(response_message_key);
    if (code->as_int64() == pyzmqrpc_status::ok) {
        return Response{.message = message.empty() ? message_default : message,
                        .data = data != nullptr ? std::optional{*data} : std::nullopt};
    }
    const Value* const named = reply->find(failure_key);
    std::optional<Failure> failure = named != nullptr ? read_failure(*named) : std::nullopt;
    if (!failure) {
        failure = failure_of(code->as_int64(), message, replies, limits);
    }
    if (data != nullptr) {
        failure->data = Dynamic{*data};
    }
    return std::unexpected{std::move(*failure)};
}

}  // namespace warren::protocol
