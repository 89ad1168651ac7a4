#pragma once

#include "runtime/stream_ports.hpp"
#include "transport/asio_executor.hpp"
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
class ZmqSubscriberPort final : public runtime::StreamServerPort {
public:
    /// in  executor: outlives the port
    ZmqSubscriberPort(AsioExecutor& executor, ZmqSubscriberOptions options);
    ZmqSubscriberPort(const ZmqSubscriberPort&) = delete;
    ZmqSubscriberPort& operator=(const ZmqSubscriberPort&) = delete;
    /// Closes at once; the sessions go without a word.
    ~ZmqSubscriberPort() override;

    /// Bind, or begin to connect.
    /// in   sink: outlives the port
    /// err  invalid_request: an endpoint that cannot be had, or a key that is none
    std::expected<void, Failure> start(runtime::StreamServerSink& sink);

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
