#pragma once

#include <warren/error.hpp>

#include "amqp/event.hpp"
#include "protocol/envelope.hpp"
#include "runtime/ports.hpp"
#include "transport/amqp/link.hpp"
#include "transport/amqp/reply_trials.hpp"

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace warren::transport {

/// A server's replies on the channel that its queue is consumed on: what breaks it stops the
/// server. So a reply that likely does, and after a break each whose like has not been taken since,
/// goes apart (`ReplyTrials`). thread the I/O thread
class SharedReplies final : public ReplyTrialsUser {
public:
    /// in  link: outlives this
    explicit SharedReplies(Link& link) : link_{link} {}
    /// in  sink: hears of replies, and outlives this
    void tell(runtime::ServerSink& sink) noexcept { sink_ = &sink; }

    /// out  false: it goes apart, and the sink hears of it by `on_tried`
    bool publish(amqp::ChannelNumber channel, runtime::DeliveryId delivery,
                 const protocol::Envelope& reply);
    /// No binding took a reply.
    void returned(amqp::ChannelNumber channel, const amqp::Returned& returned);
    /// A reply has closed the channel.
    void channel_closed(const amqp::ChannelClosed& closed);
    void connection_lost();
    void close() noexcept { trials_.reset(); }
    /// Whether one that came back went out again, since the last time that this was asked.
    bool take_redirected() noexcept { return std::exchange(redirected_, false); }

    void on_tried(runtime::DeliveryId delivery, const Failure* refused) override;
    void on_unroutable(const protocol::Envelope& reply) override;

private:
    std::expected<void, Failure> send(amqp::ChannelNumber channel, const protocol::Envelope& reply);
    bool is_suspect(const protocol::Envelope& reply);
    bool is_strange(std::string_view address);
    void distrust();
    ReplyTrials& trials();

    Link& link_;
    runtime::ServerSink* sink_ = nullptr;
    std::optional<ReplyTrials> trials_;  // once there was one to try
    bool distrusting_ = false;           // a reply has broken the channel or the connection
    bool has_replied_ = false;           // on this connection
    bool redirected_ = false;
    std::string readable_address_;  // the last direct one
    Arena arena_;
    std::shared_ptr<SharedReplies*> life_ = std::make_shared<SharedReplies*>(this);
};

}  // namespace warren::transport
