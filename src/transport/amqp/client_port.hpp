#pragma once

#include "runtime/ports.hpp"
#include "transport/amqp/link.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

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
};

/// Publishes requests, mandatory and confirmed, and consumes their replies.
///
/// `ClientSink::on_lost` also comes after an attempt to connect failed, with the reason;
/// `on_failed` when the reason is one that a person has to put right. In both cases attempts go on,
/// and `on_ready` ends the state.
class AmqpClientPort final : public runtime::ClientPort {
public:
    AmqpClientPort(std::shared_ptr<Link> link, AmqpClientOptions options = {});
    AmqpClientPort(const AmqpClientPort&) = delete;
    AmqpClientPort& operator=(const AmqpClientPort&) = delete;
    ~AmqpClientPort() override;

    /// Connect, for ever.
    /// in  the sink outlives the port
    void start(runtime::ClientSink& sink);

    runtime::Executor& executor() noexcept override;
    /// A token published while the port is not ready is refused with connection_lost.
    void publish(std::uint64_t token, const protocol::Envelope& request) override;
    /// Bindings asked for while the port is not ready are made before it is.
    void bind_replies(std::uint64_t token, std::vector<protocol::Binding> bindings) override;

    Link& link() noexcept;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace warren::transport
