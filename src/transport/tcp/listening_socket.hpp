#pragma once

#include <warren/error.hpp>

#include "transport/loop/asio_executor.hpp"
#include "transport/loop/poller.hpp"
#include "transport/net/tcp_socket.hpp"
#include "transport/tcp/options.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>

namespace warren::transport {

/// A listening socket that hands over who comes, one at a time.       thread the I/O thread
class Acceptor final : private PolledUser {
public:
    /// in  error: connection_aborted where somebody went away meanwhile; else there is no
    ///     descriptor left for who waits
    using Accepted =
        std::move_only_function<void(const boost::system::error_code& error, TcpSocket socket)>;

    /// Who comes: of callers nobody is accepted while only reserved descriptors are left.
    enum class Visitors : std::uint8_t { callers, watchers };

    /// in  executor: outlives this
    ///     accepted: may close this, and keeps it alive meanwhile
    Acceptor(AsioExecutor& executor, Visitors visitors, Accepted accepted);

    /// out  where it listens, with the port
    /// err  those of `transport::listen`
    std::expected<boost::asio::ip::tcp::endpoint, Failure> listen(const TcpServerOptions& options);
    /// Take a socket that listens already, of whichever family.
    /// err  invalid_request
    std::expected<void, Failure> adopt(int listening);
    /// Hand over the next one, later.
    void accept();
    /// Hand over at once who waits already, of whom the system would take leave with a reset, and
    /// hear of nobody any more.
    void close_after_queue();
    /// Hear of nobody any more.
    void close() noexcept;
    bool is_open() const noexcept { return socket_.has_value() && socket_->is_open(); }

private:
    enum class Next : std::uint8_t { handed_over, nobody, not_acceptable };

    void on_ready(Readiness ready) override;
    Next accept_next();

    AsioExecutor& executor_;
    const Visitors visitors_;
    Accepted accepted_;
    boost::asio::ip::tcp protocol_ = boost::asio::ip::tcp::v4();
    std::optional<PolledSocket> socket_;
};

}  // namespace warren::transport
