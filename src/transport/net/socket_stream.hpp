#pragma once

#include "transport/net/stream.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <utility>

namespace warren::transport {

/// A socket whose executor's type is known, so that completions are called directly.
using TcpSocket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// Have what is written leave at once, for output is gathered by turns of the loop already; find
/// out that a peer vanished; and never wait inside of a call.
inline void prepare(TcpSocket& socket) noexcept {
    boost::system::error_code ignored;
    socket.set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
    socket.set_option(boost::asio::socket_base::keep_alive{true}, ignored);
    socket.non_blocking(true, ignored);
}

/// In clear.
class TcpStream final : public Stream {
public:
    /// in  socket: prepared
    explicit TcpStream(TcpSocket socket) : socket_{std::move(socket)} {}

    void start_read(std::span<std::byte> room, std::shared_ptr<StreamUser> user) override {
        socket_.async_read_some(
            boost::asio::buffer(room.data(), room.size()),
            [user = std::move(user)](const boost::system::error_code& error, std::size_t count) {
                user->on_read(error, count);
            });
    }

    std::size_t read_now(std::span<std::byte> room) noexcept override {
        boost::system::error_code error;
        return socket_.read_some(boost::asio::buffer(room.data(), room.size()), error);
    }

    /// A socket mostly has room: a turn of the loop less than to start a write and be told.
    std::size_t write_now(std::span<const std::byte> bytes) noexcept override {
        boost::system::error_code error;
        return socket_.write_some(boost::asio::buffer(bytes.data(), bytes.size()), error);
    }

    void start_write(std::span<const std::byte> bytes, std::shared_ptr<StreamUser> user) override {
        socket_.async_write_some(
            boost::asio::buffer(bytes.data(), bytes.size()),
            [user = std::move(user)](const boost::system::error_code& error, std::size_t count) {
                user->on_written(error, count);
            });
    }

    void end_output() noexcept override {
        boost::system::error_code ignored;
        socket_.shutdown(boost::asio::socket_base::shutdown_send, ignored);
    }

    void close() noexcept override {
        boost::system::error_code ignored;
        socket_.close(ignored);
    }

private:
    TcpSocket socket_;
};

}  // namespace warren::transport
