#pragma once

#include <warren/error.hpp>

#include "amqp/event.hpp"
#include "transport/amqp/endpoint.hpp"
#include "transport/net/connect_failure.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// What a broker refused, in the words of the catalogue: what, where, and the remedy. The broker's
/// own words are apart, in `Failure::peer_text`.
namespace warren::transport {

/// The end of a connection or of an attempt.
ConnectFailure explain(const amqp::Failed& failed, const AmqpEndpoint& endpoint);
ConnectFailure explain(const amqp::ConnectionClosed& closed, const AmqpEndpoint& endpoint);

/// The end of a channel.
/// in   doing: what was asked, as in "queue 'test' (durable)", or empty when not known
Failure explain(const amqp::ChannelClosed& closed, const AmqpEndpoint& endpoint,
                std::string_view doing);

/// Whether this method is what a channel was closed over.
inline bool is_over(const amqp::ChannelClosed& closed, std::uint32_t method_id) noexcept {
    return (std::uint32_t{closed.class_id} << 16 | closed.method_id) == method_id;
}

/// Whether a message says another user than the one who sends it.          [RabbitMQ, user-id]
bool refuses_user(const amqp::ChannelClosed& closed) noexcept;

/// What RabbitMQ says of a message over its limit:
/// "message size 600 is larger than configured max size 512".
struct RefusedSize {
    std::size_t bytes = 0;
    std::size_t bytes_max = 0;
};
/// out  nullopt when it says something else
std::optional<RefusedSize> refused_size(std::string_view text) noexcept;

/// A peer's words, safe to show on one line: control characters escaped, cut to
/// `core::Limits::peer_text_bytes_max`.
std::string peer_words(std::string_view text);

/// The name in single quotes after `before`, as in "no exchange 'orders' in vhost '/'".
/// out  empty when there is none
std::string_view quoted_after(std::string_view text, std::string_view before) noexcept;

}  // namespace warren::transport
