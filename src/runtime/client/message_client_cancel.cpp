#include "protocol/control.hpp"
#include "runtime/client/message_client.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

// How servers hear of calls that nobody waits for any more.
namespace warren::runtime {
namespace {

/// A broker drops a request whose time is over, but not one that is on its way already.
constexpr std::chrono::seconds request_travels_max{10};
constexpr std::chrono::milliseconds credit_pause_min{2'000};
constexpr std::chrono::milliseconds credit_pause_max{30'000};

}  // namespace

/// Those of a lost connection are told of as soon as there is another one. What is to run in any
/// case may wait in its queue still.
void MessageClient::forget(ClientCall& call) noexcept {
    if (!options_.cancels || !call.wants_response || call.runs_anyway ||
        stage_of(call) == CallStage::queued) {
        return;
    }
    const auto left = std::max(time_left(call), std::chrono::milliseconds{0});
    cancelled_.push_back({protocol_.server_queue(server_of(call)),
                          pending().correlation_of(token_of(call)),
                          now() + left + request_travels_max});
    send_cancellations();
}

/// Servers that lost their connections, too, and are not back yet, hear nothing the first time.
void MessageClient::send_cancellations() {
    if (cancelled_.empty() || !is_ready_ || blocked_) {
        return;
    }
    for (; cancellations_sent_ < cancelled_.size(); ++cancellations_sent_) {
        send_cancellation(cancelled_[cancellations_sent_]);
    }
    if (now() < grace_until_) {
        return tell_again_later();
    }
    cancelled_.clear();
    cancellations_sent_ = 0;
}

void MessageClient::send_cancellation(const Cancelled& call) {
    const auto expires_after =
        std::chrono::duration_cast<std::chrono::milliseconds>(call.request_expires - now());
    if (expires_after.count() > 0) {
        Arena arena;
        const std::string key = protocol::control_key(call.queue);
        protocol::MessageView message = protocol::encode_cancellation(
            key, {call.correlation_id.data(), call.correlation_id.size()}, expires_after, arena);
        message.user_id = options_.user_id;
        transport_->send_control(message);
    }
}

void MessageClient::send_credit(ClientCall& call, std::uint64_t bytes_done) {
    say_credit(call, bytes_done);
    tell_again(token_of(call), bytes_done, credit_pause_min);
}

void MessageClient::say_credit(const ClientCall& call, std::uint64_t bytes_done) {
    Arena arena;
    const std::string key = protocol::control_key(protocol_.server_queue(server_of(call)));
    const PendingCalls::CorrelationText correlation = pending().correlation_of(token_of(call));
    transport_->send_control(protocol::encode_credit(
        key, {{correlation.data(), correlation.size()}, bytes_done}, arena));
}

/// What is said over the control route may be lost with a connection, and the handler would wait
/// for it until its deadline: while no more credit is given it is said again.
void MessageClient::tell_again(std::uint64_t token, std::uint64_t bytes_done,
                               std::chrono::milliseconds pause) {
    executor().post_at(now() + pause, [weak = weak_from_this(), token, bytes_done, pause] {
        const auto self = std::static_pointer_cast<MessageClient>(weak.lock());
        ClientCall* const call = self ? self->pending().find(token) : nullptr;
        if (call == nullptr || credit_of(*call) != bytes_done) {
            return;
        }
        self->say_credit(*call, bytes_done);
        self->tell_again(token, bytes_done, std::min(2 * pause, credit_pause_max));
    });
}

void MessageClient::tell_again_later() {
    if (std::exchange(tells_again_, true)) {
        return;
    }
    executor().post_at(grace_until_, [weak = weak_from_this()] {
        if (const auto self = std::static_pointer_cast<MessageClient>(weak.lock())) {
            self->tells_again_ = false;
            self->cancellations_sent_ = 0;
            self->send_cancellations();
        }
    });
}

}  // namespace warren::runtime
