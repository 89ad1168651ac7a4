#pragma once

#include "runtime/transports.hpp"
#include "transport/amqp/link.hpp"
#include "transport/amqp/reply_queue.hpp"

#include <cstdint>
#include <memory>

namespace warren::transport {

/// Publishes requests, mandatory and confirmed, and consumes their replies.
///
/// `ClientSink::on_lost` also comes after an attempt to connect failed, with the reason;
/// `on_failed` when the reason is one that a person has to put right. In both cases attempts go on,
/// and `on_ready` ends the state.
class AmqpClientTransport final : public runtime::ClientTransport {
public:
    AmqpClientTransport(std::shared_ptr<Link> link, AmqpClientOptions options = {});
    AmqpClientTransport(const AmqpClientTransport&) = delete;
    AmqpClientTransport& operator=(const AmqpClientTransport&) = delete;
    ~AmqpClientTransport() override;

    /// Connect, for ever.
    /// in  the sink outlives the transport
    void start(runtime::ClientSink& sink);

    runtime::Executor& executor() noexcept override;
    /// A token published while the port is not ready is refused with no_responder.
    void publish(std::uint64_t token, const protocol::MessageView& request) override;
    /// Bindings asked for while the port is not ready are made before it is.
    void bind_replies(std::uint64_t token, std::vector<protocol::Binding> bindings) override;
    bool count_consumers(std::uint64_t token, std::string_view queue) override;
    std::string progress() const override;

    Link& link() noexcept;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace warren::transport
