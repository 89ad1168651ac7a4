#pragma once

#include "runtime/stream_transports.hpp"
#include "transport/loop/asio_executor.hpp"
#include "transport/tcp/counters.hpp"
#include "transport/tcp/options.hpp"

#include <expected>
#include <functional>
#include <memory>

namespace warren::transport {

/// Makes connections to servers, in plaintext or under TLS. Its end drops connections and attempts
/// as they are; nobody hears of it.        thread the I/O thread
class TcpConnector : public runtime::StreamConnector {
public:
    /// in  sink: outlives the transport
    virtual std::expected<void, Failure> start(runtime::StreamConnectorSink& sink) = 0;

    /// Give up attempts, write what is due and close every connection. `closed` follows, later; a
    /// peer that does not read is dropped after the linger time-out.
    virtual void close_all(std::move_only_function<void()> closed) = 0;

    /// thread any
    virtual const TcpCounters& counters() const noexcept = 0;
};

/// in  executor: outlives the transport
std::shared_ptr<TcpConnector> make_connector(AsioExecutor& executor, TcpClientOptions options);

}  // namespace warren::transport
