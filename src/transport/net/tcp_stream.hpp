#pragma once

#include "transport/loop/asio_executor.hpp"
#include "transport/loop/poller.hpp"
#include "transport/net/stream.hpp"
#include "transport/net/tcp_socket.hpp"

#include <memory>
#include <span>

namespace warren::transport {

/// A TCP connection in plaintext.
class TcpStream final : public Stream, private PolledUser {
public:
    /// in  socket: connected and prepared
    TcpStream(AsioExecutor& executor, TcpSocket socket);

    void start_read(std::span<std::byte> room, std::shared_ptr<StreamUser> user) override;
    std::size_t read_now(std::span<std::byte> room) noexcept override;
    std::size_t write_now(std::span<const std::byte> bytes) noexcept override;
    void start_write(std::span<const std::byte> bytes, std::shared_ptr<StreamUser> user) override;
    void end_output() noexcept override;
    void close() noexcept override;

private:
    void on_ready(Readiness ready) override;
    void go_on_reading();
    void go_on_writing();
    void end_operations(const boost::system::error_code& why);

    AsioExecutor& executor_;
    PolledSocket socket_;
    std::shared_ptr<StreamUser> reader_;  // null: no read is under way
    std::span<std::byte> room_;
    std::shared_ptr<StreamUser> writer_;  // null: no write is under way
    std::span<const std::byte> rest_;
};

}  // namespace warren::transport
