#pragma once

#include <atomic>
#include <cstdint>

namespace warren::transport {

/// A number that one thread changes and any thread reads.
class TcpCounter {
public:
    void add(std::uint64_t count = 1) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
    }
    void subtract(std::uint64_t count = 1) noexcept { add(0 - count); }
    std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_ = 0;
};

/// What a port has done, for metrics. Each number is exact; together they are no snapshot.
struct TcpCounters {
    TcpCounter connections{};         // now; those that still shake hands among them
    TcpCounter accepted{};            // or connected, of a client
    TcpCounter refused_over_limit{};  // closed as soon as they came
    TcpCounter bytes_in{};            // of messages, without TLS
    TcpCounter bytes_out{};
    TcpCounter tls_failures{};     // handshakes that failed or took too long
    TcpCounter tls_resumptions{};  // handshakes that a session of before made short
    TcpCounter closed_by_limit{};  // slow, silent, or not reading what they asked for
};

}  // namespace warren::transport
