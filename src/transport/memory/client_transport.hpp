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

/// Publishes requests to a broker in memory and consumes their replies. Destroy it on the I/O
/// thread.
class MemoryClientTransport final : public runtime::ClientTransport {
public:
    explicit MemoryClientTransport(MemoryBroker& broker, MemoryClientOptions options = {});
    ~MemoryClientTransport() override;
    MemoryClientTransport(const MemoryClientTransport&) = delete;
    MemoryClientTransport& operator=(const MemoryClientTransport&) = delete;

    /// in  the sink outlives the transport
    void start(runtime::ClientSink& sink);
    /// Break the connection; it comes back after the reconnect delay.
    void close(const Failure& why);

    runtime::Executor& executor() noexcept override;
    /// While there is no connection a request is refused with no_responder.
    void publish(std::uint64_t token, const protocol::MessageView& request) override;
    /// While there is no connection the bindings are made by the next one, before it is ready.
    void bind_replies(std::uint64_t token, std::vector<protocol::Binding> bindings) override;
    std::string_view return_key() const noexcept override;
    void send_control(const protocol::MessageView& message) override;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace warren::transport
