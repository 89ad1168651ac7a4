#include "protocol/reply_headers.hpp"
#include "runtime/dispatch/kept_bytes.hpp"
#include "runtime/server/message_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

// From the end of a handler until the broker has the reply.
namespace warren::runtime {
namespace {

// How soon after a reply the broker is asked whether it has read it.
constexpr std::chrono::milliseconds ask_after{500};

std::string refused_text(const Failure& why) {
    return "The reply cannot be sent: " + why.message;
}

}  // namespace

bool MessageServer::replay(DeliveryId delivery, const protocol::MessageView& message) {
    const TimePoint now = transport_.executor().now();
    redelivery_cache_.forget_expired(now);
    if (recovers_until_ && now > *recovers_until_) {
        recovers_until_.reset();
        forgotten_after_ = UINT64_MAX;
    }
    RedeliveryCache::Known known = redelivery_cache_.take(message, forgotten_after_);
    if (std::holds_alternative<std::monostate>(known)) {
        return false;
    }
    counters_.redeliveries.add();
    ++unsettled_;
    trim_settled();
    const bool may_be_doubled = is_doubtful(message);
    if (MessageServerCall* const* const running = std::get_if<MessageServerCall*>(&known)) {
        (*running)->progress.may_be_doubled |= may_be_doubled;
        join(**running, delivery);
    } else {
        // It answers this one delivery: another one like it is another request.
        auto& response = std::get<KeptResponse>(known);
        response.delivery = delivery;
        response.progress.comes_again = false;
        response.progress.may_be_doubled |= may_be_doubled;
        conclude_again(std::move(response));
    }
    return true;
}

/// A request is delivered that runs already.
void MessageServer::join(MessageServerCall& running, DeliveryId delivery) {
    if (is_current(running)) {
        // It was in its queue twice; the first delivery stays until it is answered.
        (void)transport_.settle(delivery, nullptr);
        --unsettled_;
    } else {
        running.delivery = delivery;
        running.progress.comes_again = false;
    }
    if (running.progress.may_be_doubled) {
        redelivery_cache_.add_running(running);
    }
}

void MessageServer::settle(std::unique_ptr<MessageServerCall> call) {
    remove(*call);
    redelivery_cache_.remove_running(*call);
    call->is_done = true;
    if (call->is_cancelled) {
        call->reply.reset();
    }
    if (call->requeued) {
        unsettled_ -= is_current(*call) ? 1 : 0;
        recycle(std::move(call));
        return;
    }
    if (call->state.is_poisoned || call->state.retry_after) [[unlikely]] {
        return part_with(std::move(call));
    }
    conclude(std::move(call));
}

void MessageServer::conclude_again(KeptResponse response) {
    std::unique_ptr<MessageServerCall> call = idle_job();
    call->state.listener = &listener_;
    call->restore(std::move(response));
    conclude(std::move(call));
}

/// Send the reply, unless this connection has it, and acknowledge.
void MessageServer::conclude(std::unique_ptr<MessageServerCall> call) {
    call->release_request();
    const bool current = is_current(*call);
    const bool is_due =
        call->reply && (call->progress.replied_in == 0 || call->progress.replied_in != generation_);
    const Settlement settlement =
        transport_.settle(call->delivery, is_due ? &*call->reply : nullptr);
    if (settlement == Settlement::on_trial) {
        call->is_done = false;
        if (call->is_recognizable() && (!current || call->progress.may_be_doubled)) {
            redelivery_cache_.add_running(*call);
        }
        const DeliveryId delivery = call->delivery;
        trials_.push_back({delivery, std::move(call)});
        return;
    }
    unsettled_ -= current ? 1 : 0;
    if (settlement == Settlement::sent) {
        call->progress.replied_in = generation_;
        call->progress.is_doubtful = false;
        call->progress.sent_as = ++sent_;
        ask_later();
        counters_.bytes_sent.add(is_due ? call->reply->body.size() : 0);
        if (call->progress.may_be_doubled) {
            call->progress.may_be_acknowledged = true;
        } else if (current) {
            keep(std::move(call));
            return;
        }
    }
    remember(std::move(call));
}

/// out  null: it is on trial no more
std::unique_ptr<MessageServerCall> MessageServer::take_tried(DeliveryId delivery) {
    const auto trial = std::ranges::find(trials_, delivery, &Trial::delivery);
    if (trial == trials_.end()) {
        return nullptr;
    }
    std::unique_ptr<MessageServerCall> call = std::move(trial->call);
    trials_.erase(trial);
    redelivery_cache_.remove_running(*call);
    call->is_done = true;
    return call;
}

void MessageServer::conclude_tried(std::unique_ptr<MessageServerCall> call) {
    conclude(std::move(call));
    accept_held();
    check_drained();
}

void MessageServer::on_tried(DeliveryId delivery, const Failure* refused) {
    std::unique_ptr<MessageServerCall> call = take_tried(delivery);
    if (call == nullptr) {
        if (refused != nullptr) {
            replies_.add_lost({}, *refused);
        }
        return;
    }
    if (refused == nullptr) {
        counters_.bytes_sent.add(call->reply->body.size());
        call->reply.reset();
    } else if (call->replace_reply(refused_text(*refused))) {
        replies_.add_refused(call->address.correlation_id, *refused);
    } else {
        replies_.add_lost(call->address.correlation_id, *refused);
        call->reply.reset();
    }
    conclude_tried(std::move(call));
}

void MessageServer::on_reply_refused(const protocol::MessageView& reply, const Failure& why) {
    if (const auto failure = protocol::read_failure_headers(reply.headers);
        failure && failure->code == Code::internal) {
        replies_.add_lost(reply.correlation_id, why);
        return;
    }
    replies_.add_refused(reply.correlation_id, why);
    if (const auto sent = std::ranges::find(
            settled_, reply.correlation_id,
            [](const auto& call) -> std::string_view { return call->address.correlation_id; });
        sent != settled_.end()) {
        (*sent)->count_as_internal();
    }
    Arena arena;
    std::string body;
    const std::string message = refused_text(why);
    const protocol::ReplyAddress address = protocol_.address_of(reply);
    auto response = protocol_.encode_response(
        address, {.failure = Code::internal, .message = message}, arena, body);
    if (response) {
        response->delivery_mode = reply.delivery_mode;
        transport_.send(*response);
    }
}

void MessageServer::on_reply_lost(DeliveryId delivery, const protocol::MessageView& reply,
                                  const Failure& why) {
    replies_.add_lost(reply.correlation_id, why);
    if (std::unique_ptr<MessageServerCall> call = take_tried(delivery)) {
        call->reply.reset();
        conclude_tried(std::move(call));
    }
}

void MessageServer::send_unsent() {
    for (KeptResponse& response : redelivery_cache_.take_unsent(stopping_)) {
        conclude_again(std::move(response));
    }
}

/// What a connection that breaks leaves in doubt stays little by that.
void MessageServer::ask_later() {
    if (ask_timer_ || is_asking_) {
        return;
    }
    ask_timer_ = transport_.executor().post_at(transport_.executor().now() + ask_after, [this] {
        ask_timer_.reset();
        if (is_asking_) {
            return;  // more is asked when that is answered
        }
        asked_ = sent_;
        is_asking_ = transport_.ask();
    });
}

std::string MessageServer::unfinished() const {
    std::string text;
    const auto add = [&text](const std::string& part) {
        text += (text.empty() ? "" : ", ") + part;
    };
    if (!stopped_) {
        add("the broker has not confirmed that it delivers no more");
    }
    if (const std::size_t count = redelivery_cache_.unsent(); count != 0) {
        add(fmt::format("replies that wait for a connection: {}", count));
    } else if (in_flight_.empty() && redelivery_cache_.awaits_any()) {
        add("answered requests that the broker took back");
    }
    if (!trials_.empty()) {
        add(fmt::format("replies that the broker has not confirmed: {}", trials_.size()));
    }
    if (!moving_.empty()) {
        add(fmt::format("requests on their way into other queues: {}", moving_.size()));
    }
    return text.empty() ? text : listener_.options().name + ": " + text;
}

void MessageServer::keep(std::unique_ptr<MessageServerCall> call) {
    if (!call->is_recognizable()) {
        recycle(std::move(call));
        return;
    }
    settled_bytes_ += call->kept_bytes();
    settled_.push_back(std::move(call));
    trim_settled();
}

void MessageServer::trim_settled() {
    while (!settled_.empty() && (settled_.size() + unsettled_ > options_.in_flight_max ||
                                 settled_bytes_ > options_.redelivery_cache.bytes_max)) {
        settled_bytes_ -= settled_.front()->kept_bytes();
        recycle(std::move(settled_.front()));
        settled_.pop_front();
    }
}

void MessageServer::recycle(std::unique_ptr<MessageServerCall> call) {
    // One that outlasted a renewal compresses as was right before.
    if (free_.size() < options_.in_flight_max &&
        call->compress_bytes_min() == options_.compress_bytes_min.value_or(0) &&
        call->body_bytes <= kept_bytes_max && call->kept_bytes() <= kept_bytes_max) {
        call->reuse();
        free_.push_back(std::move(call));
    }
}

void MessageServer::remember(std::unique_ptr<MessageServerCall> call) {
    if (call->is_recognizable()) {
        redelivery_cache_.add_answered(call->take_response(), transport_.executor().now());
        arm_expiry();
    }
    recycle(std::move(call));
}

void MessageServer::arm_expiry() {
    const std::optional<TimePoint> next = redelivery_cache_.next_expiry();
    if (!next || expiry_timer_) {
        return;
    }
    expiry_timer_ = transport_.executor().post_at(*next, [this] {
        expiry_timer_.reset();
        redelivery_cache_.forget_expired(transport_.executor().now());
        arm_expiry();
    });
}

}  // namespace warren::runtime
