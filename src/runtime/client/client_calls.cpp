#include "runtime/client/client_calls.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace warren::runtime {
namespace {

constexpr int missed_heartbeats_max = 3;

}  // namespace

std::uint32_t seed_of(const std::array<std::uint8_t, 16>& random) noexcept {
    std::uint32_t seed = 0;
    for (std::size_t at = 0; at < sizeof seed; ++at) {
        seed = seed << 8 | random[at];
    }
    return seed;
}

ClientCalls::ClientCalls(Executor& executor, const ClientCallsOptions& options)
    : executor_{executor},
      in_flight_max_{options.in_flight_max},
      retry_{options.retry},
      pending_{options.random},
      keys_{options.key_random ? std::optional<CallKeys>{*options.key_random} : std::nullopt},
      random_{seed_of(options.random)} {}

void ClientCalls::submit(ClientCall& call) {
    if (series_) {
        call.submitted_at_ = executor_.now();
    }
    if (executor_.is_current_thread() && !is_closed()) {
        submit_here(call);
    } else {
        submit_from_elsewhere(call);
    }
}

/// in  before: how many calls were submitted before this one
void ClientCalls::hold_against_limit(ClientCall& call, std::uint64_t before) const {
    const std::uint64_t ended = counters_.ended.get();
    const std::uint64_t in_flight = before > ended ? before - ended : 0;
    if (in_flight >= in_flight_max_ && !call.refused && !call.awaits_room) [[unlikely]] {
        refuse_one_more(call);
    }
}

void ClientCalls::refuse_one_more(ClientCall& call) const {
    call.refused = Failure{.code = Code::overloaded,
                           .message = "Not sent: " + std::to_string(in_flight_max_) +
                                      " calls are in flight, the limit (in_flight_max)"};
}

void ClientCalls::submit_here(ClientCall& call) {
    hold_against_limit(call, counters_.calls());
    counters_.submitted.add();
    call.submitted_before_ = std::exchange(submitted_here_, &call);
    if (call.submitted_before_ == nullptr && !holds_submissions_) {
        post_acceptance();
    }
}

void ClientCalls::accept_held() {
    holds_submissions_ = false;
    if (submitted_here_ != nullptr) {
        accept_submissions();
    }
}

void ClientCalls::submit_from_elsewhere(ClientCall& call) {
    const std::uint64_t elsewhere =
        counters_.submitted_elsewhere.fetch_add(1, std::memory_order_relaxed);
    hold_against_limit(call, elsewhere + counters_.submitted.get());
    // A call that is submitted may be over at once, and its completion may destroy the client.
    const std::shared_ptr<ClientCalls> kept = shared_from_this();
    ClientCall* last = submitted_.load(std::memory_order_relaxed);
    do {
        call.submitted_before_ = last;
    } while (!submitted_.compare_exchange_weak(last, &call));
    if (last == nullptr) {
        post_acceptance();
    }
    if (is_closed_.load()) {
        accept_from_elsewhere();
    }
}

void ClientCalls::post_acceptance() {
    // Executors may outlive their clients.
    executor_.post([weak = weak_from_this()] {
        if (const std::shared_ptr<ClientCalls> self = weak.lock()) {
            self->accept_submissions();
        }
    });
}

void ClientCalls::cancel(ClientCall& call) {
    cancel(call, call.runs_anyway ? CancelWhen::if_sent : CancelWhen::always);
}

void ClientCalls::withdraw(ClientCall& call) {
    cancel(call, CancelWhen::unless_sent);
}

void ClientCalls::cancel(ClientCall& call, CancelWhen when) {
    // One that is not accepted yet, and so not sent, fails there.
    if (when != CancelWhen::if_sent) {
        call.is_cancelled_.store(true);
    }
    if (const std::uint64_t token = call.token_.load(); token != 0) {
        executor_.post([weak = weak_from_this(), token, when] {
            const std::shared_ptr<ClientCalls> self = weak.lock();
            ClientCall* const found = self ? self->find_of_any_attempt(token) : nullptr;
            if (found == nullptr) {
                return;
            }
            const CallStage stage = stage_reached_by(*found);
            if (when == CancelWhen::always ||
                (when == CancelWhen::if_sent) == (stage != CallStage::queued)) {
                self->end(*found, cancelled_failure(stage, "The caller gave up"));
            }
        });
    }
}

void ClientCalls::end_unsent(Failure why) {
    executor_.post([weak = weak_from_this(), why = std::move(why)] {
        const std::shared_ptr<ClientCalls> self = weak.lock();
        if (!self || self->is_closed_) {
            return;
        }
        self->accept_submissions();
        self->pending_.each([&](PendingCalls::Token, ClientCall& call) {
            if (stage_reached_by(call) == CallStage::queued) {
                self->end(call, why);
            }
        });
    });
}

void ClientCalls::close() {
    is_closed_.store(true);
    accept_submissions();
    pending_.each([this](PendingCalls::Token, ClientCall& call) {
        end(call, cancelled_failure(stage_reached_by(call), "The client was closed"));
    });
    if (timer_at_) {
        executor_.cancel(timer_);
        timer_at_.reset();
    }
}

void ClientCalls::accept_submissions() {
    accept_each(std::exchange(submitted_here_, nullptr));
    accept_from_elsewhere();
    if (!is_closed_) {
        arm_timer();
    }
}

void ClientCalls::accept_from_elsewhere() {
    accept_each(submitted_.exchange(nullptr));
}

/// in  last: the one submitted last; they are accepted in the order of submission
void ClientCalls::accept_each(ClientCall* last) {
    ClientCall* first = nullptr;
    while (last != nullptr) {
        ClientCall* before = std::exchange(last->submitted_before_, first);
        first = std::exchange(last, before);
    }
    while (first != nullptr) {
        accept(*std::exchange(first, first->submitted_before_));
    }
}

/// Of a client that is closed this may be any thread.
void ClientCalls::count(SingleWriterCounter& counter) noexcept {
    if (is_closed()) [[unlikely]] {
        counter.add_shared();
    } else {
        counter.add();
    }
}

void ClientCalls::accept(ClientCall& call) {
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
    if (auto refused = refuse_over_limit(call.arguments, request_limits_)) [[unlikely]] {
        return fail(call, std::move(*refused));
    }
    const auto timeout = std::max(call.timeout, std::chrono::milliseconds{0});
    const PendingCalls::Token token = pending_.add(call, executor_.now() + timeout);
    if (!call.may_be_cancelled) {
        call.token_.store(token, std::memory_order_relaxed);
    } else if (call.token_.store(token); call.is_cancelled_.load()) {
        return fail(call, cancelled_failure(CallStage::queued, "The caller gave up"));
    }
    if (call.idempotent) [[unlikely]] {
        name(call);
    }
    budget_.on_call();
    dispatch(call);
}

void ClientCalls::give_credit(ClientCall& call, std::uint64_t bytes_done) {
    // One notice for many small parts, and soon enough for the server never to run dry.
    const std::uint64_t worth_a_notice = call.metadata.parts_window.value_or(0) / 4;
    if (bytes_done > call.credit_bytes_ && bytes_done - call.credit_bytes_ > worth_a_notice) {
        call.credit_bytes_ = bytes_done;
        send_credit(call, bytes_done);
    }
}

void ClientCalls::take_part(ClientCall& call, const protocol::Response& part, std::size_t bytes) {
    if (call.metadata.heartbeat) {
        const bool is_first = !call.heard_at_;
        call.heard_at_ = executor_.now();
        if (is_first) {
            listen_for_heartbeats(token_of(call), call);
        }
    }
    switch (part.kind) {
    case protocol::ResponseKind::part:
        if (!call.metadata.parts_window) {
            return;
        }
        if (part.number.value_or(call.parts_) != call.parts_) {
            return end(call, missing_parts_failure(call.parts_, part.number));
        }
        ++call.parts_;
        break;
    case protocol::ResponseKind::progress:
        if (!call.metadata.takes_progress) {
            return;
        }
        break;
    case protocol::ResponseKind::heartbeat:
    case protocol::ResponseKind::end:
        return;
    }
    call.part(part, bytes);
}

/// Once the server has given a sign, it must go on: one that is gone never answers.
void ClientCalls::listen_for_heartbeats(std::uint64_t token, ClientCall& call) {
    executor_.post_at(*call.heard_at_ + missed_heartbeats_max * *call.metadata.heartbeat,
                      [weak = weak_from_this(), token] {
                          const std::shared_ptr<ClientCalls> self = weak.lock();
                          ClientCall* const found = self ? self->pending_.find(token) : nullptr;
                          if (found == nullptr) {
                              return;
                          }
                          const auto silence = missed_heartbeats_max * *found->metadata.heartbeat;
                          if (self->executor_.now() - *found->heard_at_ < silence) {
                              return self->listen_for_heartbeats(token, *found);
                          }
                          // Whoever is silent is told, in case it lives: its answer would come
                          // too late.
                          self->forget(*found);
                          self->attempt_failed(*found, silent_server_failure(silence));
                      });
}

void ClientCalls::succeed(ClientCall& call, const protocol::Response& response) {
    if (call.metadata.parts_window && response.number.value_or(0) != call.parts_) [[unlikely]] {
        return fail(call, missing_parts_failure(call.parts_, response.number));
    }
    release(call);
    count(counters_.successes);
    record(call, response.failure);
    call.succeeded(response);
}

void ClientCalls::fail(ClientCall& call, Failure failure) {
    release(call);
    count(counters_.failures[static_cast<std::size_t>(failure.code)]);
    record(call, failure.code);
    call.failed(std::move(failure));
}

void ClientCalls::record(const ClientCall& call, std::optional<Code> failure) const noexcept {
    if (call.series_ != nullptr) {
        call.series_->record(failure, executor_.now() - call.submitted_at_, call.request_bytes_);
    }
}

void ClientCalls::fail_all(CallQueue& queue, const Failure& why) {
    while (!queue.empty()) {
        cannot_send(queue.pop(), why);
    }
}

void ClientCalls::end(ClientCall& call, Failure failure) {
    forget(call);
    fail(call, std::move(failure));
}

void ClientCalls::release(ClientCall& call) noexcept {
    CallQueue::leave(call);
    if (const std::uint64_t token = token_of(call); token != 0) {
        pending_.remove(token);
    }
    count(counters_.ended);
}

std::chrono::milliseconds ClientCalls::time_left(const ClientCall& call) const noexcept {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        pending_.deadline_of(token_of(call)) - executor_.now());
}

protocol::Metadata ClientCalls::metadata_of(const ClientCall& call,
                                            std::chrono::milliseconds time_left) noexcept {
    protocol::Metadata metadata = call.metadata;
    metadata.time_left = call.bears_deadline ? std::optional{time_left} : std::nullopt;
    metadata.attempt += call.begun_;
    return metadata;
}

void ClientCalls::expire_due() {
    timer_at_.reset();
    const TimePoint now = executor_.now();
    for (PendingCalls::Token due = pending_.first_due(now); due != 0;
         due = pending_.first_due(now)) {
        ClientCall& call = *pending_.find(due);
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
