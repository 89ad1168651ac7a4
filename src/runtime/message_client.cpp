#include "runtime/message_client.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace warren::runtime {
namespace {

/// An expiration, as brokers take it.                                  [AMQP 0-9-1 1.8.3.8]
class ExpirationText {
public:
    explicit ExpirationText(std::chrono::milliseconds left) noexcept
        : end_{std::to_chars(digits_.data(), digits_.data() + digits_.size(), left.count()).ptr} {}

    std::string_view view() const noexcept { return {digits_.data(), end_}; }

private:
    std::array<char, 20> digits_;
    const char* end_;
};

}  // namespace

MessageClient::MessageClient(Executor& executor, const protocol::MessageDialect& dialect,
                             MessageClientOptions options)
    : executor_{executor},
      dialect_{dialect},
      options_{std::move(options)},
      pending_{options_.random} {}

MessageClient::~MessageClient() {
    close();
}

/// Executors may outlive their clients.
template <typename Function>
void MessageClient::post(Function function) {
    executor_.post([weak = weak_from_this(), function] {
        if (const std::shared_ptr<MessageClient> self = weak.lock()) {
            function(*self);
        }
    });
}

void MessageClient::submit(OutgoingCall& call) {
    const std::uint64_t before = counters_.in_flight.fetch_add(1, std::memory_order_relaxed);
    if (before >= options_.in_flight_max && !call.refused) {
        call.refused = Failure{.code = Code::overloaded,
                               .message = "Not sent: " + std::to_string(options_.in_flight_max) +
                                          " calls are in flight, the limit (in_flight_max)"};
    }
    OutgoingCall* last = submitted_.load(std::memory_order_relaxed);
    do {
        call.submitted_before_ = last;
    } while (!submitted_.compare_exchange_weak(last, &call));
    // The call may be over already: from here on only `last` is ours.
    if (last == nullptr) {
        post([](MessageClient& client) { client.accept_submissions(); });
    }
    if (is_closed_.load()) {
        accept_submissions();
    }
}

void MessageClient::give_up(OutgoingCall& call) {
    call.is_given_up_.store(true);
    if (const std::uint64_t token = call.token_.load(); token != 0) {
        post([token](MessageClient& client) {
            if (OutgoingCall* found = client.pending_.find(token)) {
                client.fail(*found, cancelled_failure(found->stage_, "The caller gave up"));
            }
        });
    }
}

void MessageClient::close() {
    is_closed_.store(true);
    accept_submissions();
    pending_.each([this](PendingCalls::Token, OutgoingCall& call) {
        fail(call, cancelled_failure(call.stage_, "The client was closed"));
    });
    if (timer_at_) {
        executor_.cancel(timer_);
        timer_at_.reset();
    }
}

void MessageClient::accept_submissions() {
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

void MessageClient::accept(OutgoingCall& call) {
    counters_.calls.fetch_add(1, std::memory_order_relaxed);
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

void MessageClient::dispatch(OutgoingCall& call) {
    if (given_up_) {
        return fail(call, *given_up_);
    }
    if (!is_ready_) {
        return waiting_.push(call);
    }
    if (blocked_) {
        if (call.when_blocked == WhenBlocked::fail) {
            return fail(call, blocked_failure(options_.broker, *blocked_));
        }
        return waiting_.push(call);
    }
    if (bind_first(call)) {
        publish(call);
    }
}

/// out  false when the call waits for a binding or has failed
bool MessageClient::bind_first(OutgoingCall& call) {
    MethodBinding* binding = bindings_.find(call.method);
    if (binding != nullptr && binding->state == MethodBinding::State::bound) {
        return true;
    }
    std::vector<protocol::Binding> wanted;
    if (binding == nullptr || binding->state == MethodBinding::State::wanted) {
        wanted = dialect_.reply_bindings(call.method);
        if (wanted.empty()) {
            return true;
        }
    }
    if (binding == nullptr) {
        binding = bindings_.add(call.method);
    }
    if (binding == nullptr) {
        fail(call, {.code = Code::overloaded,
                    .message = "Not sent: this client calls " +
                               std::to_string(MethodBindings::methods_max) +
                               " methods already, the limit (methods_max)"});
        return false;
    }
    binding->waiting.push(call);
    if (binding->state == MethodBinding::State::wanted) {
        binding->state = MethodBinding::State::requested;
        // Last, because it may be answered at once, and refused.
        port_->bind_replies(binding->token, std::move(wanted));
    }
    return false;
}

void MessageClient::publish(OutgoingCall& call) {
    const std::uint64_t token = call.token_.load(std::memory_order_relaxed);
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        pending_.deadline_of(token) - executor_.now());
    if (left <= left.zero()) {
        return fail(call, deadline_failure_of(call));
    }
    const PendingCalls::CorrelationText correlation = pending_.correlation_of(token);
    const ExpirationText expiration{left};
    const protocol::Call encoded{.method = call.method,
                                 .style = call.style,
                                 .arguments = call.arguments,
                                 .correlation_id = {correlation.data(), correlation.size()},
                                 .time_left = left};
    arena_.reset();
    auto message = dialect_.encode_call(encoded, options_.queue, reply_address_, arena_, body_);
    if (!message) {
        return fail(call, std::move(message.error()));
    }
    if (message->expiration.empty()) {
        message->expiration = expiration.view();
    }
    call.stage_ = CallStage::sent;
    // Last, because the port may say at once what became of it.
    port_->publish(token, *message);
}

void MessageClient::send_waiting() {
    // Not more than those that wait now: what waits again waits for something else.
    CallQueue due;
    due.append(waiting_);
    while (!due.empty()) {
        dispatch(due.pop());
    }
}

void MessageClient::fail_waiting(CallQueue& queue, const Failure& why) {
    while (!queue.empty()) {
        fail(queue.pop(), why);
    }
}

void MessageClient::on_ready(std::string_view reply_address) {
    is_ready_ = true;
    blocked_.reset();
    last_failure_.reset();
    given_up_.reset();
    reply_address_ = reply_address;
    // Bindings that were asked for and not made are asked for again by the calls that wait.
    bindings_.each([this](MethodBinding& binding) {
        if (binding.state == MethodBinding::State::requested) {
            binding.state = MethodBinding::State::wanted;
            waiting_.append(binding.waiting);
        }
    });
    send_waiting();
}

void MessageClient::on_reply(const protocol::Envelope& reply) {
    const PendingCalls::Token token = pending_.find_correlation(reply.correlation_id);
    OutgoingCall* call = token != 0 ? pending_.find(token) : nullptr;
    if (call == nullptr || call->stage_ == CallStage::queued) {
        replies_dropped_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    arena_.reset();
    auto answer = dialect_.decode_answer(reply, arena_);
    if (!answer) {
        fail(*call, std::move(answer.error()));
    } else if (answer->failure) {
        fail(*call, {.code = *answer->failure,
                     .message = std::string{answer->message},
                     .errors = {answer->errors.begin(), answer->errors.end()},
                     .data = answer->data ? Dynamic{*answer->data} : Dynamic{},
                     .retry_after = answer->retry_after});
    } else {
        succeed(*call, *answer);
    }
}

void MessageClient::on_accepted(std::uint64_t token) {
    if (OutgoingCall* call = pending_.find(token)) {
        call->stage_ = CallStage::accepted;
    }
}

void MessageClient::on_returned(std::uint64_t token, const Failure& why) {
    if (OutgoingCall* call = pending_.find(token)) {
        fail(*call, why);
    }
}

void MessageClient::on_refused(std::uint64_t token, const Failure& why) {
    on_returned(token, why);
}

void MessageClient::on_bound(std::uint64_t token, const Failure* refused) {
    MethodBinding* binding = bindings_.find(token);
    if (binding == nullptr) {
        return;
    }
    CallQueue waiting;
    waiting.append(binding->waiting);
    if (refused != nullptr) {
        const Failure why = *refused;
        bindings_.remove(*binding);
        return fail_waiting(waiting, why);
    }
    binding->state = MethodBinding::State::bound;
    while (!waiting.empty()) {
        dispatch(waiting.pop());
    }
}

void MessageClient::on_lost(const Failure& why, RepliesSurvive replies) {
    is_ready_ = false;
    blocked_.reset();
    last_failure_ = why;
    if (replies == RepliesSurvive::yes) {
        return;
    }
    pending_.each([this](PendingCalls::Token, OutgoingCall& call) {
        if (call.stage_ != CallStage::queued) {
            fail(call, lost_failure(options_.broker, call.stage_, *last_failure_));
        }
    });
}

void MessageClient::on_failed(const Failure& why) {
    is_ready_ = false;
    blocked_.reset();
    last_failure_ = why;
    given_up_ = why;
    pending_.each([this](PendingCalls::Token, OutgoingCall& call) {
        // A request that was sent may have had an effect, whatever keeps us out now.
        fail(call, call.stage_ == CallStage::queued
                       ? *given_up_
                       : lost_failure(options_.broker, call.stage_, *given_up_));
    });
}

void MessageClient::on_blocked(std::string_view reason) {
    blocked_ = reason;
}

void MessageClient::on_unblocked() {
    blocked_.reset();
    if (is_ready_) {
        send_waiting();
    }
}

void MessageClient::succeed(OutgoingCall& call, const protocol::Answer& answer) {
    release(call);
    counters_.successes.fetch_add(1, std::memory_order_relaxed);
    call.succeeded(answer);
}

void MessageClient::fail(OutgoingCall& call, Failure failure) {
    release(call);
    counters_.failures[static_cast<std::size_t>(failure.code)].fetch_add(1,
                                                                         std::memory_order_relaxed);
    call.failed(std::move(failure));
}

void MessageClient::release(OutgoingCall& call) noexcept {
    CallQueue::leave(call);
    if (const std::uint64_t token = call.token_.load(std::memory_order_relaxed); token != 0) {
        pending_.remove(token);
    }
    counters_.in_flight.fetch_sub(1, std::memory_order_relaxed);
}

void MessageClient::expire_due() {
    timer_at_.reset();
    const TimePoint now = executor_.now();
    for (PendingCalls::Token due = pending_.first_due(now); due != 0;
         due = pending_.first_due(now)) {
        OutgoingCall& call = *pending_.find(due);
        fail(call, deadline_failure_of(call));
    }
    arm_timer();
}

/// A timer that is set for an earlier time stays: most calls end before their deadline, and the
/// timer finds out when it runs.
void MessageClient::arm_timer() {
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

Failure MessageClient::deadline_failure_of(const OutgoingCall& call) const {
    return deadline_failure(
        {.broker = options_.broker,
         .stage = call.stage_,
         .is_connected = is_ready_,
         .last_failure = last_failure_ ? &*last_failure_ : nullptr,
         .blocked = blocked_ ? std::optional<std::string_view>{*blocked_} : std::nullopt},
        call.timeout);
}

}  // namespace warren::runtime
