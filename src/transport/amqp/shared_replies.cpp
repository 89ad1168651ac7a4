#include "transport/amqp/shared_replies.hpp"

#include "core/utf8.hpp"
#include "transport/amqp/declarations.hpp"
#include "transport/amqp/message.hpp"
#include "transport/amqp/refusal.hpp"

#include <fmt/format.h>

#include <utility>

namespace warren::transport {

bool SharedReplies::publish(amqp::ChannelNumber channel, runtime::DeliveryId delivery,
                            const protocol::Envelope& reply) {
    if (is_suspect(reply)) {
        if (trials().is_hopeless(reply)) {
            sink_->on_reply_lost(
                reply, {.code = Code::no_responder,
                        .message = fmt::format("The broker at {} closed a connection over a reply "
                                               "to the same address",
                                               link_.endpoint().display())});
            return true;
        }
        trials().add(delivery, reply);
        return false;
    }
    if (const auto sent = send(channel, reply); !sent) {
        link_.executor().post([weak = std::weak_ptr{life_}, delivery, why = sent.error()] {
            if (const auto self = weak.lock()) {
                (*self)->sink_->on_tried(delivery, &why);
            }
        });
        return false;
    }
    return true;
}

std::expected<void, Failure> SharedReplies::send(amqp::ChannelNumber channel,
                                                 const protocol::Envelope& reply) {
    has_replied_ = true;
    // A direct address counts as no queue, and everything for it would come back.
    const bool mandatory = !protocol::is_direct_reply(reply.routing_key);
    const auto published = link_.core().basic_publish(
        channel,
        {.exchange = reply.exchange, .routing_key = reply.routing_key, .mandatory = mandatory},
        to_properties(reply), reply.body, reply.headers);
    if (!published) {
        return std::unexpected{explain(published.error(), "The reply")};
    }
    return {};
}

/// It goes straight to the queue of its name, which every queue is bound by.
/// [AMQP 0-9-1 3.1.3.1]
void SharedReplies::returned(amqp::ChannelNumber channel, const amqp::Returned& returned) {
    arena_.reset();
    protocol::Envelope reply = to_envelope(returned, arena_);
    if (returned.oversized || reply.exchange.empty()) {
        return on_unroutable(reply);
    }
    reply.exchange = {};
    if (is_suspect(reply)) {
        trials().add({}, reply);
    } else if (send(channel, reply)) {
        redirected_ = true;
        link_.touch();
    }
}

void SharedReplies::channel_closed(const amqp::ChannelClosed& closed) {
    distrust();
    if (const auto size = refused_size(closed.text)) {
        trials().note_refused_size(size->bytes_max + 1);
    }
}

void SharedReplies::connection_lost() {
    if (std::exchange(has_replied_, false) && link_.ended_by_exception()) {
        distrust();
    }
}

void SharedReplies::on_tried(runtime::DeliveryId delivery, const Failure* refused) {
    sink_->on_tried(delivery, refused);
}

void SharedReplies::on_unroutable(const protocol::Envelope& reply) {
    sink_->on_reply_lost(
        reply, {.code = Code::no_responder,
                .message = fmt::format(
                    "There is no queue '{}' at {}: its caller is gone, or never had it",
                    core::text_for_display(reply.routing_key), link_.endpoint().display())});
}

bool SharedReplies::is_suspect(const protocol::Envelope& reply) {
    return (distrusting_ || is_strange(reply.routing_key)) && !trials().is_proven(reply);
}

/// Callers come again: what is known of the last address saves most of the work.
bool SharedReplies::is_strange(std::string_view address) {
    if (!protocol::is_direct_reply(address) || address == readable_address_) {
        return false;
    }
    if (!is_readable(address)) {
        return true;
    }
    readable_address_ = address;
    return false;
}

/// From now on each goes apart, unless its like was taken there.
void SharedReplies::distrust() {
    distrusting_ = true;
    trials().forget_proven();
}

ReplyTrials& SharedReplies::trials() {
    if (!trials_) {
        trials_.emplace(link_, *this);
    }
    return *trials_;
}

}  // namespace warren::transport
