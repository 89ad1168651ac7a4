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

/// Consumes one queue of a broker in memory. Let it go on the I/O thread.
class MemoryServerTransport : public runtime::ServerTransport {
public:
    /// Connect, declare and consume, again after every loss.
    /// in  the sink outlives the transport
    virtual void start(runtime::ServerSink& sink) = 0;
    /// Break the connection; it comes back after the reconnect delay.
    virtual void close(const Failure& why) = 0;
};

std::shared_ptr<MemoryServerTransport> make_memory_server_transport(MemoryBroker& broker,
                                                                    MemoryServerOptions options);

}  // namespace warren::transport
