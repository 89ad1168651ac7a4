#pragma once

#include "runtime/transports.hpp"
#include "transport/amqp/link.hpp"
#include "transport/amqp/queue_consumer.hpp"

#include <functional>
#include <memory>

namespace warren::transport {

/// Hands out the deliveries of one queue, sends their replies and settles them, over a channel of
/// its own. Its end closes the channel: what was not settled is delivered again.
class AmqpServerTransport : public runtime::ServerTransport {
public:
    /// Connect, declare and consume, for ever.
    /// in  the sink outlives the transport
    virtual void start(runtime::ServerSink& sink) = 0;
    /// Say when the broker has looked at all that was sent, and what came back went out again; or
    /// when it cannot be had to.
    virtual void flush(std::move_only_function<void()> flushed) = 0;
};

std::unique_ptr<AmqpServerTransport> make_amqp_server_transport(std::shared_ptr<Link> link,
                                                                const AmqpServerOptions& options);

}  // namespace warren::transport
