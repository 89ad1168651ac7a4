#pragma once

#include "runtime/stream_transports.hpp"
#include "transport/loop/asio_executor.hpp"
#include "transport/tcp/counters.hpp"
#include "transport/tcp/options.hpp"

#include <expected>
#include <functional>
#include <memory>
#include <string>

namespace warren::transport {

/// A listening socket and its connections, in plaintext or under TLS.        thread the I/O thread
class TcpAcceptor final : public runtime::StreamAcceptor {
public:
    /// in  executor: outlives the transport
    TcpAcceptor(AsioExecutor& executor, TcpServerOptions options);
    TcpAcceptor(const TcpAcceptor&) = delete;
    TcpAcceptor& operator=(const TcpAcceptor&) = delete;
    /// Drops the connections as they are; their sessions go without a word.
    ~TcpAcceptor() override;

    /// Listen and accept.
    /// in   sink: outlives the transport
    /// err  invalid_request: an address that is taken, unknown or not allowed, or a certificate or
    ///      key that cannot be used; says which, why, and what to do
    std::expected<void, Failure> start(runtime::StreamAcceptorSink& sink);

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
    /// not come, is used all the same, and the log gets it, as at the start.
    /// err  invalid_request: a file that cannot be used; what was in use stays in use
    std::expected<void, Failure> reload_tls();

    /// thread any
    const TcpCounters& counters() const noexcept;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace warren::transport
