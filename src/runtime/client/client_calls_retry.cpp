#include "runtime/client/client_calls.hpp"
#include "runtime/server_end.hpp"

#include <algorithm>
#include <memory>
#include <utility>

// What is sent once more, and when.
namespace warren::runtime {

bool ClientCalls::sends_again(ClientCall& call, Failure& why) {
    if (may_retry(call, why)) {
        const std::chrono::milliseconds wait =
            std::max(backoff_after(call.attempt_, retry_.backoff, random_),
                     why.retry_after.value_or(std::chrono::milliseconds{0}));
        // A server that ends does none of the work that comes again.
        if (wait < time_left(call) && (says_that_server_ends(why) || budget_.take())) {
            send_again_later(call, std::move(why), wait);
            return true;
        }
    }
    // What came last may have had no effect, though an attempt before it may have had one.
    if (call.begun_ != 0 && retry_of(why.code) == Retry::safe) {
        why = not_again_failure(*call.last_failure_, why);
    }
    why = attempts_failure(std::move(why), call.attempt_);
    return false;
}

void ClientCalls::attempt_failed(ClientCall& call, Failure why) {
    if (!sends_again(call, why)) {
        fail(call, std::move(why));
    }
}

void ClientCalls::cannot_send(ClientCall& call, Failure why) {
    if (call.last_failure_) {
        attempt_failed(call, std::move(why));
    } else {
        fail(call, std::move(why));
    }
}

void ClientCalls::fail_unsent(ClientCall& call, Failure why) {
    fail(call, call.last_failure_ ? not_again_failure(*call.last_failure_, why) : std::move(why));
}

/// Whoever cancels a call on another thread may have seen its token of an earlier attempt.
ClientCall* ClientCalls::find_of_any_attempt(std::uint64_t token) const noexcept {
    const std::uint64_t latest = pending_.successor_of(token);
    ClientCall* const call = pending_.find(latest);
    const auto newer_by = static_cast<std::uint32_t>((latest >> 32) - (token >> 32));
    return call != nullptr && newer_by < call->attempt_ ? call : nullptr;
}

/// Between two attempts it was sent.
CallStage ClientCalls::stage_reached_by(const ClientCall& call) noexcept {
    return call.stage_ == CallStage::queued && call.attempt_ > 1 ? CallStage::sent : call.stage_;
}

bool ClientCalls::may_retry(const ClientCall& call, const Failure& why) const noexcept {
    return !is_closed() && call.attempt_ <= retry_.retries_max && !has_parts(call) &&
           is_worth_retry(why.code, call.idempotent, retry_);
}

/// So that a server knows it, however often it is sent.
void ClientCalls::name(ClientCall& call) noexcept {
    if (keys_ && call.metadata.idempotency_key.empty()) {
        call.metadata.idempotency_key = keys_->next(call.key_);
    }
}

void ClientCalls::send_again_later(ClientCall& call, Failure why, std::chrono::milliseconds wait) {
    call.retried(why);
    const bool is_begun = retry_of(why.code) != Retry::safe;
    if (is_begun || call.begun_ == 0) {
        call.last_failure_ = std::make_unique<Failure>(std::move(why));
    }
    call.begun_ += is_begun ? 1 : 0;
    ++call.attempt_;
    call.stage_ = CallStage::queued;
    call.heard_at_.reset();
    call.token_.store(pending_.renew(token_of(call)));
    retries_.fetch_add(1, std::memory_order_relaxed);
    executor_.post_at(executor_.now() + wait, [weak = weak_from_this(), token = token_of(call)] {
        const std::shared_ptr<ClientCalls> self = weak.lock();
        if (ClientCall* const waited = self ? self->pending_.find(token) : nullptr) {
            self->dispatch(*waited);
        }
    });
}

}  // namespace warren::runtime
