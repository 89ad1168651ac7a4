#include "protocol/metadata.hpp"
#include "runtime/server/message_server.hpp"

#include <algorithm>
#include <utility>

// Requests whose earlier attempt may have ended its process: each runs alone, so that no other one
// is begun, or only held, when it does so again. What is in hand already runs before it; what is
// suspect, too, goes behind in the queue.
//
// The queue counts deliveries: all that is in hand when a process ends or a connection is lost, and
// not only what was begun. So a suspect's attempts are noted in itself, where the count of the
// queue then means nothing. One of those that go behind is the next: its attempt is counted by
// that, before it begins, and it alone runs when it comes.
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

std::uint32_t attempts_before(const protocol::MessageView& message) noexcept {
    // However often it was given back since it was put into the queue, that is one attempt: what
    // comes again is suspect, and is not begun from there.
    return message.is_suspect ? protocol::delivery_attempt(message) - 1
                              : message.attempts_before + (message.redelivered ? 1 : 0);
}

bool is_next(const protocol::MessageView& message) noexcept {
    return message.is_next && !message.redelivered;
}

}  // namespace

bool MessageServer::is_suspect(const protocol::MessageView& message) const {
    return (message.redelivered || message.is_suspect) &&
           protocol::delivery_attempt(message) <= listener_.options().deliveries_max();
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
    bool has_next = false;
    for (Held& suspect : std::exchange(suspects_, {})) {
        if (suspects_.empty() && is_next(suspect.message.view())) {
            suspects_.push_back(std::move(suspect));
        } else {
            send_behind(std::move(suspect), !std::exchange(has_next, true));
        }
    }
    step_isolation();
}

/// in   is_next: it runs when it comes, and its attempt is counted
void MessageServer::send_behind(Held suspect, bool is_next) {
    const protocol::MessageView message = suspect.message.view();
    const std::int64_t now_ms = transport_.executor().unix_ms();
    protocol::RequestMove move{.queue = options_.moves.queue.name,
                               .attempts = attempts_before(message) + (is_next ? 1 : 0),
                               .unix_ms = now_ms,
                               .is_suspect = true,
                               .is_next = is_next};
    if (const auto expiration = protocol::read_expiration(message.expiration)) {
        const auto held = std::chrono::duration_cast<std::chrono::milliseconds>(
            transport_.executor().now() - suspect.came_at);
        move.time_left = time_left_of(message, *expiration, now_ms, held);
    }
    transport_.move(suspect.delivery, message, move);
    sent_behind_.push_back(std::move(suspect));
}

/// out  whether it was one that goes behind
bool MessageServer::conclude_behind(DeliveryId delivery, const Failure* failed) {
    const auto found = std::ranges::find(sent_behind_, delivery, &Held::delivery);
    if (found == sent_behind_.end()) {
        return false;
    }
    Held suspect = std::move(*found);
    sent_behind_.erase(found);
    if (failed == nullptr) {
        (void)transport_.settle(delivery, nullptr);
    } else if (isolation_ == Isolation::none) {
        transport_.requeue(delivery);
    } else {
        // Given back it would come, be counted, and go again at once. It has its turn from here.
        suspects_.push_back(std::move(suspect));
    }
    step_isolation();
    check_drained();
    return true;
}

void MessageServer::step_isolation() {
    if (!in_flight_.empty() || !moving_.empty() || !sent_behind_.empty()) {
        return;
    }
    if (isolation_ == Isolation::running && !suspects_.empty() && !stopping_) {
        isolation_ = Isolation::clearing;
    }
    if (isolation_ == Isolation::running ||
        (isolation_ == Isolation::clearing && suspects_.empty())) {
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
