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

/// A ROUTER and who speaks to it: DEALER, REQ, and others by way of proxies.
///
/// A connection of the runtime is a peer, which is everything before the message: the routing id,
/// what a REQ puts before its delimiter, and the delimiter. A response goes back with the same
/// before it. So each request of a correlating REQ, or of a client with `ZmqEnvelope::delimited`,
/// has a connection of its own, which is gone with its response. Peers without work are kept while
/// they are few.
///
/// A peer whose connection has ended, and that is not there again, is not reachable: its session
/// hears so. Of one within the process (inproc), or that the ROUTER itself connects to, it hears
/// only when a response does not reach it.
///
/// Its end closes at once; the sessions go without a word.
/// thread the I/O thread
class ZmqAcceptor : public runtime::StreamAcceptor {
public:
    /// Bind, or connect, and take messages.
    /// in   sink: outlives the transport
    /// err  invalid_request: an endpoint that is taken, unknown or not allowed, or a key that is
    ///      none; says which, why, and what to do
    virtual std::expected<void, Failure> start(runtime::StreamAcceptorSink& sink) = 0;

    /// As ZeroMQ has them, such as "tcp://127.0.0.1:30000": with the port that was found where 0
    /// was asked.
    virtual const std::vector<std::string>& local_endpoints() const noexcept = 0;

    /// Send what is due, then close. `closed` follows, later: the endpoints are free then, but for
    /// what a peer has not read, which is dropped within half a second.
    virtual void close_all(std::move_only_function<void()> closed) = 0;

    /// thread any
    virtual const ZmqCounters& counters() const noexcept = 0;
};

/// in  executor: outlives the transport
std::shared_ptr<ZmqAcceptor> make_acceptor(AsioExecutor& executor, ZmqServerOptions options);

}  // namespace warren::transport
