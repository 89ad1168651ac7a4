#include "transport/amqp/request_channel.hpp"

#include "transport/amqp/declarations.hpp"
#include "transport/amqp/message.hpp"

#include <utility>
#include <variant>

namespace warren::transport {

RequestChannel::RequestChannel(Link& link, std::optional<std::uint8_t> delivery_mode,
                               RequestChannelUser& user)
    : link_{link}, delivery_mode_{delivery_mode}, user_{user}, sent_{link.endpoint()} {}

void RequestChannel::open(amqp::ChannelNumber shared) {
    is_shared_ = shared != 0;
    channel_ = shared;
    if (!is_shared_) {
        const auto channel = link_.open_channel(*this);
        if (!channel) {
            return user_.on_no_channel(explain(channel.error(), "A channel for requests"));
        }
        channel_ = *channel;
    }
    sent_.clear();
    (void)link_.core().confirm_select(channel_);
    link_.touch();
}

void RequestChannel::close() {
    if (!is_shared_ && channel_ != 0) {
        link_.close_channel(channel_);
    }
    channel_ = 0;
    sent_.clear();
}

void RequestChannel::shared_closed(const amqp::ChannelClosed& closed) {
    channel_ = 0;
    settle(sent_.take(), closed);
}

std::expected<void, Failure> RequestChannel::publish(std::uint64_t token,
                                                     const protocol::MessageView& request) {
    if (protocol::is_direct_reply(request.routing_key)) {
        // The broker may end the connection over one that it cannot read.
        return std::unexpected{Failure{.code = Code::invalid_request,
                                       .message = "The names amq.rabbitmq.reply-to... are of "
                                                  "callers: no server's queue has one"}};
    }
    amqp::BasicProperties properties = to_properties(request);
    if (delivery_mode_) {
        properties.delivery_mode = delivery_mode_;
    }
    const auto number = link_.core().basic_publish(
        channel_,
        {.exchange = request.exchange, .routing_key = request.routing_key, .mandatory = true},
        properties, request.body, request.headers);
    if (!number) {
        return std::unexpected{explain(number.error(), "The request")};
    }
    sent_.published(*number, token, request);
    link_.touch();
    return {};
}

void RequestChannel::on_channel_event(const amqp::Event& event) {
    if (const auto* confirmed = std::get_if<amqp::Confirmed>(&event)) {
        sent_.confirmed(*confirmed);
    } else if (const auto* returned = std::get_if<amqp::Returned>(&event)) {
        sent_.returned(*returned);
    } else if (std::holds_alternative<amqp::ConfirmSelected>(event)) {
        user_.on_confirming();
    } else if (const auto* closed = std::get_if<amqp::ChannelClosed>(&event)) {
        SentRequests::Consumed old = sent_.take();
        channel_ = 0;
        // First, because who hears of the old requests may send new ones.
        open(0);
        settle(std::move(old), *closed);
    }
}

void RequestChannel::settle(SentRequests::Consumed requests, const amqp::ChannelClosed& closed) {
    if (const std::string_view exchange = SentRequests::missing_exchange(closed);
        !exchange.empty()) {
        user_.on_exchange_gone(exchange);
    }
    sent_.channel_closed(std::move(requests), closed);
}

}  // namespace warren::transport
