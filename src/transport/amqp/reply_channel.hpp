#pragma once

#include <warren/context.hpp>
#include <warren/error.hpp>

#include "protocol/message_view.hpp"
#include "protocol/owned_message.hpp"
#include "runtime/transports.hpp"
#include "transport/amqp/link.hpp"
#include "transport/amqp/name_set.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace warren::transport {

class ReplyChannelUser {
public:
    /// The broker has it: its request can be acknowledged.
    virtual void on_reply_accepted(runtime::DeliveryId delivery) = 0;
    virtual void on_reply_refused(runtime::DeliveryId delivery, const protocol::MessageView& reply,
                                  const Failure& why) = 0;
    /// Nobody will have it.
    virtual void on_reply_lost(runtime::DeliveryId delivery, const protocol::MessageView& reply,
                               const Failure& why) = 0;
    virtual void on_trouble(LogLevel level, const Failure& failure) = 0;

protected:
    ~ReplyChannelUser() = default;
};

/// A server's replies to exchanges of its callers, on a channel that nothing else depends on: the
/// broker closes it over each caller that is gone. Replies are kept until they are confirmed, and
/// those that a closed channel or a lost connection leaves behind are sent again: a caller may get
/// one twice, and drops it, but none is lost with another caller's.
///
/// Until all of these are out the channel is careful: a reply to an exchange that has not proven
/// itself goes alone, and the next one follows when it is confirmed. So many callers that are gone
/// do not keep replies from the others, and which one closed the channel shows, whatever the
/// broker's words are.
/// thread the I/O thread
class ReplyChannel final : public ChannelUser {
public:
    /// in   both outlive this
    ReplyChannel(Link& link, ReplyChannelUser& user);
    ReplyChannel(const ReplyChannel&) = delete;
    ReplyChannel& operator=(const ReplyChannel&) = delete;
    /// What was published still goes out.
    ~ReplyChannel();

    /// The link is up.
    void open();
    /// It is down, with every channel.
    /// in   is_exception: the broker ended it over something that was sent
    void down(const Failure& why, bool is_exception);
    /// The user hears how it fared, not inside of this call.
    void publish(runtime::DeliveryId delivery, const protocol::MessageView& reply);
    /// Somebody waits at this exchange, whatever was true before.
    void seen(std::string_view exchange) { lost_.remove(exchange); }

    void on_channel_event(const amqp::Event& event) override;

    /// Of replies that wait for an exchange to prove itself; one more is dropped.
    static constexpr std::size_t waiting_max = 4096;
    static constexpr std::size_t waiting_bytes_max = std::size_t{64} << 20;

private:
    using Number = std::uint64_t;  // a publish sequence number

    /// Until the broker has it.
    struct Kept : protocol::OwnedMessage {
        runtime::DeliveryId delivery;
    };

    Number send(Kept reply);
    void later(void (ReplyChannelUser::*report)(runtime::DeliveryId, const protocol::MessageView&,
                                                const Failure&),
               Kept reply, Failure why);
    void wait(Kept reply);
    void put_proven_first();
    void send_waiting();
    void confirmed(Number number, bool multiple);
    void closed(const amqp::ChannelClosed& closed);
    void keep_unconfirmed();
    void forget_proof();
    void lose(const std::string& exchange);
    std::string blamed_exchange(const amqp::ChannelClosed& closed) const;
    std::map<Number, Kept>::iterator refused_reply(const amqp::ChannelClosed& closed);

    Link& link_;
    ReplyChannelUser& user_;
    amqp::ChannelNumber channel_ = 0;  // 0: none
    std::map<Number, Kept> unconfirmed_;
    std::deque<Kept> waiting_;       // oldest first
    std::size_t waiting_bytes_ = 0;  // of their bodies
    bool careful_ = false;
    Number trial_ = 0;  // while careful, the one that goes alone; 0: none
    NameSet proven_;    // exchanges that have taken a reply
    NameSet lost_;      // exchanges that do not: publishing to one closes the channel
    std::shared_ptr<ReplyChannel*> life_ = std::make_shared<ReplyChannel*>(this);
};

}  // namespace warren::transport
