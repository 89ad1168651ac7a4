#include "protocol/metadata.hpp"
#include "runtime/server/message_server.hpp"

#include <algorithm>
#include <utility>

// Requests whose earlier attempt may have ended its process: each runs alone, so that no other one
// is begun, or only held, when it does so again. What is in hand already runs before it; what is
// suspect, too, goes behind in the queue, and no attempt is counted for that.
namespace warren::runtime {
namespace {

std::chrono::milliseconds time_left_of(const protocol::MessageView& message,
                                       std::chrono::milliseconds expiration, std::int64_t now_ms,
                                       std::chrono::milliseconds held) {
    const Value* const sent = message.headers.find("warren-sent-at-ms");
    const bool has_sent = sent != nullptr && sent->kind() == Value::Kind::int64;
    const std::chrono::milliseconds waited =
        has_sent ? std::chrono::milliseconds{now_ms - sent->as_int64()} : held;
    // Clocks that differ by more take nothing off.
    return expiration - (waited.count() < 0 || waited > expiration + held ? held : waited);
}

}  // namespace

bool MessageServer::is_suspect(const protocol::MessageView& message) const {
    return (message.redelivered || message.is_suspect) &&
           protocol::delivery_attempt(message) <= listener_.options().attempts_max;
}

bool MessageServer::hold_if_suspect(DeliveryId delivery, const protocol::MessageView& message) {
    const bool holds_all = isolation_ != Isolation::none && isolation_ != Isolation::pausing;
    if (!holds_all && !is_suspect(message)) {
        return false;
    }
    if (isolation_ == Isolation::none) {
        if (!transport_.pause()) {
            return false;
        }
        isolation_ = Isolation::pausing;
    }
    suspects_.push_back({delivery, protocol::OwnedMessage{message}, transport_.executor().now()});
    return true;
}

void MessageServer::on_paused() {
    if (isolation_ != Isolation::pausing) {
        return;
    }
    isolation_ = Isolation::clearing;
    while (suspects_.size() > 1) {
        send_behind(suspects_[1]);
        suspects_.erase(suspects_.begin() + 1);
    }
    step_isolation();
}

void MessageServer::send_behind(const Held& suspect) {
    const protocol::MessageView message = suspect.message.view();
    const std::int64_t now_ms = transport_.executor().unix_ms();
    protocol::RequestMove move{.queue = options_.moves.queue.name,
                               .attempts = protocol::delivery_attempt(message) - 1,
                               .unix_ms = now_ms,
                               .is_suspect = true};
    if (const auto expiration = protocol::read_expiration(message.expiration)) {
        const auto held = std::chrono::duration_cast<std::chrono::milliseconds>(
            transport_.executor().now() - suspect.came_at);
        move.time_left = time_left_of(message, *expiration, now_ms, held);
    }
    transport_.move(suspect.delivery, message, move);
    sent_behind_.push_back(suspect.delivery);
}

/// out  whether it was one that goes behind
bool MessageServer::conclude_behind(DeliveryId delivery, const Failure* failed) {
    if (std::erase(sent_behind_, delivery) == 0) {
        return false;
    }
    if (failed != nullptr) {
        transport_.requeue(delivery);
    } else {
        (void)transport_.settle(delivery, nullptr);
    }
    step_isolation();
    check_drained();
    return true;
}

void MessageServer::step_isolation() {
    if (!in_flight_.empty() || !moving_.empty() || !sent_behind_.empty()) {
        return;
    }
    if (isolation_ == Isolation::running) {
        end_isolation(generation_ != 0);
        if (!stopping_) {
            transport_.unpause();
        }
    } else if (isolation_ == Isolation::clearing && !is_asking_ && !suspect_timer_) {
        // What was settled is not to come back when this ends the process.
        if (transport_.ask()) {
            asked_ = sent_;
            is_asking_ = true;
            isolation_ = Isolation::proving;
            return;
        }
        suspect_timer_ = transport_.executor().post_at(transport_.executor().now(), [this] {
            suspect_timer_.reset();
            run_suspect();
        });
    }
}

void MessageServer::run_suspect() {
    const bool is_due = isolation_ == Isolation::clearing || isolation_ == Isolation::proving;
    if (!is_due || suspects_.empty()) {
        return;
    }
    isolation_ = Isolation::running;
    const Held suspect = std::move(suspects_.front());
    suspects_.pop_front();
    take(suspect.delivery, suspect.message.view(),
         std::chrono::duration_cast<std::chrono::milliseconds>(transport_.executor().now() -
                                                               suspect.came_at));
    step_isolation();
}

/// in   is_connected: what is in hand can be given back
void MessageServer::end_isolation(bool is_connected) {
    for (const Held& suspect : std::exchange(suspects_, {})) {
        if (is_connected) {
            transport_.requeue(suspect.delivery);
        }
    }
    if (!is_connected) {
        sent_behind_.clear();
    }
    isolation_ = Isolation::none;
}

}  // namespace warren::runtime
