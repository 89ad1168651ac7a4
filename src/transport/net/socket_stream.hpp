#pragma once

#include "transport/net/stream.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <concepts>
#include <memory>
#include <utility>

namespace warren::transport {

/// A socket whose executor's type is known, so that completions are called directly.
using TcpSocket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
using TlsSocket = boost::asio::ssl::stream<TcpSocket>;

template <typename Socket>
class SocketStream : public Stream {
public:
    explicit SocketStream(Socket socket) : socket_{std::move(socket)} {}

    Socket& socket() noexcept { return socket_; }

    void start_read(std::span<std::byte> room, std::shared_ptr<StreamUser> user) override {
        socket_.async_read_some(
            boost::asio::buffer(room.data(), room.size()),
            [user = std::move(user)](const boost::system::error_code& error, std::size_t count) {
                user->on_read(error, count);
            });
    }

    std::size_t read_now(std::span<std::byte> room) noexcept override {
        boost::system::error_code error;
        if constexpr (std::same_as<Socket, TcpSocket>) {
            if (!socket_.non_blocking()) {
                socket_.non_blocking(true, error);
            }
            if (!error) {
                return socket_.read_some(boost::asio::buffer(room.data(), room.size()), error);
            }
        }
        return 0;
    }

    /// A socket mostly has room: a turn of the loop less than to start a write and be told. TLS may
    /// have to read before it can write, so it does not try.
    std::size_t write_now(std::span<const std::byte> bytes) noexcept override {
        boost::system::error_code error;
        if constexpr (std::same_as<Socket, TcpSocket>) {
            if (!socket_.non_blocking()) {
                socket_.non_blocking(true, error);
            }
            if (!error) {
                return socket_.write_some(boost::asio::buffer(bytes.data(), bytes.size()), error);
            }
        }
        return 0;
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
        socket_.lowest_layer().shutdown(boost::asio::socket_base::shutdown_send, ignored);
    }

    void close() noexcept override {
        boost::system::error_code ignored;
        socket_.lowest_layer().close(ignored);
    }

private:
    Socket socket_;
};

using TcpStream = SocketStream<TcpSocket>;

/// TLS with the context that it was made from.
class TlsStream final : public SocketStream<TlsSocket> {
public:
    TlsStream(TcpSocket socket, std::unique_ptr<boost::asio::ssl::context> context)
        : SocketStream{TlsSocket{std::move(socket), *context}}, context_{std::move(context)} {}

private:
    std::unique_ptr<boost::asio::ssl::context> context_;
};

}  // namespace warren::transport
