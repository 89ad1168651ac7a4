#pragma once

#include "runtime/stream_ports.hpp"
#include "transport/asio_executor.hpp"
#include "transport/tcp/counters.hpp"
#include "transport/tcp/options.hpp"

#include <expected>
#include <functional>
#include <memory>
#include <string>

namespace warren::transport {

/// A listening socket and its connections, in clear or under TLS.        thread the I/O thread
class TcpServerPort final : public runtime::StreamServerPort {
public:
    /// in  executor: outlives the port
    TcpServerPort(AsioExecutor& executor, TcpServerOptions options);
    TcpServerPort(const TcpServerPort&) = delete;
    TcpServerPort& operator=(const TcpServerPort&) = delete;
    /// Drops the connections as they are; their sessions go without a word.
    ~TcpServerPort() override;

    /// Listen and accept.
    /// in   sink: outlives the port
    /// err  invalid_request: an address that is taken, unknown or not allowed, or a certificate or
    ///      key that cannot be used; says which, why, and what to do
    std::expected<void, Failure> start(runtime::StreamServerSink& sink);

    /// Where it listens, such as "127.0.0.1:8080"; with the port that was found where 0 was asked.
    const std::string& local_address() const noexcept;
    std::uint16_t local_port() const noexcept;

    runtime::Executor& executor() noexcept override;
    void stop_listening() override;
    /// Stop listening, write what is due and close every connection. `closed` follows, later; a
    /// peer that does not read is dropped after the linger time-out.
    void close_all(std::move_only_function<void()> closed);

    /// Read the certificate, its key and the clients' authorities again: connections that come
    /// from now on use them, those that are there live on. A certificate whose time is over, or has
    /// not come, is used all the same, and the log hears of it, as at the start.
    /// err  invalid_request: a file that cannot be used; what was in use stays in use
    std::expected<void, Failure> reload_tls();

    /// thread any
    const TcpCounters& counters() const noexcept;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace warren::transport
