#pragma once

#include <warren/error.hpp>

#include "amqp/event.hpp"
#include "protocol/message_view.hpp"
#include "runtime/transports.hpp"
#include "transport/amqp/link.hpp"
#include "transport/amqp/reply_trials.hpp"
#include "transport/amqp/reply_verdicts.hpp"

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <utility>

namespace warren::transport {

/// A server's replies on the channel that its queue is consumed on: what breaks it stops the
/// server. So a reply to a direct address of a node that has taken none goes apart
/// (`ReplyTrials`), and after a break for a while each whose like has not been taken since.
/// thread the I/O thread
class SharedReplies final : public ReplyTrialsUser {
public:
    /// in  channel: 0 while there is none; both outlive this
    SharedReplies(Link& link, const amqp::ChannelNumber& channel)
        : link_{link}, channel_{channel} {}
    /// in  sink: hears of replies, and outlives this
    void report_to(runtime::ServerSink& sink) noexcept { sink_ = &sink; }

    /// out  false: it goes apart, and the sink hears of it by `on_tried`
    bool publish(runtime::DeliveryId delivery, const protocol::MessageView& reply);
    /// No binding took a reply.
    void returned(const amqp::Returned& returned);
    /// A reply has closed the channel.
    void channel_closed(const amqp::ChannelClosed& closed);
    void connection_lost();
    void close() noexcept { trials_.reset(); }
    /// Whether one that came back went out again, since the last time that this was asked.
    bool take_redirected() noexcept { return std::exchange(redirected_, false); }

    void on_tried(runtime::DeliveryId delivery, const protocol::MessageView& reply,
                  const Failure* refused) override;
    void on_untried(runtime::DeliveryId delivery, const protocol::MessageView& reply,
                    const Failure& why) override;
    void on_hopeless(runtime::DeliveryId delivery, const protocol::MessageView& reply) override;
    void on_unroutable(const protocol::MessageView& reply) override;

private:
    std::expected<std::uint64_t, Failure> send(const protocol::MessageView& reply);
    bool is_hopeless(const protocol::MessageView& reply);
    bool can_try() const noexcept { return !trials_ || trials_->can_try(); }
    ReplyTrials& trials();

    Link& link_;
    const amqp::ChannelNumber& channel_;
    runtime::ServerSink* sink_ = nullptr;
    ReplyVerdicts verdicts_;
    std::optional<ReplyTrials> trials_;  // once there was one to try
    bool has_replied_ = false;           // on this connection
    bool redirected_ = false;
    Arena arena_;
    std::shared_ptr<SharedReplies*> life_ = std::make_shared<SharedReplies*>(this);
};

}  // namespace warren::transport
