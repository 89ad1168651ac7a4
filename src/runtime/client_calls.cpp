#include "runtime/client_calls.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace warren::runtime {

ClientCalls::ClientCalls(Executor& executor, const ClientCallsOptions& options)
    : executor_{executor}, in_flight_max_{options.in_flight_max}, pending_{options.random} {}

void ClientCalls::submit(OutgoingCall& call) {
    const std::uint64_t before = counters_.in_flight.fetch_add(1, std::memory_order_relaxed);
    if (before >= in_flight_max_ && !call.refused) {
        call.refused = Failure{.code = Code::overloaded,
                               .message = "Not sent: " + std::to_string(in_flight_max_) +
                                          " calls are in flight, the limit (in_flight_max)"};
    }
    if (series_) {
        call.submitted_at_ = executor_.now();
    }
    // A call that is submitted may be over at once, and its completion may destroy the client.
    const std::shared_ptr<ClientCalls> kept = shared_from_this();
    OutgoingCall* last = submitted_.load(std::memory_order_relaxed);
    do {
        call.submitted_before_ = last;
    } while (!submitted_.compare_exchange_weak(last, &call));
    if (last == nullptr) {
        // Executors may outlive their clients.
        executor_.post([weak = weak_from_this()] {
            if (const std::shared_ptr<ClientCalls> self = weak.lock()) {
                self->accept_submissions();
            }
        });
    }
    if (is_closed_.load()) {
        accept_submissions();
    }
}

void ClientCalls::give_up(OutgoingCall& call) {
    call.is_given_up_.store(true);
    if (const std::uint64_t token = call.token_.load(); token != 0) {
        executor_.post([weak = weak_from_this(), token] {
            const std::shared_ptr<ClientCalls> self = weak.lock();
            if (OutgoingCall* found = self ? self->pending_.find(token) : nullptr) {
                self->end(*found, cancelled_failure(found->stage_, "The caller gave up"));
            }
        });
    }
}

void ClientCalls::close() {
    is_closed_.store(true);
    accept_submissions();
    pending_.each([this](PendingCalls::Token, OutgoingCall& call) {
        end(call, cancelled_failure(call.stage_, "The client was closed"));
    });
    if (timer_at_) {
        executor_.cancel(timer_);
        timer_at_.reset();
    }
}

void ClientCalls::accept_submissions() {
    OutgoingCall* last = submitted_.exchange(nullptr);
    OutgoingCall* first = nullptr;
    while (last != nullptr) {
        OutgoingCall* before = std::exchange(last->submitted_before_, first);
        first = std::exchange(last, before);
    }
    while (first != nullptr) {
        accept(*std::exchange(first, first->submitted_before_));
    }
    if (!is_closed_) {
        arm_timer();
    }
}

void ClientCalls::accept(OutgoingCall& call) {
    counters_.calls.fetch_add(1, std::memory_order_relaxed);
    // Of a client that is closed this may be any thread.
    if (series_ && !is_closed_) {
        call.series_ = &series_->of(call.method);
    }
    if (call.refused) {
        return fail(call, std::move(*call.refused));
    }
    if (is_closed_) {
        return fail(call, cancelled_failure(CallStage::queued, "The client was closed"));
    }
    if (call.timeout > call_timeout_max) {
        return fail(call, {.code = Code::invalid_request,
                           .message = "Not sent: the time-out is over the limit of " +
                                      std::to_string(call_timeout_max.count()) + " ms"});
    }
    const auto timeout = std::max(call.timeout, std::chrono::milliseconds{0});
    call.token_.store(pending_.add(call, executor_.now() + timeout));
    if (call.is_given_up_.load()) {
        return fail(call, cancelled_failure(CallStage::queued, "The caller gave up"));
    }
    dispatch(call);
}

void ClientCalls::succeed(OutgoingCall& call, const protocol::Answer& answer) {
    release(call);
    counters_.successes.fetch_add(1, std::memory_order_relaxed);
    record(call, answer.failure);
    call.succeeded(answer);
}

void ClientCalls::fail(OutgoingCall& call, Failure failure) {
    release(call);
    counters_.failures[static_cast<std::size_t>(failure.code)].fetch_add(1,
                                                                         std::memory_order_relaxed);
    record(call, failure.code);
    call.failed(std::move(failure));
}

void ClientCalls::record(const OutgoingCall& call, std::optional<Code> failure) const noexcept {
    if (call.series_ != nullptr) {
        call.series_->record(failure, executor_.now() - call.submitted_at_, call.request_bytes_);
    }
}

void ClientCalls::fail_all(CallQueue& queue, const Failure& why) {
    while (!queue.empty()) {
        fail(queue.pop(), why);
    }
}

void ClientCalls::end(OutgoingCall& call, Failure failure) {
    forget(call);
    fail(call, std::move(failure));
}

void ClientCalls::release(OutgoingCall& call) noexcept {
    CallQueue::leave(call);
    if (const std::uint64_t token = token_of(call); token != 0) {
        pending_.remove(token);
    }
    counters_.in_flight.fetch_sub(1, std::memory_order_relaxed);
}

std::chrono::milliseconds ClientCalls::time_left(const OutgoingCall& call) const noexcept {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        pending_.deadline_of(token_of(call)) - executor_.now());
}

void ClientCalls::expire_due() {
    timer_at_.reset();
    const TimePoint now = executor_.now();
    for (PendingCalls::Token due = pending_.first_due(now); due != 0;
         due = pending_.first_due(now)) {
        OutgoingCall& call = *pending_.find(due);
        end(call, deadline_failure_of(call));
    }
    arm_timer();
}

/// A timer that is set for an earlier time stays: most calls end before their deadline, and the
/// timer finds out when it runs.
void ClientCalls::arm_timer() {
    const std::optional<TimePoint> deadline = pending_.next_deadline();
    if (!deadline || (timer_at_ && *timer_at_ <= *deadline)) {
        return;
    }
    if (timer_at_) {
        executor_.cancel(timer_);
    }
    timer_at_ = deadline;
    timer_ = executor_.post_at(*deadline, [this] { expire_due(); });
}

}  // namespace warren::runtime
