#include "transport/net/tcp_stream.hpp"

#include <boost/asio/error.hpp>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace warren::transport {
namespace {

using boost::system::error_code;

error_code last_error() noexcept {
    return {errno, boost::system::system_category()};
}

/// What came of one system call.
struct Outcome {
    bool must_wait = false;
    std::size_t count = 0;
    error_code error{};
};

Outcome outcome_of(ssize_t result) noexcept {
    if (result >= 0) {
        return {.count = static_cast<std::size_t>(result)};
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
        return {.must_wait = true};
    }
    return {.error = last_error()};
}

Outcome read_some(int socket, std::span<std::byte> room) noexcept {
    Outcome outcome = outcome_of(::recv(socket, room.data(), room.size(), 0));
    if (!outcome.must_wait && !outcome.error && outcome.count == 0) {
        outcome.error = boost::asio::error::eof;
    }
    return outcome;
}

Outcome write_some(int socket, std::span<const std::byte> bytes) noexcept {
    return outcome_of(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

}  // namespace

TcpStream::TcpStream(AsioExecutor& executor, TcpSocket socket)
    : executor_{executor}, socket_{executor.poller(), socket.release(), *this} {}

void TcpStream::start_read(std::span<std::byte> room, std::shared_ptr<StreamUser> user) {
    room_ = room;
    reader_ = std::move(user);
    if (!socket_.want_readable()) {
        end_operations(last_error());
    }
}

void TcpStream::start_write(std::span<const std::byte> bytes, std::shared_ptr<StreamUser> user) {
    rest_ = bytes;
    writer_ = std::move(user);
    if (!socket_.want_writable()) {
        end_operations(last_error());
    }
}

/// The user owns this stream, and may let go of it when it hears of its read.
void TcpStream::on_ready(Readiness ready) {
    const std::shared_ptr<StreamUser> writer = writer_;
    if (ready.readable) {
        go_on_reading();
    }
    if (ready.writable && writer_ != nullptr) {
        go_on_writing();
    }
}

void TcpStream::go_on_reading() {
    const Outcome outcome = read_some(socket_.native_handle(), room_);
    if (outcome.must_wait) {
        return start_read(room_, std::move(reader_));
    }
    std::exchange(reader_, nullptr)->on_read(outcome.error, outcome.count);
}

void TcpStream::go_on_writing() {
    const Outcome outcome = write_some(socket_.native_handle(), rest_);
    if (outcome.must_wait) {
        return start_write(rest_, std::move(writer_));
    }
    std::exchange(writer_, nullptr)->on_written(outcome.error, outcome.count);
}

std::size_t TcpStream::read_now(std::span<std::byte> room) noexcept {
    return read_some(socket_.native_handle(), room).count;
}

/// A socket mostly has room: a turn of the loop less than to start a write and be told.
std::size_t TcpStream::write_now(std::span<const std::byte> bytes) noexcept {
    return write_some(socket_.native_handle(), bytes).count;
}

void TcpStream::end_output() noexcept {
    ::shutdown(socket_.native_handle(), SHUT_WR);
}

void TcpStream::close() noexcept {
    socket_.close();
    end_operations(boost::asio::error::operation_aborted);
}

void TcpStream::end_operations(const error_code& why) {
    if (auto reader = std::exchange(reader_, nullptr)) {
        executor_.post([reader = std::move(reader), why] { reader->on_read(why, 0); });
    }
    if (auto writer = std::exchange(writer_, nullptr)) {
        executor_.post([writer = std::move(writer), why] { writer->on_written(why, 0); });
    }
}

}  // namespace warren::transport
