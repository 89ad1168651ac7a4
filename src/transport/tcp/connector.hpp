#pragma once

#include "runtime/stream_transports.hpp"
#include "transport/loop/asio_executor.hpp"
#include "transport/tcp/counters.hpp"
#include "transport/tcp/options.hpp"

#include <functional>
#include <memory>

namespace warren::transport {

/// Makes connections to servers, in plaintext or under TLS.        thread the I/O thread
class TcpConnector final : public runtime::StreamConnector {
public:
    /// in  executor: outlives the transport
    TcpConnector(AsioExecutor& executor, TcpClientOptions options);
    TcpConnector(const TcpConnector&) = delete;
    TcpConnector& operator=(const TcpConnector&) = delete;
    /// Drops connections and attempts as they are; nobody hears of it.
    ~TcpConnector() override;

    /// in  sink: outlives the transport
    void start(runtime::StreamConnectorSink& sink);

    runtime::Executor& executor() noexcept override;
    std::size_t address_count() const noexcept override;
    std::string display(std::size_t address) const override;
    void connect(std::size_t address, std::uint64_t token) override;
    /// Give up attempts, write what is due and close every connection. `closed` follows, later; a
    /// peer that does not read is dropped after the linger time-out.
    void close_all(std::move_only_function<void()> closed);

    /// thread any
    std::string progress() const override;
    const TcpCounters& counters() const noexcept;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace warren::transport
