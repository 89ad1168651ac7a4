#include "protocol/delay_queue.hpp"
#include "runtime/server/message_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

// Requests that leave their queue without being done: those that come again later, and those that
// were begun too often. Each is in its next queue, as the broker confirms, before its delivery is
// acknowledged: whenever this process ends it is in one of the two, and between these in both.
namespace warren::runtime {

std::optional<protocol::RequestMove> MessageServer::move_of(const MessageServerCall& call) const {
    const RequestMoves& moves = options_.moves;
    if (!call.request) {
        return std::nullopt;
    }
    const std::int64_t now_ms = transport_.executor().unix_ms();
    protocol::RequestMove move{.attempts = call.attempt, .unix_ms = now_ms};
    if (call.state.is_poisoned) {
        if (moves.dead_letters.empty()) {
            return std::nullopt;
        }
        move.queue = moves.dead_letters;
        move.attempts = 0;
        move.death = protocol::Death{.reason = call.state.failure.message,
                                     .attempts = call.attempt - 1,
                                     .first_unix_ms = protocol::first_attempt_ms(*call.request),
                                     .last_unix_ms = now_ms,
                                     .server = moves.server,
                                     .queue = moves.queue.name};
        return move;
    }
    move.declared = protocol::delay_queue(
        moves.queue, std::chrono::duration_cast<std::chrono::seconds>(*call.state.retry_after));
    move.queue = move.declared->name;
    if (const auto deadline = call.state.context.deadline) {
        move.time_left = std::chrono::duration_cast<std::chrono::milliseconds>(
            *deadline - transport_.executor().now());
    }
    return move;
}

/// It was begun too often, or is to come again later.
void MessageServer::part_with(std::unique_ptr<MessageServerCall> call) {
    const bool is_poisoned = call->state.is_poisoned;
    if (!is_current(*call) && comes_again()) {
        // The broker has it back, and counts.
        return is_poisoned ? conclude(std::move(call)) : recycle(std::move(call));
    }
    if (call->is_cancelled && !is_poisoned) {
        return conclude(std::move(call));
    }
    if (const auto move = move_of(*call); move && generation_ != 0) {
        transport_.move(call->delivery, *call->request, *move);
        moving_.push_back(std::move(call));
    } else if (is_poisoned && transport_.can_move()) {
        give_up(std::move(call));
    } else {
        conclude(std::move(call));
    }
}

/// Where it goes the rules of its queue say, which may be the broker's alone.
void MessageServer::give_up(std::unique_ptr<MessageServerCall> call) {
    if (call->reply) {
        (void)transport_.send(*call->reply);
    }
    transport_.reject(call->delivery);
    let_go(std::move(call));
}

/// Its delivery is settled, without a word that a redelivery might get.
void MessageServer::let_go(std::unique_ptr<MessageServerCall> call) {
    unsettled_ -= is_current(*call) ? 1 : 0;
    recycle(std::move(call));
}

void MessageServer::on_moved(DeliveryId delivery, const Failure* failed) {
    const auto found =
        std::ranges::find(moving_, delivery, [](const auto& moving) { return moving->delivery; });
    if (found == moving_.end()) {
        conclude_behind(delivery, failed);
        return;
    }
    std::unique_ptr<MessageServerCall> call = std::move(*found);
    moving_.erase(found);
    if (failed != nullptr) {
        move_failed(std::move(call), *failed);
    } else if (call->state.is_poisoned) {
        conclude(std::move(call));
    } else {
        (void)transport_.settle(call->delivery, nullptr);
        let_go(std::move(call));
    }
    accept_held();
    step_isolation();
    check_drained();
}

void MessageServer::move_failed(std::unique_ptr<MessageServerCall> call, const Failure& why) {
    const std::string& name = listener_.options().name;
    if (call->state.is_poisoned) {
        log_.error(
            fmt::format("{}: a poisoned request is rejected, as it cannot be put among the "
                        "dead letters: {}",
                        name, to_string(why)));
        return give_up(std::move(call));
    }
    log_.warning(
        fmt::format("{}: a request that is to come again later cannot wait at the broker: {}", name,
                    to_string(why)));
    if (call->reply) {
        return conclude(std::move(call));
    }
    // Nobody would send it again. That counts as an attempt, and so has an end.
    transport_.requeue(call->delivery);
    let_go(std::move(call));
}

/// The connection is gone, and what was moved may be where it was to go, or not.
void MessageServer::lose_moving() {
    for (std::unique_ptr<MessageServerCall>& call : std::exchange(moving_, {})) {
        if (call->state.is_poisoned || !comes_again()) {
            conclude(std::move(call));
        } else {
            recycle(std::move(call));
        }
    }
}

}  // namespace warren::runtime
