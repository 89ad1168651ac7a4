#pragma once

#include <warren/context.hpp>

#include "endpoint/address/address.hpp"
#include "protocol/message_protocol.hpp"
#include "runtime/blocking_operation.hpp"
#include "runtime/transports.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace warren::endpoint {

/// A client's connection with the I/O thread it lives on.
class ClientConnection {
public:
    virtual ~ClientConnection() = default;

    virtual runtime::Executor& executor() noexcept = 0;
    /// Whether the calling thread is the I/O thread.                              thread any
    virtual bool is_current_thread() const noexcept = 0;
    /// Start an operation for the I/O thread and wait for it.         thread any but the I/O thread
    virtual void run_until_done(runtime::BlockingOperation& operation) {
        operation.start();
        operation.wait();
    }
    /// Connect, and again after every loss. Called once.
    /// in   attached: gets the transport before the sink is called
    virtual void start(std::shared_ptr<runtime::ClientSink> sink,
                       std::move_only_function<void(runtime::ClientTransport&)> attached) = 0;
    /// Run `last` on the I/O thread, then let the connection go. When this returns the sink hears
    /// nothing more; on the I/O thread itself that is so when its turn is over.
    /// thread any, once
    virtual void stop(std::move_only_function<void()> last) = 0;
};

/// How replies come to a client.
struct ClientReplies {
    ReplyMode mode = ReplyMode::exclusive;
    std::string queue{};
    protocol::MakeReplyTopology topology{};  // where the protocol says it, instead of both
    bool returns_dropped = false;            // requests that the broker drops come there, too
};

// One for each kind of broker.
std::unique_ptr<ClientConnection> make_memory_client(const MemoryAddress& address,
                                                     ClientReplies replies);
/// in   log: may be null
std::unique_ptr<ClientConnection> make_amqp_client(const transport::AmqpEndpoint& broker,
                                                   std::chrono::microseconds spin_max,
                                                   ClientReplies replies, std::shared_ptr<Log> log);

}  // namespace warren::endpoint
