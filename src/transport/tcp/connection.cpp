#include "transport/tcp/connection.hpp"

#include "transport/net/address_memory.hpp"
#include "transport/net/tls_failure.hpp"
#include "transport/tcp/connection_set.hpp"

#include <boost/asio/error.hpp>
#include <fmt/format.h>

#include <utility>

namespace warren::transport {

TcpConnection::TcpConnection(ConnectionSet& home, std::unique_ptr<Stream> stream, TcpPeer peer)
    : home_{home},
      executor_{home.executor()},
      stream_{std::move(stream)},
      peer_{std::move(peer)},
      active_at_{executor_.now()},
      written_at_{active_at_},
      message_at_{active_at_},
      read_room_{home.read_room()} {}

TcpConnection::~TcpConnection() {
    executor_.forget(*this);
}

void TcpConnection::start(std::unique_ptr<runtime::StreamSession> session) {
    session_ = std::move(session);
    if (session_ == nullptr) {
        closing_ = true;
    }
    touch();
    read();
}

void TcpConnection::abandon() noexcept {
    state_ = State::closed;
    stream_->close();
    session_.reset();
}

void TcpConnection::end(const Failure& why) {
    if (state_ == State::closed) {
        return;
    }
    const std::shared_ptr<TcpConnection> self = shared_from_this();
    blame_unless_proven();
    state_ = State::closed;
    stream_->close();
    home_.count_unread(std::exchange(unread_counted_, 0), 0);
    home_.remove(*this);
    if (const auto session = std::exchange(session_, nullptr)) {
        session->on_closed(why);
    }
}

void TcpConnection::touch() {
    if (!std::exchange(iteration_end_asked_, true)) {
        executor_.at_iteration_end(*this);
    }
}

void TcpConnection::push() {
    if (state_ == State::open && executor_.is_pushing_of_use()) {
        write();
    }
}

void TcpConnection::resume() {
    paused_ = false;
    // The peer had no way to send the rest of a message meanwhile.
    message_at_ = executor_.now();
    offer_due_ = true;
    touch();
}

void TcpConnection::prove() noexcept {
    proven_ = true;
    if (peer_.target != nullptr && peer_.target->address_memory != nullptr) {
        peer_.target->address_memory->praise(peer_.remote);
    }
}

/// Another address of the same name may do better.
void TcpConnection::blame_unless_proven() {
    if (peer_.target != nullptr && peer_.target->address_memory != nullptr && !proven_) {
        peer_.target->address_memory->blame(peer_.remote);
    }
}

void TcpConnection::close_after_output() {
    blame_unless_proven();
    closing_ = true;
    touch();
}

void TcpConnection::on_loop_iteration() {
    iteration_end_asked_ = false;
    if (state_ != State::open) {
        return;
    }
    if (offer_due_ && !reading_held_) {
        offer_due_ = false;
        message_at_ = executor_.now();
        offer_unread();
        count_unread();
        if (state_ != State::open) {
            return;
        }
    }
    write();
    settle();
}

void TcpConnection::write() {
    while (!write_under_way_ && !write_failed_) {
        if (written_ == writing_.size()) {
            written_ = 0;
            writing_.clear();
            if (output_.empty()) {
                return;
            }
            writing_.swap(output_);
            written_at_ = executor_.now();
        }
        const auto rest = std::as_bytes(std::span{writing_}).subspan(written_);
        const std::size_t count = stream_->write_now(rest);
        written_ += count;
        home_.counters().bytes_out.add(count);
        if (count != rest.size()) {
            write_under_way_ = true;
            stream_->start_write(rest.subspan(count), shared_from_this());
        }
    }
}

void TcpConnection::on_written(const boost::system::error_code& error, std::size_t count) {
    write_under_way_ = false;
    if (state_ != State::open) {
        return;
    }
    written_ += count;
    home_.counters().bytes_out.add(count);
    active_at_ = written_at_ = executor_.now();
    if (!error) {
        write();
        return settle();
    }
    // A read ends, too, and knows better why: the peer's last words may wait there.
    write_failed_ = true;
    if (!read_under_way_) {
        end(explain(error));
    }
}

/// What the state that has come about means for reading on, or for the connection's end.
void TcpConnection::settle() {
    const std::size_t unsent = unsent_bytes();
    if (session_ != nullptr) {
        session_->on_unsent(unsent);
    }
    if (unsent == 0 && closing_) {
        return finish();
    }
    if (input_ended_ && !offer_due_ && (!paused_ || unread_bytes() == 0)) {
        if (!std::exchange(input_end_told_, true)) {
            session_->on_input_ended();
            return touch();
        }
        if (unsent == 0 && !session_->is_busy()) {
            return finish();
        }
    }
    if (unsent > home_.limits().output_high_bytes) {
        reading_held_ = true;
    } else if (reading_held_ && unsent <= home_.limits().output_high_bytes / 2) {
        reading_held_ = false;
        message_at_ = executor_.now();
        if (offer_due_) {
            touch();
        }
    }
    read();
}

/// All is said on our side.
void TcpConnection::finish() {
    const Failure why{.code = Code::connection_lost,
                      .message = input_ended_ ? fmt::format("{} closed the connection", who())
                                              : fmt::format("The connection with {} was closed on "
                                                            "this side",
                                                            who())};
    stream_->end_output();
    if (input_ended_) {
        return end(why);
    }
    // Closing at once would reset the connection where the peer has sent more than was read, and
    // what we said last could be lost.
    state_ = State::draining;
    active_at_ = executor_.now();
    unread_ = {};
    unread_begin_ = 0;
    count_unread();
    read();
    if (const auto session = std::exchange(session_, nullptr)) {
        session->on_closed(why);
    }
}

void TcpConnection::drop_for_limit(std::string message) {
    home_.counters().closed_by_limit.add();
    end({.code = Code::connection_lost,
         .message = fmt::format("The connection with {} was closed: {}", who(), message)});
}

std::string TcpConnection::who() const {
    return peer_.target != nullptr ? peer_.target->display : peer_.address;
}

Failure TcpConnection::explain(const boost::system::error_code& error) const {
    if (error == boost::asio::error::eof) {
        const bool is_silent = peer_.target != nullptr && !heard_;
        return {.code = Code::connection_lost,
                .message = fmt::format("{} closed the connection{}", who(),
                                       is_silent ? " without a word: it stops, or expects "
                                                   "another protocol or TLS (check port and scheme)"
                                                 : "")};
    }
    if (peer_.target != nullptr) {
        return explain_broken(error, *peer_.target).failure;
    }
    return {.code = Code::connection_lost,
            .message = fmt::format("The connection with {} broke: {}", who(), error.message())};
}

}  // namespace warren::transport
