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

/// A SUB for each endpoint, which takes all that is published there. Each is one connection of the
/// runtime's; nothing can be answered, and what is appended to its output is dropped.
///
/// One that connects is made anew when it is lost, refused, or silent for too long; why is said in
/// the log. Its end closes at once; the sessions go without a word.
/// thread the I/O thread
class ZmqSubscriber : public runtime::StreamAcceptor {
public:
    /// Bind, or begin to connect.
    /// in   sink: outlives the transport
    /// err  invalid_request: an endpoint that cannot be had, or a key that is none
    virtual std::expected<void, Failure> start(runtime::StreamAcceptorSink& sink) = 0;

    /// As ZeroMQ has them: where it is bound, or what it connects to.
    virtual const std::vector<std::string>& endpoints() const noexcept = 0;

    /// `closed` follows, later.
    virtual void close_all(std::move_only_function<void()> closed) = 0;

    /// thread any
    virtual const ZmqCounters& counters() const noexcept = 0;
};

/// in  executor: outlives the transport
std::shared_ptr<ZmqSubscriber> make_acceptor(AsioExecutor& executor, ZmqSubscriberOptions options);

}  // namespace warren::transport
