#pragma once

#include "runtime/stream_transports.hpp"
#include "transport/loop/asio_executor.hpp"
#include "transport/net/tls_context.hpp"
#include "transport/tcp/counters.hpp"
#include "transport/tcp/options.hpp"

#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace warren::transport {

/// What a port that listens takes anew.
struct TcpServerUpdate {
    std::optional<TlsServerOptions> tls{};
    std::size_t connections_max = TcpServerOptions{}.connections_max;
};

/// A listening socket and its connections, in plaintext or under TLS. Its end drops the connections
/// as they are; their sessions go without a word.        thread the I/O thread
class TcpAcceptor : public runtime::StreamAcceptor {
public:
    /// Listen and accept.
    /// in   sink: outlives the transport
    /// err  invalid_request: an address that is taken, unknown or not allowed, or a certificate or
    ///      key that cannot be used; says which, why, and what to do
    virtual std::expected<void, Failure> start(runtime::StreamAcceptorSink& sink) = 0;

    /// Where it listens, such as "127.0.0.1:8080"; with the port that was found where 0 was asked.
    virtual const std::string& local_address() const noexcept = 0;
    virtual std::uint16_t local_port() const noexcept = 0;

    /// Stop listening, write what is due and close every connection. `closed` follows, later; a
    /// peer that does not read is dropped after the linger time-out.
    virtual void close_all(std::move_only_function<void()> closed) = 0;
    /// Drop the connections that are left, with what they have to write.
    virtual void drop_all() noexcept = 0;

    /// Read the certificate, its key and the clients' authorities again: connections that come
    /// from now on use them, those that are there live on. A certificate whose time is over, or has
    /// not come, is used all the same, and the log gets it, as at the start.
    /// err  invalid_request: a file that cannot be used; what was in use stays in use
    virtual std::expected<void, Failure> reload_tls() = 0;

    /// What connections that come from now on get; those that are there live on.
    /// in   tls: made of the options; null where there is no TLS, which stays so
    virtual void renew(TlsContext tls, TcpServerUpdate options) = 0;

    /// thread any
    virtual const TcpCounters& counters() const noexcept = 0;
};

/// in  executor: outlives the transport
std::shared_ptr<TcpAcceptor> make_acceptor(AsioExecutor& executor, TcpServerOptions options);

}  // namespace warren::transport
