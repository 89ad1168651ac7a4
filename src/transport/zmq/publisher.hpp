#pragma once

#include "runtime/stream_transports.hpp"
#include "transport/loop/asio_executor.hpp"
#include "transport/zmq/counters.hpp"
#include "transport/zmq/options.hpp"

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace warren::transport {

/// One PUB, which is one address and one connection whatever number of endpoints and subscribers it
/// has. It is there while somebody subscribes, so that nothing is published to nobody: who connects
/// hears of it then, or that nobody did in time.
///
/// Each subscriber has a queue of its own: what does not fit there is lost to that one alone. Its
/// end closes at once; nobody hears of it.
/// thread the I/O thread
class ZmqPublisher : public runtime::StreamConnector {
public:
    /// Bind, or begin to connect.
    /// in   sink: outlives the transport
    /// err  invalid_request: an endpoint that is taken, unknown or not allowed, or a key that is
    ///      none; says which, why, and what to do
    virtual std::expected<void, Failure> start(runtime::StreamConnectorSink& sink) = 0;

    /// As ZeroMQ has them: where it is bound, or what it connects to.
    virtual const std::vector<std::string>& endpoints() const noexcept = 0;

    /// Send what is due and close. `closed` follows, later; what a subscriber does not read within
    /// half a second is dropped.
    virtual void close_all(std::move_only_function<void()> closed) = 0;

    /// thread any
    virtual const ZmqCounters& counters() const noexcept = 0;
};

/// in  executor: outlives the transport
std::shared_ptr<ZmqPublisher> make_connector(AsioExecutor& executor, ZmqPublisherOptions options);

}  // namespace warren::transport
