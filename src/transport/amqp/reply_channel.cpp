#include "transport/amqp/reply_channel.hpp"

#include "amqp/reply_code.hpp"
#include "core/utf8.hpp"
#include "core/while_alive.hpp"
#include "transport/amqp/declarations.hpp"
#include "transport/amqp/message.hpp"
#include "transport/amqp/refusal.hpp"
#include "transport/amqp/reply_publish.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace warren::transport {

namespace {

Failure no_exchange(std::string_view name) {
    return {.code = Code::no_responder,
            .message = fmt::format("Its caller is gone, and the exchange '{}' with it, or it does "
                                   "not take replies",
                                   core::text_for_display(name))};
}

}  // namespace

ReplyChannel::ReplyChannel(Link& link, ReplyChannelUser& user) : link_{link}, user_{user} {}

ReplyChannel::~ReplyChannel() {
    if (channel_ != 0) {
        link_.close_channel(channel_);
    }
}

void ReplyChannel::open() {
    const auto channel = link_.open_channel(*this);
    if (!channel) {
        return user_.on_trouble(LogLevel::error, explain(channel.error(), "A channel for replies"));
    }
    channel_ = *channel;
    (void)link_.core().confirm_select(channel_);
    link_.touch();
    put_proven_first();
    send_waiting();
}

void ReplyChannel::put_proven_first() {
    std::deque<Kept> proven;
    std::deque<Kept> others;
    for (Kept& reply : waiting_) {
        (proven_.contains(reply.exchange()) ? proven : others).push_back(std::move(reply));
    }
    std::ranges::move(others, std::back_inserter(proven));
    waiting_ = std::move(proven);
}

void ReplyChannel::down(const Failure& why, bool is_exception) {
    channel_ = 0;
    if (is_exception && unconfirmed_.size() == 1) {
        later(&ReplyChannelUser::on_reply_refused, std::move(unconfirmed_.begin()->second), why);
        unconfirmed_.clear();
    } else if (is_exception) {
        forget_proof();
    }
    keep_unconfirmed();
}

void ReplyChannel::forget_proof() {
    for (const auto& [number, reply] : unconfirmed_) {
        proven_.remove(reply.exchange());
    }
}

/// Who hears of it may publish.
void ReplyChannel::later(void (ReplyChannelUser::*report)(runtime::DeliveryId,
                                                          const protocol::MessageView&,
                                                          const Failure&),
                         Kept reply, Failure why) {
    link_.executor().post(core::while_alive(
        std::weak_ptr{life_}, [this, report, kept = std::move(reply), reason = std::move(why)] {
            (user_.*report)(kept.delivery, kept.view(), reason);
        }));
}

void ReplyChannel::publish(runtime::DeliveryId delivery, const protocol::MessageView& reply) {
    Kept kept{protocol::OwnedMessage{reply}, delivery};
    if (lost_.contains(reply.exchange)) {
        later(&ReplyChannelUser::on_reply_lost, std::move(kept), no_exchange(reply.exchange));
    } else if (channel_ == 0 || (careful_ && !proven_.contains(reply.exchange))) {
        wait(std::move(kept));
    } else {
        send(std::move(kept));
    }
}

void ReplyChannel::wait(Kept reply) {
    if (waiting_.size() >= waiting_max || waiting_bytes_ >= waiting_bytes_max) {
        return later(&ReplyChannelUser::on_reply_lost, std::move(reply),
                     {.code = Code::overloaded,
                      .message = fmt::format("Too many callers at {} are gone at once",
                                             link_.endpoint().display())});
    }
    waiting_bytes_ += reply.view().body.size();
    waiting_.push_back(std::move(reply));
}

void ReplyChannel::on_channel_event(const amqp::Event& event) {
    if (const auto* response = std::get_if<amqp::Confirmed>(&event)) {
        confirmed(response->delivery_tag, response->multiple);
    } else if (const auto* gone = std::get_if<amqp::ChannelClosed>(&event)) {
        closed(*gone);
    } else if (const auto* unroutable = std::get_if<amqp::Returned>(&event)) {
        Arena arena;
        user_.on_reply_lost(
            {}, to_view(*unroutable, arena),
            {.code = Code::no_responder,
             .message = fmt::format("No queue is bound to its caller's exchange '{}' at {}",
                                    core::text_for_display(unroutable->exchange),
                                    link_.endpoint().display())});
    }
}

void ReplyChannel::confirmed(Number number, bool multiple) {
    const auto first = multiple ? unconfirmed_.begin() : unconfirmed_.lower_bound(number);
    const auto end = unconfirmed_.upper_bound(number);
    std::vector<runtime::DeliveryId> taken;
    for (auto reply = first; reply != end; ++reply) {
        proven_.add(reply->second.exchange());
        taken.push_back(reply->second.delivery);
    }
    unconfirmed_.erase(first, end);
    for (const runtime::DeliveryId delivery : taken) {
        user_.on_reply_accepted(delivery);
    }
    if (careful_) {
        trial_ = unconfirmed_.contains(trial_) ? trial_ : 0;
        send_waiting();
    }
}

/// out  0 when it cannot be said in AMQP
ReplyChannel::Number ReplyChannel::send(Kept reply) {
    const auto number = publish_reply(link_, channel_, reply.view());
    if (!number) {
        later(&ReplyChannelUser::on_reply_refused, std::move(reply), number.error());
        return 0;
    }
    unconfirmed_.emplace(*number, std::move(reply));
    return *number;
}

void ReplyChannel::send_waiting() {
    while (!waiting_.empty() && trial_ == 0) {
        Kept reply = std::move(waiting_.front());
        waiting_.pop_front();
        waiting_bytes_ -= reply.view().body.size();
        const bool is_proven = proven_.contains(reply.exchange());
        const Number number = send(std::move(reply));
        trial_ = is_proven ? 0 : number;
    }
    careful_ = trial_ != 0;
}

/// They are older than all that waits.
void ReplyChannel::keep_unconfirmed() {
    trial_ = 0;
    for (auto reply = unconfirmed_.rbegin(); reply != unconfirmed_.rend(); ++reply) {
        waiting_bytes_ += reply->second.view().body.size();
        waiting_.push_front(std::move(reply->second));
    }
    unconfirmed_.clear();
}

/// The exchange of the reply that the channel was closed over; empty when the broker's words do not
/// tell: it cuts them, and a name may hold quotes. Of names that all fit, the longest is meant.
std::string ReplyChannel::blamed_exchange(const amqp::ChannelClosed& closed) const {
    if (unconfirmed_.size() == 1) {
        return unconfirmed_.begin()->second.exchange();
    }
    std::string blamed;
    for (const auto& [number, reply] : unconfirmed_) {
        const std::string& exchange = reply.exchange();
        if (exchange.size() > blamed.size() &&
            closed.text.contains(fmt::format("exchange '{}'", exchange))) {
            blamed = exchange;
        }
    }
    return blamed;
}

/// The reply that the channel was closed over for what it is, not for where it goes.
std::map<ReplyChannel::Number, ReplyChannel::Kept>::iterator ReplyChannel::refused_reply(
    const amqp::ChannelClosed& closed) {
    if (unconfirmed_.size() == 1) {
        return unconfirmed_.begin();
    }
    const auto size = refused_size(closed.text);
    return std::ranges::find_if(unconfirmed_, [&](const auto& entry) {
        return size && entry.second.view().body.size() > size->bytes_max;
    });
}

void ReplyChannel::lose(const std::string& exchange) {
    proven_.remove(exchange);
    lost_.add(exchange);
    std::erase_if(waiting_, [&](Kept& reply) {
        const bool is_lost = reply.exchange() == exchange;
        if (is_lost) {
            waiting_bytes_ -= reply.view().body.size();
            later(&ReplyChannelUser::on_reply_lost, std::move(reply), no_exchange(exchange));
        }
        return is_lost;
    });
}

void ReplyChannel::closed(const amqp::ChannelClosed& closed) {
    channel_ = 0;
    const bool over_a_reply = is_over(closed, amqp::BasicPublish::id);
    const std::string exchange = over_a_reply ? blamed_exchange(closed) : std::string{};
    const bool is_lost = closed.code == amqp::reply_code::not_found ||
                         closed.code == amqp::reply_code::access_refused;
    const Failure why = explain(closed, link_.endpoint(),
                                is_lost ? fmt::format("A reply through the exchange '{}'", exchange)
                                        : std::string{"The reply"});
    user_.on_trouble(LogLevel::info, why);
    if (const auto refused = is_lost ? unconfirmed_.end() : refused_reply(closed);
        refused != unconfirmed_.end()) {
        later(&ReplyChannelUser::on_reply_refused, std::move(refused->second), why);
        unconfirmed_.erase(refused);
    } else if (exchange.empty()) {
        forget_proof();
    }
    keep_unconfirmed();
    if (is_lost && !exchange.empty()) {
        lose(exchange);
    }
    open();
}

}  // namespace warren::transport
