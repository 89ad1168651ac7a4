#pragma once

#include "runtime/stream_ports.hpp"
#include "transport/asio_executor.hpp"
#include "transport/zmq/counters.hpp"
#include "transport/zmq/options.hpp"

#include <expected>
#include <functional>
#include <memory>

namespace warren::transport {

/// Makes connections to ROUTERs and REPs, each a DEALER of its own; an address is an endpoint.
/// thread the I/O thread
class ZmqClientPort final : public runtime::StreamClientPort {
public:
    /// in  executor: outlives the port
    ZmqClientPort(AsioExecutor& executor, ZmqClientOptions options);
    ZmqClientPort(const ZmqClientPort&) = delete;
    ZmqClientPort& operator=(const ZmqClientPort&) = delete;
    /// Drops connections and attempts as they are; nobody hears of it.
    ~ZmqClientPort() override;

    /// in   sink: outlives the port
    /// err  invalid_request: an endpoint or a key that is none
    std::expected<void, Failure> start(runtime::StreamClientSink& sink);

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
