#include "transport/zmq/client_connection.hpp"

#include "core/assert.hpp"
#include "transport/zmq/socket_options.hpp"
#include "transport/zmq/turn.hpp"

#include <fmt/format.h>
#include <zmq.h>

#include <utility>

namespace warren::transport {
namespace {

// Before a message of `ZmqEnvelope::delimited`.
constexpr std::size_t id_bytes = 4;

std::span<const std::byte> bytes_of(std::span<const char> text) noexcept {
    return std::as_bytes(text);
}

std::span<const std::byte> bytes_of(const zmq::message_t& frame) noexcept {
    return {static_cast<const std::byte*>(frame.data()), frame.size()};
}

}  // namespace

ZmqClientConnection::ZmqClientConnection(const Home& home, std::shared_ptr<ZmqLink> link,
                                         std::string_view display)
    : home_{home}, display_{display}, link_{std::move(link)} {
    link_->set_user(this);
}

ZmqClientConnection::~ZmqClientConnection() {
    home_.executor.forget(*this);
}

void ZmqClientConnection::start(std::unique_ptr<runtime::StreamSession> session) {
    session_ = std::move(session);
    if (session_ == nullptr) {
        closing_ = true;
    }
    ZmqWatch::User& user = *this;
    watch_.emplace(home_.executor, link_->socket(), user);
    touch();
}

void ZmqClientConnection::abandon() noexcept {
    closed_ = true;
    watch_.reset();
    link_->set_user(nullptr);
    link_.reset();
    session_.reset();
}

void ZmqClientConnection::end(const Failure& why) {
    const std::shared_ptr<ZmqClientConnection> self = shared_from_this();
    const auto session = std::exchange(session_, nullptr);
    abandon();
    home_.closed(*this);
    if (session != nullptr) {
        session->on_closed(why);
    }
}

void ZmqClientConnection::touch() {
    if (!std::exchange(iteration_end_asked_, true)) {
        home_.executor.at_iteration_end(*this);
    }
}

void ZmqClientConnection::resume() {
    paused_ = false;
    touch();
}

void ZmqClientConnection::close_after_output() {
    closing_ = true;
    touch();
}

void ZmqClientConnection::on_signal() {
    // The socket may have room again as well.
    if (!outbox_.empty()) {
        touch();
    }
    receive();
}

void ZmqClientConnection::on_event(const ZmqEvent& event) {
    if (event.what == ZMQ_EVENT_DISCONNECTED) {
        // What the peer said before may still be there.
        lost_ = true;
        touch();
    }
}

void ZmqClientConnection::on_loop_iteration() {
    iteration_end_asked_ = false;
    if (closed_) {
        return;
    }
    const std::shared_ptr<ZmqClientConnection> self = shared_from_this();
    send();
    receive();
    if (closed_ || iteration_end_asked_) {
        return;
    }
    if (closing_ && outbox_.empty()) {
        link_->socket().set(ZMQ_LINGER, static_cast<int>(zmq_linger.count()));
        return end(
            {.code = Code::connection_lost,
             .message = fmt::format("The connection with {} was closed on this side", display_)});
    }
    if (lost_) {
        end({.code = Code::connection_lost,
             .message = fmt::format("{} closed the connection, or fell silent", display_)});
    }
}

/// Take what has come; if there is more, the rest in the next turn.
void ZmqClientConnection::receive() {
    std::size_t bytes = 0;
    for (std::size_t count = 0; !closed_ && !closing_ && !paused_; ++count) {
        if (count == turn_messages || bytes >= turn_bytes) {
            return touch();
        }
        if (message_kept_) {
            message_kept_ = false;
            offer(bytes_of(std::exchange(message_, {})));
        } else if (!receive_one()) {
            return;
        } else {
            bytes += frame_.size();
        }
    }
}

/// out  false: there is nothing now
bool ZmqClientConnection::receive_one() {
    if (!link_->socket().receive(frame_)) {
        return false;
    }
    if (!frame_.more()) {
        if (home_.envelope == ZmqEnvelope::bare) {
            offer(bytes_of(frame_));
        } else {
            home_.counters.malformed_messages.add();
        }
        return true;
    }
    // The id, the delimiter and the message; without ids the delimiter and the message.
    const bool has_id = home_.envelope == ZmqEnvelope::delimited;
    bool is_sound = frame_.size() == (has_id ? id_bytes : 0);
    message_ = frame_.to_string_view();
    if (has_id) {
        is_sound = link_->socket().receive(frame_) && is_sound && frame_.size() == 0;
    }
    while (frame_.more() && link_->socket().receive(frame_)) {
        is_sound = is_sound && message_.size() + frame_.size() <= home_.message_bytes_max;
        if (is_sound) {
            message_ += frame_.to_string_view();
        }
    }
    if (is_sound) {
        offer(bytes_of(message_));
    } else {
        home_.counters.malformed_messages.add();
    }
    return true;
}

void ZmqClientConnection::offer(std::span<const std::byte> message) {
    home_.counters.messages_in.add();
    home_.counters.bytes_in.add(message.size());
    const auto taken = session_->on_input(message);
    if (taken.bytes < message.size() && paused_) {
        const auto rest = message.subspan(taken.bytes);
        message_ = std::string{reinterpret_cast<const char*>(rest.data()), rest.size()};
        message_kept_ = true;
    }
}

void ZmqClientConnection::send() {
    while (!outbox_.empty()) {
        if (!send_one(outbox_.front())) {
            return;
        }
        outbox_.pop();
    }
    outbox_.clear();
}

/// out  false: there is no room; `on_signal` follows when there is
bool ZmqClientConnection::send_one(std::span<const char> message) {
    ZmqSocket& socket = link_->socket();
    std::span<const char> body = message;
    if (home_.envelope == ZmqEnvelope::delimited) {
        WARREN_ASSERT(message.size() >= id_bytes);
        body = message.subspan(id_bytes);
        if (socket.send(message.first(id_bytes), true) != ZmqSocket::Sent::yes) {
            return false;
        }
        socket.send(std::span<const char>{}, true);
    }
    if (send_counted(socket, body, unsent_) != ZmqSocket::Sent::yes) {
        return false;
    }
    home_.counters.messages_out.add();
    home_.counters.bytes_out.add(body.size());
    return true;
}

}  // namespace warren::transport
