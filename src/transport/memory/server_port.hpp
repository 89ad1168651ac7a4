#pragma once

#include "protocol/topology.hpp"
#include "runtime/ports.hpp"
#include "transport/memory/broker.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace warren::transport::memory {

struct MemoryServerOptions {
    protocol::Topology topology{};
    std::string queue{};
    std::size_t prefetch = 5;
    std::chrono::milliseconds reconnect_delay{100};
};

/// Consumes one queue of a broker in memory. Destroy it on the I/O thread.
class MemoryServerPort final : public runtime::ServerPort {
public:
    MemoryServerPort(MemoryBroker& broker, MemoryServerOptions options);
    ~MemoryServerPort() override;
    MemoryServerPort(const MemoryServerPort&) = delete;
    MemoryServerPort& operator=(const MemoryServerPort&) = delete;

    /// Connect, declare and consume, again after every loss.
    /// in  the sink outlives the port
    void start(runtime::ServerSink& sink);
    /// Break the connection; it comes back after the reconnect delay.
    void close(Failure why);

    runtime::Executor& executor() noexcept override;
    runtime::Settlement settle(runtime::DeliveryId delivery,
                               const protocol::Envelope* reply) override;
    void give_back(runtime::DeliveryId delivery) override;
    void stop_consuming() override;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace warren::transport::memory
