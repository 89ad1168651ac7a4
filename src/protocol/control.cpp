#include "protocol/control.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace warren::protocol {
namespace {

constexpr std::string_view cancellation_type = "warren.cancel";
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
    return Cancellation{*id, *expiration};
}

}  // namespace warren::protocol
