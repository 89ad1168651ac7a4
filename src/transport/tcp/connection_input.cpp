#include "core/assert.hpp"
#include "transport/net/tls_failure.hpp"
#include "transport/tcp/connection.hpp"
#include "transport/tcp/connection_set.hpp"

#include <boost/asio/error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace warren::transport {
namespace {

// What one turn reads of one connection, at most about: others wait.
constexpr std::size_t input_turn_bytes = std::size_t{512} << 10;
constexpr std::size_t read_bytes = sizeof(ReadRoom);
// What is kept of buffers that are empty.
constexpr std::size_t kept_bytes = std::size_t{64} << 10;

}  // namespace

void TcpConnection::read() {
    const bool wanted =
        state_ == State::draining || (state_ == State::open && accepts_input() && !input_ended_ &&
                                      !reading_held_ && !offer_due_);
    if (wanted && !std::exchange(read_under_way_, true)) {
        stream_->start_read(*read_room_, shared_from_this());
    }
}

void TcpConnection::on_read(const boost::system::error_code& error, std::size_t count) {
    read_under_way_ = false;
    if (state_ == State::closed) {
        return;
    }
    if (state_ == State::draining) {
        return error ? end({}) : read();
    }
    if (count != 0) {
        const std::span<const std::byte> input = std::span{*read_room_}.first(count);
        if (!std::exchange(heard_, true) && is_tls_response(input)) {
            return end({.code = Code::connection_lost,
                        .message = fmt::format("What is at {} speaks TLS: connect with TLS",
                                               peer_.target->display)});
        }
        try {
            take(input);
            count_unread();
        } catch (const std::bad_alloc&) {
            return drop_for_limit("no memory is left for what came");
        }
    }
    if (state_ == State::closed) {
        return;
    }
    if (error) {
        return input_ended(error);
    }
    read();
}

void TcpConnection::count_unread() {
    if (state_ == State::closed) {
        return;
    }
    const bool has_too_much = home_.count_unread(unread_counted_, unread_bytes());
    unread_counted_ = unread_bytes();
    if (has_too_much) {
        drop_for_limit(
            fmt::format("{} bytes of a message had come, and those of all connections "
                        "together are more than {}",
                        unread_bytes(), home_.limits().unread_bytes_max));
    }
}

bool TcpConnection::is_tls_response(std::span<const std::byte> first) const noexcept {
    return peer_.target != nullptr && !peer_.target->tls && looks_like_tls(first);
}

void TcpConnection::input_ended(const boost::system::error_code& error) {
    // A client that has said all may still listen; a server that has will not answer any more.
    if (error != boost::asio::error::eof || peer_.target != nullptr || write_failed_) {
        return end(explain(error));
    }
    input_ended_ = true;
    touch();
}

/// Have the session take what was read, and what has come since.
void TcpConnection::take(std::span<const std::byte> input) {
    active_at_ = executor_.now();
    home_.counters().bytes_in.add(input.size());
    if (unread_bytes() == 0 && accepts_input()) {
        return keep(input.subspan(offer(input)));
    }
    append(input);
    if (input.size() == read_room_->size()) {
        append_what_has_come();
    }
    offer_unread();
}

/// out  how many bytes of the input the session does not need any more
std::size_t TcpConnection::offer(std::span<const std::byte> input) {
    std::size_t consumed_bytes = 0;
    while (accepts_input() && consumed_bytes != input.size() &&
           input.size() - consumed_bytes >= wanted_bytes_) {
        const auto taken = session_->on_input(input.subspan(consumed_bytes));
        WARREN_ASSERT(taken.bytes <= input.size() - consumed_bytes);
        consumed_bytes += taken.bytes;
        wanted_bytes_ = std::max<std::size_t>(taken.wanted_bytes, 1);
        if (taken.bytes == 0) {
            break;
        }
    }
    return consumed_bytes;
}

void TcpConnection::offer_unread() {
    const std::size_t taken = offer(std::as_bytes(std::span{unread_}).subspan(unread_begin_));
    unread_begin_ += taken;
    if (taken != 0) {
        message_at_ = executor_.now();
    }
    if (unread_bytes() != 0) {
        return;
    }
    unread_begin_ = 0;
    if (unread_.capacity() > kept_bytes) {
        unread_ = {};
    } else {
        unread_.clear();
    }
}

void TcpConnection::keep(std::span<const std::byte> rest) {
    if (!rest.empty()) {
        append(rest);
    }
}

/// Make room where it was taken before growing: what is unread stays together.
void TcpConnection::append(std::span<const std::byte> bytes) {
    if (unread_bytes() == 0) {
        message_at_ = executor_.now();
    }
    if (unread_begin_ != 0) {
        unread_.erase(0, std::exchange(unread_begin_, 0));
    }
    unread_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

/// Memory grows by what has come already, never by what a peer says that will come.
void TcpConnection::append_what_has_come() {
    for (std::size_t total = 0; total < input_turn_bytes;) {
        const std::size_t before = unread_.size();
        std::size_t count = 0;
        unread_.resize_and_overwrite(before + read_bytes, [&](char* data, std::size_t) {
            count = stream_->read_now({reinterpret_cast<std::byte*>(data) + before, read_bytes});
            return before + count;
        });
        total += count;
        home_.counters().bytes_in.add(count);
        if (count != read_bytes) {
            return;
        }
    }
}

}  // namespace warren::transport
