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
/// has. It is there while somebody subscribes, so that nothing is published to nobody.
///
/// Each subscriber has a queue of its own: what does not fit there is lost to that one alone.
/// thread the I/O thread
class ZmqPublisher final : public runtime::StreamConnector {
public:
    /// in  executor: outlives the transport
    ZmqPublisher(AsioExecutor& executor, ZmqPublisherOptions options);
    ZmqPublisher(const ZmqPublisher&) = delete;
    ZmqPublisher& operator=(const ZmqPublisher&) = delete;
    /// Closes at once; nobody hears of it.
    ~ZmqPublisher() override;

    /// Bind, or begin to connect.
    /// in   sink: outlives the transport
    /// err  invalid_request: an endpoint that is taken, unknown or not allowed, or a key that is
    ///      none; says which, why, and what to do
    std::expected<void, Failure> start(runtime::StreamConnectorSink& sink);

    /// As ZeroMQ has them: where it is bound, or what it connects to.
    const std::vector<std::string>& endpoints() const noexcept;

    runtime::Executor& executor() noexcept override;
    std::size_t address_count() const noexcept override { return 1; }
    std::string display(std::size_t address) const override;
    /// The sink hears of it when there is a subscriber, or that there was none in time.
    void connect(std::size_t address, std::uint64_t token) override;
    /// Send what is due and close. `closed` follows, later; what a subscriber does not read within
    /// half a second is dropped.
    void close_all(std::move_only_function<void()> closed);

    /// thread any
    const ZmqCounters& counters() const noexcept;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace warren::transport
