#include "runtime/client/stream_client.hpp"
#include "runtime/client/stream_client_failures.hpp"

#include <algorithm>
#include <memory>
#include <utility>

// What is sent once more, and when.
namespace warren::runtime {

void StreamClient::attempt_failed(ClientCall& call, Failure why) {
    if (!may_retry(call, why)) {
        return fail(call, attempts_failure(std::move(why), call.attempt_));
    }
    const std::chrono::milliseconds wait =
        std::max(backoff_after(call.attempt_, options_.retry_backoff, random_),
                 why.retry_after.value_or(std::chrono::milliseconds{0}));
    if (wait >= time_left(call) || !budget_.take()) {
        return fail(call, attempts_failure(std::move(why), call.attempt_));
    }
    send_again_later(call, std::move(why), wait);
}

bool StreamClient::may_retry(const ClientCall& call, const Failure& why) const noexcept {
    if (is_closed() || call.attempt_ > options_.retries_max || has_parts(call)) {
        return false;
    }
    return (why.code == Code::connection_lost && call.idempotent) ||
           (why.code == Code::overloaded && (call.idempotent || options_.retry_overloaded));
}

void StreamClient::send_again_later(ClientCall& call, Failure why, std::chrono::milliseconds wait) {
    call.last_failure_ = std::make_unique<Failure>(std::move(why));
    ++call.attempt_;
    stream_counters_.retries.fetch_add(1, std::memory_order_relaxed);
    executor().post_at(now() + wait, [weak = weak_from_this(), token = token_of(call)] {
        if (const auto self = std::static_pointer_cast<StreamClient>(weak.lock())) {
            if (ClientCall* const waited = self->pending().find(token)) {
                self->dispatch(*waited);
            }
        }
    });
}

}  // namespace warren::runtime
