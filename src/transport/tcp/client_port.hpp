#pragma once

#include "runtime/stream_ports.hpp"
#include "transport/asio_executor.hpp"
#include "transport/tcp/counters.hpp"
#include "transport/tcp/options.hpp"

#include <functional>
#include <memory>

namespace warren::transport {

/// Makes connections to servers, in clear or under TLS.        thread the I/O thread
class TcpClientPort final : public runtime::StreamClientPort {
public:
    /// in  executor: outlives the port
    TcpClientPort(AsioExecutor& executor, TcpClientOptions options);
    TcpClientPort(const TcpClientPort&) = delete;
    TcpClientPort& operator=(const TcpClientPort&) = delete;
    /// Drops connections and attempts as they are; nobody hears of it.
    ~TcpClientPort() override;

    /// in  sink: outlives the port
    void start(runtime::StreamClientSink& sink);

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
