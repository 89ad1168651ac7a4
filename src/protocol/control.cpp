#include "protocol/control.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace warren::protocol {
namespace {

constexpr std::string_view cancellation_type = "warren.cancel";
constexpr std::string_view credit_type = "warren.credit";
constexpr std::string_view bytes_done_header = "warren-bytes-done";
constexpr std::string_view key_prefix = "warren.control.";
constexpr std::size_t key_bytes_max = 255;  // [AMQP 0-9-1 4.2.5.3]
// [RabbitMQ: expiration fits 32 bits]
constexpr std::chrono::milliseconds expiration_max{std::numeric_limits<std::uint32_t>::max()};

}  // namespace

std::string control_key(std::string_view queue) {
    std::string key{key_prefix};
    return key.append(queue.substr(0, key_bytes_max - key_prefix.size()));
}

MessageView encode_cancellation(std::string_view key, std::string_view correlation_id,
                                std::chrono::milliseconds request_expires_after, Arena& arena) {
    const auto expiration = std::min(request_expires_after, expiration_max);
    return {.exchange = control_exchange,
            .routing_key = key,
            .correlation_id = correlation_id,
            .expiration = arena.copy(std::string_view{std::to_string(expiration.count())}),
            .type = cancellation_type};
}

std::optional<Cancellation> read_cancellation(const MessageView& message) noexcept {
    const std::optional<Uuid> id = Uuid::parse(message.correlation_id);
    const auto expiration = read_expiration(message.expiration);
    if (message.type != cancellation_type || !id || !expiration) {
        return std::nullopt;
    }
    return Cancellation{*id, *expiration, message.user_id};
}

MessageView encode_credit(std::string_view key, const Credit& credit, Arena& arena) {
    const std::array headers{Member{Value::text(bytes_done_header),
                                    Value::integer(static_cast<std::int64_t>(credit.bytes_done))}};
    return {.exchange = control_exchange,
            .routing_key = key,
            .correlation_id = credit.correlation_id,
            .type = credit_type,
            .headers = Value::map(arena.copy(std::span<const Member>{headers}))};
}

std::optional<Credit> read_credit(const MessageView& message) noexcept {
    const Value* const bytes =
        message.type == credit_type ? message.headers.find(bytes_done_header) : nullptr;
    if (bytes == nullptr || bytes->kind() != Value::Kind::int64 || bytes->as_int64() < 0) {
        return std::nullopt;
    }
    return Credit{message.correlation_id, static_cast<std::uint64_t>(bytes->as_int64())};
}

}  // namespace warren::protocol
