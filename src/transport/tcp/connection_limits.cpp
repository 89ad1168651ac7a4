#include "transport/tcp/connection.hpp"
#include "transport/tcp/connection_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace warren::transport {
namespace {

using std::chrono::milliseconds;

bool is_over(milliseconds limit, runtime::TimePoint since, runtime::TimePoint now) {
    return limit.count() != 0 && now - since >= limit;
}

void release_if_empty(std::string& buffer) {
    if (buffer.empty() && buffer.capacity() > std::string{}.capacity()) {
        buffer = {};
    }
}

}  // namespace

void TcpConnection::on_sweep(runtime::TimePoint now) {
    const TcpLimits& limits = home_.limits();
    if (state_ == State::draining) {
        if (is_over(limits.linger_timeout, active_at_, now)) {
            end({});
        }
        return;
    }
    if (is_late(now)) {
        return;
    }
    if (closing_ || input_ended_ || write_failed_) {
        // A call without a response may have been the last that was under way.
        touch();
    }
    if (is_over(milliseconds{1'000}, active_at_, now)) {
        release_if_empty(unread_);
        release_if_empty(output_);
        release_if_empty(writing_);
    }
}

/// out  whether the connection was over a limit, and is gone
bool TcpConnection::is_late(runtime::TimePoint now) {
    const TcpLimits& limits = home_.limits();
    if (unsent_bytes() != 0) {
        const bool is_large = unsent_bytes() > limits.output_large_bytes;
        if (!is_over(limits.write_timeout, written_at_, now) &&
            !(is_large && is_over(limits.output_pause_max, written_at_, now))) {
            return false;
        }
        drop_for_limit(fmt::format("it took none of {} bytes of output within {} ms",
                                   unsent_bytes(),
                                   duration_cast<milliseconds>(now - written_at_).count()));
        return true;
    }
    if (unread_bytes() != 0) {
        if (!is_message_slow(now)) {
            return false;
        }
        drop_for_limit(fmt::format("{} bytes of a message came within {} ms, and not the rest",
                                   unread_bytes(),
                                   duration_cast<milliseconds>(now - message_at_).count()));
        return true;
    }
    if (!is_over(limits.idle_timeout, active_at_, now) || session_->is_busy()) {
        return false;
    }
    drop_for_limit(fmt::format("it was idle for {} ms", limits.idle_timeout.count()));
    return true;
}

bool TcpConnection::is_message_slow(runtime::TimePoint now) const {
    const TcpLimits& limits = home_.limits();
    if (!accepts_input() || input_ended_ || reading_held_ || limits.message_grace.count() == 0) {
        return false;
    }
    const std::chrono::duration<double> by_rate{
        limits.message_rate_min == 0
            ? 0.0
            : static_cast<double>(unread_bytes()) / static_cast<double>(limits.message_rate_min)};
    return now - message_at_ >= limits.message_grace + by_rate ||
           is_over(limits.message_grace, std::max(active_at_, message_at_), now);
}

}  // namespace warren::transport
