#pragma once

#include "protocol/topology.hpp"
#include "runtime/transports.hpp"
#include "transport/memory/broker.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace warren::transport {

struct MemoryServerOptions {
    protocol::Topology topology{};
    std::string queue{};
    std::string control_key{};  // as of `AmqpServerOptions`
    std::size_t prefetch = 5;
    std::chrono::milliseconds reconnect_delay{100};
};

/// Consumes one queue of a broker in memory. Destroy it on the I/O thread.
class MemoryServerTransport final : public runtime::ServerTransport {
public:
    MemoryServerTransport(MemoryBroker& broker, MemoryServerOptions options);
    ~MemoryServerTransport() override;
    MemoryServerTransport(const MemoryServerTransport&) = delete;
    MemoryServerTransport& operator=(const MemoryServerTransport&) = delete;

    /// Connect, declare and consume, again after every loss.
    /// in  the sink outlives the transport
    void start(runtime::ServerSink& sink);
    /// Break the connection; it comes back after the reconnect delay.
    void close(const Failure& why);

    runtime::Executor& executor() noexcept override;
    runtime::Settlement settle(runtime::DeliveryId delivery,
                               const protocol::MessageView* reply) override;
    void requeue(runtime::DeliveryId delivery) override;
    void stop_consuming() override;
    bool hears_control() const noexcept override;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace warren::transport
