#pragma once

#include "protocol/topology.hpp"
#include "runtime/transports.hpp"
#include "transport/amqp/link.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace warren::transport {

struct AmqpServerOptions {
    protocol::Topology topology{};  // declared on every connection, before consuming
    std::string queue{};            // what is consumed
    std::uint16_t prefetch = 5;     // deliveries that are not settled yet, at most; 0: no limit
};

/// Consumes one queue and settles its deliveries, over a channel of its own.
class AmqpServerTransport final : public runtime::ServerTransport {
public:
    AmqpServerTransport(std::shared_ptr<Link> link, AmqpServerOptions options);
    AmqpServerTransport(const AmqpServerTransport&) = delete;
    AmqpServerTransport& operator=(const AmqpServerTransport&) = delete;
    /// Closes the channel: what was not settled is delivered again.
    ~AmqpServerTransport() override;

    /// Connect, declare and consume, for ever.
    /// in  the sink outlives the transport
    void start(runtime::ServerSink& sink);

    runtime::Executor& executor() noexcept override;
    runtime::Settlement settle(runtime::DeliveryId delivery,
                               const protocol::MessageView* reply) override;
    void requeue(runtime::DeliveryId delivery) override;
    void stop_consuming() override;
    bool ask() override;

    /// Say when the broker has looked at all that was sent, and what came back went out again; or
    /// when it cannot be had to.
    void flush(std::move_only_function<void()> flushed);

    Link& link() noexcept;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace warren::transport
