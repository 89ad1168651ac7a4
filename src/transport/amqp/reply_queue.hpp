#pragma once

#include "amqp/connection_core.hpp"
#include "protocol/message_protocol.hpp"
#include "runtime/transports.hpp"
#include "transport/amqp/declarations.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace warren::transport {

/// How replies come back.
enum class ReplyMode : std::uint8_t {
    exclusive,  // a queue of this connection, named by the broker
    direct,     // amq.rabbitmq.reply-to: no queue at all       [RabbitMQ direct reply-to]
    durable,    // a queue that outlives connections, so that replies do, too
};

struct AmqpClientOptions {
    ReplyMode reply_mode = ReplyMode::exclusive;
    /// Of mode durable; empty: one is made for each port and kept over reconnects.
    std::string reply_queue{};
    /// Of mode durable: the broker deletes the queue when nobody consumed it for so long.
    std::chrono::milliseconds reply_queue_expires{30 * 60 * 1000};
    /// How replies come, where the protocol says it; the mode is not asked then. Each connection
    /// has its own, because consumers of a lost one may linger.
    protocol::MakeReplyTopology reply_topology{};
    /// Whether requests that the broker drops come there, too. Not of mode direct.
    bool returns_dropped = false;
};

/// Where a client's replies come in, as its mode says.
class ReplyQueue {
public:
    static constexpr std::string_view direct_reply_to = "amq.rabbitmq.reply-to";

    explicit ReplyQueue(AmqpClientOptions options);

    bool is_direct() const noexcept { return options_.reply_mode == ReplyMode::direct; }
    /// Whether replies come in ways that depend on no exchange of a server's.
    bool is_configured() const noexcept { return static_cast<bool>(options_.reply_topology); }
    bool is_durable() const noexcept { return options_.reply_mode == ReplyMode::durable; }
    runtime::RepliesSurvive survival() const noexcept {
        return is_durable() ? runtime::RepliesSurvive::yes : runtime::RepliesSurvive::no;
    }

    /// What requests say as reply_to.
    /// in   queue: as the broker has named it
    std::string address(std::string_view queue) const {
        return options_.reply_topology ? address_ : std::string{queue};
    }

    /// What requests are sent with that come back when they are dropped; empty: none does.
    const std::string& return_key() const noexcept { return return_key_; }
    /// What is declared for them, of mode direct nothing.
    const protocol::Topology& topology() const noexcept { return topology_; }
    /// A queue that nobody needs any more when the client has closed; empty: the broker sees to it.
    std::string_view queue_to_delete() const noexcept {
        return is_durable() && !is_configured() ? std::string_view{options_.reply_queue} : "";
    }
    /// Ask for the queue and for what comes in there; `declarations` get to know what was asked.
    std::expected<void, Failure> ask(amqp::ConnectionCore& core, amqp::ChannelNumber channel,
                                     Declarations& declarations);

private:
    void make_topology();

    AmqpClientOptions options_;
    std::string address_;  // as the protocol says it
    std::string return_key_;
    protocol::Topology topology_;
};

}  // namespace warren::transport
