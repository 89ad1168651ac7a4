#include "runtime/server/queue_waits.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace warren::runtime {

using std::chrono::milliseconds;

void QueueWaits::count_down(protocol::Metadata& metadata, const Arrival& arrival) {
    if (!metadata.time_left) {
        return;
    }
    milliseconds waited = arrival.held;
    if (metadata.sent_at_ms) {
        waited += wait_of(*metadata.sent_at_ms, arrival.unix_ms, *metadata.time_left);
    }
    *metadata.time_left -= waited;
}

milliseconds QueueWaits::wait_of(std::int64_t sent_at_ms, std::int64_t came_at_ms,
                                 milliseconds expiration) {
    const milliseconds seeming{came_at_ms - sent_at_ms};
    if (seeming < -clock_difference_max || seeming > expiration + clock_difference_max) {
        differences_.fetch_add(1, std::memory_order_relaxed);
        report(seeming, expiration);
        return milliseconds{0};
    }
    return std::clamp(seeming, milliseconds{0}, expiration);
}

void QueueWaits::report(milliseconds seeming, milliseconds expiration) {
    {
        const std::lock_guard guard{mutex_};
        const TimePoint now = clock_.now();
        if (now < quiet_until_) {
            return;
        }
        quiet_until_ = now + warning_pause;
    }
    log_.warning(fmt::format(
        "{}: a caller's clock differs from this one: by them a request with {} ms to live came {} "
        "ms {} it was sent, so what it waited in the queue is not taken off its time "
        "(warren_server_clock_differences_total)",
        listener_, expiration.count(), std::abs(seeming.count()),
        seeming.count() < 0 ? "before" : "after"));
}

}  // namespace warren::runtime
