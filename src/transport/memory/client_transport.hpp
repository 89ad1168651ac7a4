#pragma once

#include "protocol/message_protocol.hpp"
#include "runtime/transports.hpp"
#include "transport/memory/broker.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace warren::transport {

struct MemoryClientOptions {
    /// yes: the reply queue outlives connections.
    runtime::RepliesSurvive replies = runtime::RepliesSurvive::no;
    std::string reply_queue{};  // of `yes`; empty: one is made and kept
    /// How replies come, where the protocol says it.
    protocol::MakeReplyTopology reply_topology{};
    bool returns_dropped = false;  // whether requests that the broker drops come there, too
    std::chrono::milliseconds reconnect_delay{100};
};

/// Publishes requests to a broker in memory and consumes their replies. Let it go on the I/O
/// thread.
///
/// While there is no connection a request is refused with no_responder, and bindings are made by
/// the next one, before it is ready.
class MemoryClientTransport : public runtime::ClientTransport {
public:
    /// in  the sink outlives the transport
    virtual void start(runtime::ClientSink& sink) = 0;
    /// Break the connection; it comes back after the reconnect delay.
    virtual void close(const Failure& why) = 0;
};

std::shared_ptr<MemoryClientTransport> make_memory_client_transport(
    MemoryBroker& broker, MemoryClientOptions options = {});

}  // namespace warren::transport
