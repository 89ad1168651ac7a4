#pragma once

#include "transport/loop/asio_executor.hpp"
#include "transport/tcp/counters.hpp"
#include "transport/tcp/options.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace warren::transport {

class TcpConnection;

/// What one read takes at most.
using ReadRoom = std::array<std::byte, std::size_t{64} << 10>;

/// The connections of one port: their limits, the time that passes for them, and the memory that
/// they read into one after the other.          thread the I/O thread
class ConnectionSet {
public:
    /// in  executor, counters: outlive the set
    ConnectionSet(AsioExecutor& executor, const TcpLimits& limits, TcpCounters& counters);
    ConnectionSet(const ConnectionSet&) = delete;
    ConnectionSet& operator=(const ConnectionSet&) = delete;
    /// Drops its connections as they are.
    ~ConnectionSet();

    AsioExecutor& executor() noexcept { return executor_; }
    const TcpLimits& limits() const noexcept { return limits_; }
    TcpCounters& counters() noexcept { return counters_; }
    /// Where all of them read into: what one has read is gone with the end of its handling.
    const std::shared_ptr<ReadRoom>& read_room() const noexcept { return read_room_; }
    std::size_t size() const noexcept { return connections_.size(); }

    /// The unread bytes of one connection have changed.
    /// out  whether all connections together have too many, and this one more than its share
    bool count_unread(std::size_t before, std::size_t now) noexcept {
        unread_bytes_ += now - before;
        return limits_.unread_bytes_max != 0 && unread_bytes_ > limits_.unread_bytes_max &&
               now > limits_.unread_bytes_max / connections_.size();
    }

    void add(std::shared_ptr<TcpConnection> connection);
    void remove(TcpConnection& connection) noexcept;
    /// Write what is due and close them all. `closed` follows once they are gone, later; what takes
    /// longer than the linger time-out is dropped.
    void close_all(std::move_only_function<void()> closed);
    /// Drop them as they are.
    void drop_all() noexcept;

private:
    void sweep();
    void sweep_later();
    void report_closed();

    AsioExecutor& executor_;
    const TcpLimits limits_;
    TcpCounters& counters_;
    std::chrono::milliseconds period_;
    std::shared_ptr<ReadRoom> read_room_;
    std::vector<std::shared_ptr<TcpConnection>> connections_;
    std::size_t unread_bytes_ = 0;
    runtime::Executor::TimerId sweep_timer_ = 0;
    bool has_stood_still_ = false;
    runtime::Executor::TimerId close_timer_ = 0;
    std::move_only_function<void()> closed_;
};

}  // namespace warren::transport
