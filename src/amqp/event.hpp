#pragma once

#include <warren/value.hpp>

#include "amqp/properties.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

namespace warren::amqp {

using ChannelNumber = std::uint16_t;

enum class ClosedBy : std::uint8_t { client, server };

/// The broker accepted the login and the vhost; commands may be given from now on.
struct Connected {
    std::uint32_t frame_bytes_max = 0;
    std::uint16_t channel_max = 0;
    std::chrono::seconds heartbeat{0};
    Value server_properties{};  // product, version, cluster_name, capabilities, ...; lives as long
                                // as the core
};

struct ChannelOpened {
    ChannelNumber channel = 0;
};

/// The channel is gone, with its consumers and unsettled deliveries; every command on it that was
/// not answered yet will not be. Its number may be given out again.
struct ChannelClosed {
    ChannelNumber channel = 0;
    ClosedBy by = ClosedBy::client;
    std::uint16_t code = 0;  // see reply_code.hpp
    std::string_view text{};
    std::uint16_t class_id = 0;   // of the method that caused it, or 0
    std::uint16_t method_id = 0;  // likewise
};

struct ExchangeDeclared {
    ChannelNumber channel = 0;
};
struct QueueDeclared {
    ChannelNumber channel = 0;
    std::string_view queue{};
    std::uint32_t message_count = 0;
    std::uint32_t consumer_count = 0;
};
struct QueueBound {
    ChannelNumber channel = 0;
};
struct QueueDeleted {
    ChannelNumber channel = 0;
    std::uint32_t message_count = 0;
};
struct QosSet {
    ChannelNumber channel = 0;
};
struct ConsumeStarted {
    ChannelNumber channel = 0;
    std::string_view consumer_tag{};
};
struct ConsumeStopped {  // the response to our basic_cancel
    ChannelNumber channel = 0;
    std::string_view consumer_tag{};
};
struct ConfirmSelected {
    ChannelNumber channel = 0;
};

/// The broker cancelled a consumer of ours: its queue was deleted or moved. Already answered.
struct ConsumerCancelled {
    ChannelNumber channel = 0;
    std::string_view consumer_tag{};
};

struct Delivery {
    ChannelNumber channel = 0;
    bool redelivered = false;
    bool oversized = false;  // the body was over `body_bytes_max`: skipped, and empty here
    std::uint64_t delivery_tag = 0;
    std::uint64_t body_size = 0;  // as announced, also when oversized
    std::string_view consumer_tag{};
    std::string_view exchange{};
    std::string_view routing_key{};
    BasicProperties properties{};
    std::span<const std::byte> body{};
};

/// A mandatory message that no queue took. In confirm mode its confirmation comes after this.
struct Returned {
    ChannelNumber channel = 0;
    bool oversized = false;
    std::uint16_t code = 0;
    std::uint64_t body_size = 0;
    std::string_view text{};
    std::string_view exchange{};
    std::string_view routing_key{};
    BasicProperties properties{};
    std::span<const std::byte> body{};
};

enum class Outcome : std::uint8_t { ack, nack };

/// The broker took (ack) or lost (nack) the message with this publish sequence number, and with
/// `multiple` every earlier one that is unsettled too.
struct Confirmed {
    ChannelNumber channel = 0;
    Outcome outcome = Outcome::ack;
    bool multiple = false;
    std::uint64_t delivery_tag = 0;
};

/// The broker asks to stop (active = false) or resume publishing on a channel. Already answered.
struct Flow {
    ChannelNumber channel = 0;
    bool active = true;
};

/// The broker stopped reading from this connection: a memory or disk alarm.
struct Blocked {
    std::string_view reason{};
};
struct Unblocked {};

/// The connection ended in order: either side asked, the other one agreed. The last event.
/// Write what is left of the output, then close the socket.
struct ConnectionClosed {
    ClosedBy by = ClosedBy::client;
    std::uint16_t code = 0;
    std::string_view text{};
    std::uint16_t class_id = 0;
    std::uint16_t method_id = 0;
};

enum class FailedReason : std::uint8_t {
    invalid_options,         // of ours: nothing was sent
    version_not_supported,   // the peer speaks another protocol than AMQP 0-9-1
    mechanism_not_offered,   // the broker does not offer our SASL mechanism
    access_refused,          // wrong user or password
    vhost_refused,           // no such vhost, or no permission for it
    frame_max_too_small,     // the broker proposed less than 4096
    protocol_violation,      // see `code`: what the connection was closed with
    heartbeats_missed,       // nothing came for two intervals
    handshake_timeout,       // not connected in time
    close_timeout,           // our close was not answered in time
    closed_during_login,     // end of input after the credentials were sent: an old broker refuses
                             // a login so, a dying one looks the same
    closed_without_warning,  // end of input at any other time
};

std::string_view name_of(FailedReason reason) noexcept;

/// The connection ended out of order. The last event.
/// Write what is left of the output (it may tell the broker why), then close the socket.
struct Failed {
    FailedReason reason = FailedReason::protocol_violation;
    std::uint16_t code = 0;        // an AMQP reply code, or 0
    std::string_view text{};       // our words
    std::string_view peer_text{};  // the broker's words, or empty
};

using Event =
    std::variant<std::monostate, Connected, ChannelOpened, ChannelClosed, ExchangeDeclared,
                 QueueDeclared, QueueBound, QueueDeleted, QosSet, ConsumeStarted, ConsumeStopped,
                 ConfirmSelected, ConsumerCancelled, Delivery, Returned, Confirmed, Flow, Blocked,
                 Unblocked, ConnectionClosed, Failed>;

}  // namespace warren::amqp
