#include "runtime/server/message_server.hpp"

#include <chrono>
#include <utility>

// The end of a server: nothing new is begun, and what was begun is answered and settled. What the
// broker took back with a lost connection is in its queue, and would run again on the next server
// after it was answered here: it is consumed once more, to be acknowledged.
namespace warren::runtime {
namespace {

/// How soon after consuming begins a broker has delivered what it took back.
constexpr std::chrono::milliseconds redelivered_within{500};

}  // namespace

void MessageServer::drain(std::move_only_function<void()> on_drained) {
    on_drained_.push_back(std::move(on_drained));
    if (!stopping_) {
        stopping_ = true;
        requeue_held();
        if (isolation_ != Isolation::running) {
            end_isolation(true);
        }
        if (generation_ != 0) {
            send_unsent();
        }
        is_recovering_ = redelivery_timer_ && redelivery_cache_.awaits_any();
        if (!is_recovering_) {
            transport_.stop_consuming();
        }
    }
    check_drained();
}

void MessageServer::stop_now(std::move_only_function<void()> on_drained) {
    for (MessageServerCall* const call : in_flight_) {
        if (!call->requeued && is_current(*call)) {
            transport_.requeue(call->delivery);
        }
        redelivery_cache_.remove_running(*call);
        call->requeued = true;
        drop(*call);
    }
    end_isolation(generation_ != 0);
    sent_behind_.clear();
    for (const Trial& trial : std::exchange(trials_, {})) {
        redelivery_cache_.remove_running(*trial.call);
        if (is_current(*trial.call)) {
            transport_.requeue(trial.delivery);
        }
    }
    for (const std::unique_ptr<MessageServerCall>& call : std::exchange(moving_, {})) {
        if (is_current(*call)) {
            transport_.requeue(call->delivery);
        }
    }
    // Neither the broker's word nor a connection is waited for.
    abandoned_ = stopped_ = true;
    end_recovery();
    if (on_drained) {
        drain(std::move(on_drained));
    } else {
        drain([] {});
    }
}

void MessageServer::on_connected(std::uint64_t generation) {
    generation_ = generation;
    send_unsent();
    if (!abandoned_ && redelivery_cache_.awaits_any()) {
        is_recovering_ = true;
        stopped_ = false;
        transport_.resume_consuming();
    }
    check_drained();
}

void MessageServer::await_redeliveries() {
    stop_awaiting();
    if (!redelivery_cache_.awaits_any()) {
        return end_recovery();
    }
    redelivery_timer_ =
        transport_.executor().post_at(transport_.executor().now() + redelivered_within, [this] {
            redelivery_timer_.reset();
            // Others have it, or the broker takes the old connection for one that is there.
            redelivery_cache_.await_no_more();
            end_recovery();
            check_drained();
        });
}

void MessageServer::stop_awaiting() noexcept {
    if (redelivery_timer_) {
        transport_.executor().cancel(*std::exchange(redelivery_timer_, std::nullopt));
    }
}

void MessageServer::end_recovery_if_complete() {
    if (is_recovering_ && !redelivery_cache_.awaits_any()) {
        end_recovery();
    }
}

void MessageServer::end_recovery() {
    if (std::exchange(is_recovering_, false)) {
        stop_awaiting();
        transport_.stop_consuming();
    }
}

void MessageServer::on_stopped() {
    consuming_ = false;
    stopped_ = true;
    for (const DeliveryId delivery : std::exchange(passed_over_, {})) {
        transport_.requeue(delivery);
    }
    check_drained();
}

void MessageServer::check_drained() {
    if (!stopped_ || !in_flight_.empty() || !trials_.empty() || !moving_.empty() ||
        !sent_behind_.empty() ||
        (!abandoned_ && (redelivery_cache_.unsent() != 0 || redelivery_cache_.awaits_any()))) {
        return;
    }
    // They may destroy this server, and the port that is calling it.
    for (std::move_only_function<void()>& on_drained : std::exchange(on_drained_, {})) {
        transport_.executor().post(std::move(on_drained));
    }
}

}  // namespace warren::runtime
