#pragma once

#include <warren/context.hpp>
#include <warren/error.hpp>

#include "protocol/envelope.hpp"
#include "protocol/message.hpp"
#include "transport/amqp/link.hpp"
#include "transport/amqp/lost_exchanges.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string_view>

namespace warren::transport {

/// A server's replies to exchanges of its callers, on a channel that nothing else depends on: the
/// broker closes it over each caller that is gone. Replies are kept until they are confirmed, and
/// those that a closed channel or a lost connection leaves behind are sent again: a caller may get
/// one twice, and drops it, but none is lost with another caller's.
/// thread the I/O thread
class ReplyChannel final : public ChannelUser {
public:
    using Say = std::function<void(LogLevel, const Failure&)>;

    /// in   link: outlives this
    ReplyChannel(Link& link, Say say);
    ReplyChannel(const ReplyChannel&) = delete;
    ReplyChannel& operator=(const ReplyChannel&) = delete;
    /// What was published still goes out.
    ~ReplyChannel();

    /// The link is up.
    void open();
    /// It is down, with every channel.
    void down();
    void publish(const protocol::Envelope& reply);
    /// Somebody waits at this exchange, whatever was true before.
    void seen(std::string_view exchange) { lost_exchanges_.seen(exchange); }

    void on_channel_event(const amqp::Event& event) override;

private:
    void send(protocol::Message reply);
    void send_left_behind();
    void closed(const amqp::ChannelClosed& closed);
    void leave_behind();

    Link& link_;
    const Say say_;
    amqp::ChannelNumber channel_ = 0;                         // 0: none
    std::map<std::uint64_t, protocol::Message> unconfirmed_;  // by publish sequence number
    std::deque<protocol::Message> left_behind_;               // to be sent again, oldest first
    LostExchanges lost_exchanges_;
};

}  // namespace warren::transport
