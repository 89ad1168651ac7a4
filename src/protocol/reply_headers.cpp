#include "protocol/reply_headers.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace warren::protocol {
namespace {

constexpr std::string_view code_header = "warren-code";
constexpr std::string_view message_header = "warren-message";
constexpr std::string_view retry_after_header = "warren-retry-after-ms";

constexpr std::string_view part_header = "warren-part";
constexpr std::string_view parts_header = "warren-parts";
constexpr std::string_view progress_header = "warren-progress";
constexpr std::string_view heartbeat_header = "warren-heartbeat";
constexpr std::string_view replayed_header = "warren-replayed";

Member kind_header(const Response& response) noexcept {
    const auto number = Value::integer(static_cast<std::int64_t>(response.number.value_or(0)));
    switch (response.kind) {
    case ResponseKind::end:
        return {Value::text(parts_header), number};
    case ResponseKind::part:
        return {Value::text(part_header), number};
    case ResponseKind::progress:
        return {Value::text(progress_header), Value::boolean(true)};
    case ResponseKind::heartbeat:
        return {Value::text(heartbeat_header), Value::boolean(true)};
    }
    std::unreachable();
}

std::optional<std::uint64_t> number_in(const Value& headers, std::string_view name) noexcept {
    const Value* const number = headers.find(name);
    return number != nullptr && number->kind() == Value::Kind::int64 && number->as_int64() >= 0
               ? std::optional{static_cast<std::uint64_t>(number->as_int64())}
               : std::nullopt;
}

// A message's properties must fit one frame, which has 4096 bytes at least. [AMQP 0-9-1 4.2.3]
static_assert(header_message_bytes_max < 4096 - 2 * 255);

std::string_view cut(std::string_view text) {
    if (text.size() <= header_message_bytes_max) {
        return text;
    }
    std::size_t end = header_message_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
        --end;  // not inside of a code point
    }
    return text.substr(0, end);
}

}  // namespace

Value failure_headers(const Response& response, Arena& arena) {
    if (!response.failure) {
        return {};
    }
    std::array<Member, 3> members{
        Member{Value::text(code_header), Value::text(name_of(*response.failure))},
        Member{Value::text(message_header), Value::text(cut(response.message))},
        Member{Value::text(retry_after_header),
               Value::integer(response.retry_after ? response.retry_after->count() : 0)}};
    return Value::map(
        arena.copy(std::span<const Member>{members}.first(response.retry_after ? 3 : 2)));
}

void mark_kind(const Response& response, MessageView& reply, Arena& arena) {
    if (response.kind != ResponseKind::end || response.number) [[unlikely]] {
        const Member header = kind_header(response);
        add_header(header.key.as_text(), header.value, reply, arena);
    }
    if (response.is_replayed) [[unlikely]] {
        add_header(replayed_header, Value::boolean(true), reply, arena);
    }
}

void read_kind(const MessageView& reply, Response& response) noexcept {
    if (!reply.headers.is_map()) [[likely]] {
        return;
    }
    if (const auto number = number_in(reply.headers, part_header)) {
        response.kind = ResponseKind::part;
        response.number = number;
    } else if (reply.headers.find(progress_header) != nullptr) {
        response.kind = ResponseKind::progress;
    } else if (reply.headers.find(heartbeat_header) != nullptr) {
        response.kind = ResponseKind::heartbeat;
    } else {
        response.number = number_in(reply.headers, parts_header);
        response.is_replayed = reply.headers.find(replayed_header) != nullptr;
    }
}

std::string_view unwritable_reply_message(const format::EncodeError& why) noexcept {
    return why.type == "depth_over_limit"
               ? "The reply is nested deeper than its server sends (nesting_depth_max)"
               : "The reply holds a value that JSON cannot express";
}

void report(const format::EncodeError& why, std::string* unwritable) {
    if (unwritable != nullptr) {
        const std::string location = to_string(why.location);
        *unwritable = location.empty() ? why.message : location + ": " + why.message;
    }
}

void complete_message(Failure& failure, std::string_view message) {
    constexpr std::size_t code_point_bytes_max = 4;
    const bool may_be_cut =
        failure.message.size() + code_point_bytes_max > header_message_bytes_max;
    if (failure.message.empty() || (may_be_cut && message.size() > failure.message.size() &&
                                    message.starts_with(failure.message))) {
        failure.message = message;
    }
}

std::optional<Failure> read_failure_headers(const Value& headers) {
    const Value* name = headers.find(code_header);
    if (name == nullptr || !name->is_text()) {
        return std::nullopt;
    }
    const std::optional<Code> code = code_named(name->as_text());
    if (!code) {
        return std::nullopt;
    }
    Failure failure{.code = *code};
    if (const Value* message = headers.find(message_header);
        message != nullptr && message->is_text()) {
        failure.message = message->as_text();
    }
    if (const Value* retry_after = headers.find(retry_after_header);
        retry_after != nullptr && retry_after->kind() == Value::Kind::int64 &&
        retry_after->as_int64() >= 0) {
        failure.retry_after = std::chrono::milliseconds{retry_after->as_int64()};
    }
    failure.is_replayed = headers.find(replayed_header) != nullptr;
    return failure;
}

}  // namespace warren::protocol
