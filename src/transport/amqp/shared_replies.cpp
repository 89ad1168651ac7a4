#include "transport/amqp/shared_replies.hpp"

#include "core/utf8.hpp"
#include "core/while_alive.hpp"
#include "transport/amqp/message.hpp"
#include "transport/amqp/refusal.hpp"
#include "transport/amqp/reply_publish.hpp"

#include <fmt/format.h>

namespace warren::transport {

bool SharedReplies::publish(runtime::DeliveryId delivery, const protocol::MessageView& reply) {
    if (verdicts_.is_suspect(reply, link_.executor().now())) {
        if (is_hopeless(reply)) {
            on_hopeless({}, reply);
            return true;
        }
        if (can_try()) {
            return trials().add(delivery, reply);
        }
    }
    if (const auto sent = send(reply); !sent) {
        link_.executor().post(core::while_alive(
            std::weak_ptr{life_},
            [this, delivery, why = sent.error()] { sink_->on_tried(delivery, &why); }));
        return false;
    }
    return true;
}

std::expected<std::uint64_t, Failure> SharedReplies::send(const protocol::MessageView& reply) {
    if (verdicts_.is_too_large(reply)) {
        return std::unexpected{Failure{
            .code = Code::invalid_request,
            .message = fmt::format("It has {} bytes, and the broker at {} has refused fewer",
                                   reply.body.size(), link_.endpoint().display())}};
    }
    has_replied_ = true;
    return publish_reply(link_, channel_, reply);
}

void SharedReplies::returned(const amqp::Returned& returned) {
    arena_.reset();
    protocol::MessageView reply = to_view(returned, arena_);
    if (returned.oversized || !redirect(reply)) {
        on_unroutable(reply);
    } else if (publish({}, reply)) {
        redirected_ = true;
    }
}

void SharedReplies::channel_closed(const amqp::ChannelClosed& closed) {
    if (const auto size = refused_size(closed.text)) {
        verdicts_.refused_size(size->bytes_max + 1);
    }
    verdicts_.lost_channel(link_.executor().now());
}

void SharedReplies::connection_lost() {
    if (std::exchange(has_replied_, false) && link_.ended_by_exception()) {
        verdicts_.lost_connection(link_.executor().now());
    }
}

void SharedReplies::on_tried(runtime::DeliveryId delivery, const protocol::MessageView& reply,
                             const Failure* refused) {
    if (delivery != runtime::DeliveryId{}) {
        sink_->on_tried(delivery, refused);
    } else if (refused != nullptr) {
        sink_->on_reply_refused(reply, *refused);
    }
}

/// What is likely good does not depend on a second connection.
void SharedReplies::on_untried(runtime::DeliveryId delivery, const protocol::MessageView& reply,
                               const Failure& why) {
    std::expected<std::uint64_t, Failure> sent = std::unexpected{why};
    if (channel_ != 0 && !is_hopeless(reply)) {
        sent = send(reply);
    }
    on_tried(delivery, reply, sent ? nullptr : &sent.error());
}

void SharedReplies::on_hopeless(runtime::DeliveryId delivery, const protocol::MessageView& reply) {
    sink_->on_reply_lost(delivery, reply,
                         {.code = Code::no_responder,
                          .message = fmt::format("Its caller's address is like others over which "
                                                 "the broker at {} closed a connection",
                                                 link_.endpoint().display())});
}

void SharedReplies::on_unroutable(const protocol::MessageView& reply) {
    sink_->on_reply_lost(
        {}, reply,
        {.code = Code::no_responder,
         .message =
             fmt::format("There is no queue '{}' at {}: its caller is gone, or never had it",
                         core::text_for_display(reply.routing_key), link_.endpoint().display())});
}

bool SharedReplies::is_hopeless(const protocol::MessageView& reply) {
    const runtime::TimePoint now = link_.executor().now();
    return verdicts_.is_hopeless(reply, now) || (!can_try() && verdicts_.is_risky(reply, now));
}

ReplyTrials& SharedReplies::trials() {
    if (!trials_) {
        trials_.emplace(link_, verdicts_, *this);
    }
    return *trials_;
}

}  // namespace warren::transport
