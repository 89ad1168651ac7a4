#include "transport/amqp/sent_requests.hpp"

#include "amqp/connection_core.hpp"
#include "amqp/methods/basic.hpp"
#include "amqp/reply_code.hpp"
#include "transport/amqp/refusal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace warren::transport {
namespace {

/// The exchange that a request closed the channel over; empty: no request did.
std::string_view blamed_exchange(const amqp::ChannelClosed& closed) noexcept {
    return is_over(closed, amqp::BasicPublish::id) ? quoted_after(closed.text, "exchange ")
                                                   : std::string_view{};
}

}  // namespace

void SentRequests::published(std::uint64_t number, std::uint64_t token,
                             const protocol::MessageView& request) {
    const std::uint64_t exchange = PublishWindow::hash_exchange(request.exchange);
    window_.published(number, {.token = token,
                               .address_hash = PublishWindow::hash_address(
                                   exchange, request.routing_key, request.correlation_id),
                               .exchange_hash = exchange,
                               .body_bytes = request.body.size()});
}

void SentRequests::confirmed(const amqp::Confirmed& confirmed) {
    if (confirmed.outcome == amqp::Outcome::ack) {
        return window_.confirmed(confirmed.delivery_tag, confirmed.multiple,
                                 [this](std::uint64_t token) { sink_->on_accepted(token); });
    }
    const Failure why{.code = Code::overloaded,
                      .message = fmt::format("The broker at {} did not take the request: its queue "
                                             "is full (x-overflow), or failed",
                                             endpoint_.display())};
    window_.confirmed(confirmed.delivery_tag, confirmed.multiple,
                      [&](std::uint64_t token) { sink_->on_refused(token, why); });
}

void SentRequests::returned(const amqp::Returned& returned) {
    const auto token = window_.returned(PublishWindow::hash_address(
        PublishWindow::hash_exchange(returned.exchange), returned.routing_key,
        returned.properties.correlation_id.value_or(std::string_view{})));
    if (!token) {
        return;
    }
    const std::string exchange = returned.exchange.empty()
                                     ? std::string{"the default exchange"}
                                     : fmt::format("the exchange '{}'", returned.exchange);
    sink_->on_returned(
        *token, {.code = Code::no_responder,
                 .message = fmt::format("No queue takes requests for '{}' from {} at {}: is the "
                                        "server running?",
                                        returned.routing_key, exchange, endpoint_.display()),
                 .peer_text = peer_words(returned.text)});
}

SentRequests::Consumed SentRequests::take() {
    return std::exchange(window_, {});
}

std::string_view SentRequests::missing_exchange(const amqp::ChannelClosed& closed) noexcept {
    return closed.code == amqp::reply_code::not_found ? blamed_exchange(closed)
                                                      : std::string_view{};
}

void SentRequests::channel_closed(Consumed requests, const amqp::ChannelClosed& closed) {
    const std::string_view exchange = blamed_exchange(closed);
    const std::uint64_t blamed =
        PublishWindow::hash_exchange(exchange == "amq.default" ? std::string_view{} : exchange);
    const auto size = is_over(closed, amqp::BasicPublish::id) ? refused_size(closed.text)
                                                              : std::optional<RefusedSize>{};
    const bool is_of_user = refuses_user(closed);
    const Failure refused =
        explain(closed, endpoint_,
                size || is_of_user ? std::string{"The request"}
                                   : fmt::format("A request through the exchange '{}'", exchange));
    const Failure doubtful{
        .code = Code::connection_lost,
        .message = fmt::format("The broker at {} closed the channel over this request or a later "
                               "one: it may have been handled",
                               endpoint_.display()),
        .peer_text = peer_words(closed.text)};
    std::vector<PublishWindow::Message> open;
    requests.close([&](const PublishWindow::Message& message) { open.push_back(message); });
    if (is_of_user) {
        // All say the same user, so that not one was taken.
        for (const PublishWindow::Message& message : open) {
            sink_->on_refused(message.token, refused);
        }
        return;
    }
    const auto is_blamed = [&](const PublishWindow::Message& message) {
        return size ? message.body_bytes > size->bytes_max
                    : !exchange.empty() && message.exchange_hash == blamed;
    };
    const auto first = std::ranges::find_if(open, is_blamed);
    // The first one over a size closed the channel; an exchange may have been there for some.
    const auto end = size && first != open.end()
                         ? first + 1
                         : std::find_if(open.rbegin(), open.rend(), is_blamed).base();
    for (auto message = open.begin(); message != open.end(); ++message) {
        if (first == open.end() || (message >= first && message + 1 < end)) {
            sink_->on_refused(message->token, doubtful);
        } else if (message < first) {
            sink_->on_accepted(message->token);
        } else if (message >= end) {
            sink_->on_dropped(message->token);
        } else if (closed.code == amqp::reply_code::not_found) {
            sink_->on_returned(message->token, refused);
        } else {
            sink_->on_refused(message->token, refused);
        }
    }
}

}  // namespace warren::transport
