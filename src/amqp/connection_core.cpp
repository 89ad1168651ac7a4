#include "amqp/connection_core.hpp"

#include "amqp/connection_detail.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace warren::amqp {

namespace {

constexpr std::array<std::byte, 8> protocol_header{
    std::byte{'A'}, std::byte{'M'}, std::byte{'Q'}, std::byte{'P'},
    std::byte{0},   std::byte{0},   std::byte{9},   std::byte{1},
};

// A broker gives up after two silent intervals. Looking four times in each one keeps the longest
// silence at half an interval without a note of the time of every write.
constexpr int looks_per_heartbeat = 4;
constexpr int heartbeats_missed_max = 2;

}  // namespace

ConnectionCore::ConnectionCore(ConnectionOptions options) : options_{std::move(options)} {}

void ConnectionCore::start(TimePoint now) {
    if (options_.frame_bytes_max < frame_bytes_min) {
        event_due_ = end(FailedReason::invalid_options, "frame_max must be at least 4096");
        return;
    }
    if (options_.vhost.size() > short_string_bytes_max) {
        event_due_ = end(FailedReason::invalid_options, "the vhost is longer than 255 bytes");
        return;
    }
    output_.append(protocol_header);
    phase_ = Phase::awaiting_start;
    last_received_ = now;
    abort_at_ = now + options_.handshake_timeout;
}

std::span<std::byte> ConnectionCore::prepare(std::size_t bytes_min) {
    keep_heads();
    bodies_.release_lent();
    const std::size_t unread_bytes = input_.unread().size();
    const std::size_t begun_frame_bytes = frame_bytes(input_.unread());
    if (begun_frame_bytes > unread_bytes && begun_frame_bytes <= frame_bytes_max_) {
        bytes_min = std::max(bytes_min, begun_frame_bytes - unread_bytes);
    }
    return input_.prepare(bytes_min);
}

void ConnectionCore::commit(std::size_t count, TimePoint now) {
    input_.commit(count);
    if (count != 0) {
        last_received_ = now;
    }
    if (ended()) {
        input_.consume(input_.unread().size());
    }
}

const Event* ConnectionCore::next_event() {
    if (std::exchange(event_due_, false)) {
        return &event_;
    }
    while (phase_ != Phase::idle && phase_ != Phase::ended) {
        const auto frame = read_frame(input_.unread(), frame_bytes_max_);
        if (frame) {
            input_.consume(frame->bytes());
            if (handle_frame(*frame)) {
                return &event_;
            }
        } else if (frame.error() != FrameError::need_more) {
            return fail_frame(frame.error()) ? &event_ : nullptr;
        } else {
            return input_ended_ && fail_end_of_input() ? &event_ : nullptr;
        }
    }
    return nullptr;
}

bool ConnectionCore::handle_frame(const FrameView& frame) {
    if (frame.type == FrameType::heartbeat) {
        const bool valid = frame.channel == 0 && frame.payload.empty();
        return !valid && violation(reply_code::frame_error, "malformed heartbeat frame");
    }
    return frame.channel == 0 ? handle_connection_method(frame) : handle_channel_frame(frame);
}

bool ConnectionCore::fail_frame(FrameError error) {
    switch (error) {
    case FrameError::unknown_type:
        // A broker that does not speak 0-9-1 answers with the protocol header that it wants.
        return phase_ == Phase::awaiting_start
                   ? end(FailedReason::version_not_supported, "the peer does not speak AMQP 0-9-1")
                   : violation(reply_code::frame_error, "unknown frame type");
    case FrameError::too_large:
        return violation(reply_code::frame_error, "frame larger than negotiated");
    case FrameError::bad_end:
        return violation(reply_code::frame_error, "frame does not end in 0xCE");
    case FrameError::need_more:
        break;
    }
    return false;
}

bool ConnectionCore::fail_end_of_input() {
    switch (phase_) {
    case Phase::closing:
        // The broker went away before it answered; that is what we asked for.
        phase_ = Phase::ended;
        event_ = ConnectionClosed{.by = ClosedBy::client, .code = reply_code::reply_success};
        return true;
    case Phase::awaiting_tune:
        return end(FailedReason::closed_during_login,
                   "the broker closed the connection during login");
    case Phase::idle:
    case Phase::awaiting_start:
    case Phase::awaiting_open_ok:
    case Phase::open:
    case Phase::ended:
        break;
    }
    return end(FailedReason::closed_without_warning,
               "the broker closed the connection without a reason");
}

bool ConnectionCore::end(FailedReason reason, std::string text, std::uint16_t code,
                         std::string_view peer_text) {
    phase_ = Phase::ended;
    text_ = std::move(text);
    peer_text_ = peer_text;
    event_ = Failed{.reason = reason, .code = code, .text = text_, .peer_text = peer_text_};
    return true;
}

bool ConnectionCore::violation(std::uint16_t code, std::string text) {
    if (phase_ != Phase::awaiting_start && phase_ != Phase::closing) {
        // For the broker's log; nobody waits for the response.
        (void)write_method(0, ConnectionClose{{.reply_code = code, .reply_text = text}});
    }
    return end(FailedReason::protocol_violation, std::move(text), code);
}

void ConnectionCore::tick(TimePoint now) {
    if (phase_ == Phase::idle || phase_ == Phase::ended) {
        return;
    }
    if (phase_ != Phase::open && now >= abort_at_) {
        event_due_ = phase_ == Phase::closing
                         ? end(FailedReason::close_timeout, "the broker did not confirm our close")
                         : end(FailedReason::handshake_timeout, "the broker did not finish login");
        return;
    }
    if (heartbeat_.count() == 0) {
        return;
    }
    if (now >= last_received_ + heartbeats_missed_max * heartbeat_) {
        event_due_ = end(FailedReason::heartbeats_missed, "nothing came for two heartbeats");
        return;
    }
    if (now >= next_heartbeat_) {
        if (output_bytes_made() == bytes_at_last_look_ && output_.empty()) {
            Writer writer{output_};
            write_heartbeat(writer);
        }
        bytes_at_last_look_ = output_bytes_made();
        next_heartbeat_ = now + std::chrono::milliseconds{heartbeat_} / looks_per_heartbeat;
    }
}

std::optional<TimePoint> ConnectionCore::next_deadline() const noexcept {
    if (phase_ == Phase::idle || phase_ == Phase::ended) {
        return std::nullopt;
    }
    std::optional<TimePoint> deadline;
    if (phase_ != Phase::open) {
        deadline = abort_at_;
    }
    if (heartbeat_.count() != 0) {
        const TimePoint silent_too_long = last_received_ + heartbeats_missed_max * heartbeat_;
        const TimePoint look = std::min(next_heartbeat_, silent_too_long);
        deadline = deadline ? std::min(*deadline, look) : look;
    }
    return deadline;
}

void ConnectionCore::take_output(OutputBuffer& taken) noexcept {
    taken.clear();
    taken_bytes_ += output_.size();
    output_.swap(taken);
}

}  // namespace warren::amqp
