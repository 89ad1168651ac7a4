#pragma once

#include "runtime/stream_transports.hpp"
#include "transport/loop/asio_executor.hpp"
#include "transport/zmq/counters.hpp"
#include "transport/zmq/options.hpp"

#include <expected>
#include <functional>
#include <memory>

namespace warren::transport {

/// Makes connections to ROUTERs and REPs, each a DEALER of its own; an address is an endpoint.
/// thread the I/O thread
class ZmqConnector final : public runtime::StreamConnector {
public:
    /// in  executor: outlives the transport
    ZmqConnector(AsioExecutor& executor, ZmqClientOptions options);
    ZmqConnector(const ZmqConnector&) = delete;
    ZmqConnector& operator=(const ZmqConnector&) = delete;
    /// Drops connections and attempts as they are; nobody hears of it.
    ~ZmqConnector() override;

    /// in   sink: outlives the transport
    /// err  invalid_request: an endpoint or a key that is none
    std::expected<void, Failure> start(runtime::StreamConnectorSink& sink);

    runtime::Executor& executor() noexcept override;
    std::size_t address_count() const noexcept override;
    std::string display(std::size_t address) const override;
    void connect(std::size_t address, std::uint64_t token) override;
    std::string progress() const override;
    /// Give up attempts, send what is due and close every connection. `closed` follows, later; what
    /// a peer does not read within half a second is dropped.
    void close_all(std::move_only_function<void()> closed);

    /// thread any
    const ZmqCounters& counters() const noexcept;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace warren::transport
