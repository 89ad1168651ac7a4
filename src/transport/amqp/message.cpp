#include "transport/amqp/message.hpp"

#include "amqp/field_table.hpp"

#include <optional>
#include <string_view>

namespace warren::transport {
namespace {

std::string_view or_empty(const std::optional<std::string_view>& text) noexcept {
    return text.value_or(std::string_view{});
}

std::optional<std::string_view> unless_empty(std::string_view text) noexcept {
    return text.empty() ? std::nullopt : std::optional{text};
}

constexpr std::size_t empty_table_bytes = 4;

template <typename Content>
protocol::MessageView view_of(const Content& content, Arena& arena) {
    const amqp::BasicProperties& properties = content.properties;
    protocol::MessageView message{
        .exchange = content.exchange,
        .routing_key = content.routing_key,
        .content_type = or_empty(properties.content_type),
        .content_encoding = or_empty(properties.content_encoding),
        .correlation_id = or_empty(properties.correlation_id),
        .has_empty_correlation_id = properties.correlation_id && properties.correlation_id->empty(),
        .reply_to = or_empty(properties.reply_to),
        .expiration = or_empty(properties.expiration),
        .message_id = or_empty(properties.message_id),
        .type = or_empty(properties.type),
        .user_id = or_empty(properties.user_id),
        .app_id = or_empty(properties.app_id),
        .timestamp = properties.timestamp,
        .delivery_mode = properties.delivery_mode,
        .priority = properties.priority,
        .body = content.body,
        .body_bytes = content.body_size,
    };
    if (properties.headers && properties.headers->size() > empty_table_bytes) {
        if (const auto headers = amqp::decode_table(*properties.headers, arena)) {
            message.headers = *headers;
        }
    }
    return message;
}

}  // namespace

protocol::MessageView to_view(const amqp::Delivery& delivery, Arena& arena) {
    protocol::MessageView message = view_of(delivery, arena);
    message.redelivered = delivery.redelivered;
    return message;
}

protocol::MessageView to_view(const amqp::Returned& returned, Arena& arena) {
    return view_of(returned, arena);
}

amqp::BasicProperties to_properties(const protocol::MessageView& message) {
    amqp::BasicProperties properties;
    properties.content_type = unless_empty(message.content_type);
    properties.content_encoding = unless_empty(message.content_encoding);
    properties.delivery_mode = message.delivery_mode;
    properties.priority = message.priority;
    properties.correlation_id = message.has_empty_correlation_id
                                    ? std::optional{std::string_view{}}
                                    : unless_empty(message.correlation_id);
    properties.reply_to = unless_empty(message.reply_to);
    properties.expiration = unless_empty(message.expiration);
    properties.message_id = unless_empty(message.message_id);
    properties.timestamp = message.timestamp;
    properties.type = unless_empty(message.type);
    properties.user_id = unless_empty(message.user_id);
    properties.app_id = unless_empty(message.app_id);
    return properties;
}

}  // namespace warren::transport
