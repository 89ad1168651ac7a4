#pragma once

#include "amqp/event.hpp"
#include "protocol/message_view.hpp"
#include "runtime/transports.hpp"
#include "transport/amqp/endpoint.hpp"
#include "transport/amqp/publish_window.hpp"

#include <cstdint>
#include <string_view>

namespace warren::transport {

/// The requests of one channel until the broker has taken or refused them. A sink is told what
/// became of each, once.
class SentRequests {
public:
    /// Those of a channel that is closed.
    using Consumed = PublishWindow;

    /// in  endpoint, sink: outlive this
    explicit SentRequests(const AmqpEndpoint& endpoint) noexcept : endpoint_{endpoint} {}
    void report_to(runtime::ClientSink& sink) noexcept { sink_ = &sink; }

    /// in  number: what the channel counts it as
    void published(std::uint64_t number, std::uint64_t token, const protocol::MessageView& request);
    void confirmed(const amqp::Confirmed& confirmed);
    void returned(const amqp::Returned& returned);

    /// Start anew, and tell of these later.
    Consumed take();
    /// When one request closed the channel, what came before it was taken, and what came after was
    /// dropped. Which one it was, is known of one that is too large, and otherwise but for requests
    /// through the same exchange: of several only the last is surely not handled, since the
    /// exchange may have been there for the others.
    void channel_closed(Consumed requests, const amqp::ChannelClosed& closed);
    /// The exchange whose absence closed the channel; empty: something else did.
    static std::string_view missing_exchange(const amqp::ChannelClosed& closed) noexcept;
    /// Forget all: the sink knows.
    void clear() { window_.clear(); }

private:
    const AmqpEndpoint& endpoint_;
    runtime::ClientSink* sink_ = nullptr;
    PublishWindow window_;
};

}  // namespace warren::transport
