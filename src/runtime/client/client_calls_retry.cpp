#include "runtime/client/client_calls.hpp"

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
        if (wait < time_left(call) && budget_.take()) {
            send_again_later(call, std::move(why), wait);
            return true;
        }
    }
    why = attempts_failure(std::move(why), call.attempt_);
    return false;
}

void ClientCalls::attempt_failed(ClientCall& call, Failure why) {
    if (!sends_again(call, why)) {
        fail(call, std::move(why));
    }
}

void ClientCalls::fail_unsent(ClientCall& call, Failure why) {
    fail(call,
         call.last_failure_ ? not_again_failure(*call.last_failure_, why) : std::move(why));
}

bool ClientCalls::may_retry(const ClientCall& call, const Failure& why) const noexcept {
    return !is_closed() && call.attempt_ <= retry_.retries_max && !has_parts(call) &&
           is_worth_retry(why.code, call.idempotent, retry_);
}

void ClientCalls::send_again_later(ClientCall& call, Failure why, std::chrono::milliseconds wait) {
    call.last_failure_ = std::make_unique<Failure>(std::move(why));
    ++call.attempt_;
    retries_.fetch_add(1, std::memory_order_relaxed);
    executor_.post_at(executor_.now() + wait, [weak = weak_from_this(), token = token_of(call)] {
        const std::shared_ptr<ClientCalls> self = weak.lock();
        if (ClientCall* const waited = self ? self->pending_.find(token) : nullptr) {
            self->dispatch(*waited);
        }
    });
}

}  // namespace warren::runtime
