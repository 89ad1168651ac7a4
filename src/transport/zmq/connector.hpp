#pragma once

#include "runtime/stream_transports.hpp"
#include "transport/loop/asio_executor.hpp"
#include "transport/zmq/counters.hpp"
#include "transport/zmq/options.hpp"

#include <expected>
#include <functional>
#include <memory>

namespace warren::transport {

/// Makes connections to ROUTERs and REPs, each a DEALER of its own; an address is an endpoint. Its
/// end drops connections and attempts as they are; nobody hears of it.
/// thread the I/O thread
class ZmqConnector : public runtime::StreamConnector {
public:
    /// in   sink: outlives the transport
    /// err  invalid_request: an endpoint or a key that is none
    virtual std::expected<void, Failure> start(runtime::StreamConnectorSink& sink) = 0;

    /// Give up attempts, send what is due and close every connection. `closed` follows, later; what
    /// a peer does not read within half a second is dropped.
    virtual void close_all(std::move_only_function<void()> closed) = 0;

    /// thread any
    virtual const ZmqCounters& counters() const noexcept = 0;
};

/// in  executor: outlives the transport
std::shared_ptr<ZmqConnector> make_connector(AsioExecutor& executor, ZmqClientOptions options);

}  // namespace warren::transport
