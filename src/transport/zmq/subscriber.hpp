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
/// the log.          thread the I/O thread
class ZmqSubscriber final : public runtime::StreamAcceptor {
public:
    /// in  executor: outlives the transport
    ZmqSubscriber(AsioExecutor& executor, ZmqSubscriberOptions options);
    ZmqSubscriber(const ZmqSubscriber&) = delete;
    ZmqSubscriber& operator=(const ZmqSubscriber&) = delete;
    /// Closes at once; the sessions go without a word.
    ~ZmqSubscriber() override;

    /// Bind, or begin to connect.
    /// in   sink: outlives the transport
    /// err  invalid_request: an endpoint that cannot be had, or a key that is none
    std::expected<void, Failure> start(runtime::StreamAcceptorSink& sink);

    /// As ZeroMQ has them: where it is bound, or what it connects to.
    const std::vector<std::string>& endpoints() const noexcept;

    runtime::Executor& executor() noexcept override;
    /// Take no further messages.
    void stop_listening() override;
    /// Close. `closed` follows, later.
    void close_all(std::move_only_function<void()> closed);

    /// thread any
    const ZmqCounters& counters() const noexcept;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace warren::transport
