#pragma once

#include "transport/loop/asio_executor.hpp"
#include "transport/net/tls_stream.hpp"
#include "transport/tcp/connection.hpp"
#include "transport/tcp/counters.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace warren::transport {

/// Clients of one port whose TLS handshakes are under way.        thread the I/O thread
class ArrivalSet {
public:
    using Arrived = std::move_only_function<void(std::unique_ptr<TlsStream> stream, TcpPeer peer)>;

    using Refused =
        std::move_only_function<void(const TcpPeer& peer, std::optional<std::string> reason)>;

    /// in  executor, counters: outlive the set
    ///     arrived: called for each that is through
    ///     refused: called for each that is not; without a reason it went by itself
    ArrivalSet(AsioExecutor& executor, std::chrono::milliseconds timeout, TcpCounters& counters,
               Arrived arrived, Refused refused);
    ArrivalSet(const ArrivalSet&) = delete;
    ArrivalSet& operator=(const ArrivalSet&) = delete;
    ~ArrivalSet();

    void add(std::unique_ptr<TlsStream> stream, TcpPeer peer);
    std::size_t size() const noexcept { return arrivals_.size(); }
    /// Drop them all.
    void clear() noexcept;

private:
    struct Arrival {
        std::unique_ptr<TlsStream> stream;
        TcpPeer peer;
        ArrivalSet* home = nullptr;  // null: dropped
        runtime::Executor::TimerId timer = 0;
        bool is_late = false;
    };

    void shaken(Arrival& arrival, const boost::system::error_code& error);

    AsioExecutor& executor_;
    const std::chrono::milliseconds timeout_;
    TcpCounters& counters_;
    Arrived arrived_;
    Refused refused_;
    std::unordered_map<Arrival*, std::shared_ptr<Arrival>> arrivals_;
};

}  // namespace warren::transport
