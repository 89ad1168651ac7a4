#include "transport/amqp/reply_channel.hpp"

#include "transport/amqp/declarations.hpp"
#include "transport/amqp/message.hpp"
#include "transport/amqp/refusal.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace warren::transport {

ReplyChannel::ReplyChannel(Link& link, Say say) : link_{link}, say_{std::move(say)} {}

ReplyChannel::~ReplyChannel() {
    if (channel_ != 0) {
        link_.close_channel(channel_);
    }
}

void ReplyChannel::open() {
    const auto channel = link_.open_channel(*this);
    if (!channel) {
        return say_(LogLevel::error, explain(channel.error(), "A channel for replies"));
    }
    channel_ = *channel;
    (void)link_.core().confirm_select(channel_);
    link_.touch();
    send_left_behind();
}

void ReplyChannel::down() {
    channel_ = 0;
    leave_behind();
}

void ReplyChannel::publish(const protocol::Envelope& reply) {
    if (channel_ == 0) {
        left_behind_.emplace_back(reply);
    } else if (lost_exchanges_.contains(reply.exchange)) {
        say_(LogLevel::debug,
             {.code = Code::no_responder,
              .message = fmt::format("A reply is dropped: its caller is gone, and the exchange "
                                     "'{}' with it",
                                     reply.exchange)});
    } else {
        send(protocol::Message{reply});
    }
}

void ReplyChannel::on_channel_event(const amqp::Event& event) {
    if (const auto* confirmed = std::get_if<amqp::Confirmed>(&event)) {
        const auto last = unconfirmed_.upper_bound(confirmed->delivery_tag);
        if (confirmed->multiple) {
            unconfirmed_.erase(unconfirmed_.begin(), last);
        } else {
            unconfirmed_.erase(confirmed->delivery_tag);
        }
    } else if (const auto* gone = std::get_if<amqp::ChannelClosed>(&event)) {
        closed(*gone);
    }
}

void ReplyChannel::send(protocol::Message reply) {
    const protocol::Envelope view = reply.view();
    const auto number = link_.core().basic_publish(
        channel_, {.exchange = view.exchange, .routing_key = view.routing_key}, to_properties(view),
        view.body, view.headers);
    if (!number) {
        return say_(LogLevel::error, explain(number.error(), "A reply"));
    }
    unconfirmed_.emplace(*number, std::move(reply));
    link_.touch();
}

void ReplyChannel::send_left_behind() {
    for (protocol::Message& reply : std::exchange(left_behind_, {})) {
        if (!lost_exchanges_.contains(reply.exchange())) {
            send(std::move(reply));
        }
    }
}

void ReplyChannel::leave_behind() {
    for (auto& [number, reply] : std::exchange(unconfirmed_, {})) {
        left_behind_.push_back(std::move(reply));
    }
}

void ReplyChannel::closed(const amqp::ChannelClosed& closed) {
    channel_ = 0;
    leave_behind();
    const bool over_a_reply = is_over(closed, amqp::BasicPublish::id);
    const std::string_view exchange =
        over_a_reply ? lost_exchanges_.learn(closed) : std::string_view{};
    say_(LogLevel::info, explain(closed, link_.endpoint(),
                                 fmt::format("A reply through the exchange '{}'", exchange)));
    const std::size_t before = left_behind_.size();
    std::erase_if(left_behind_,
                  [&](const protocol::Message& reply) { return reply.exchange() == exchange; });
    if (left_behind_.size() == before) {
        // Whatever it was about, the same again would close the next channel, too.
        left_behind_.clear();
    }
    open();
}

}  // namespace warren::transport
