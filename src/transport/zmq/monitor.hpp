#pragma once

#include "transport/loop/asio_executor.hpp"
#include "transport/zmq/socket.hpp"
#include "transport/zmq/watch.hpp"

#include <cstdint>
#include <expected>
#include <memory>

namespace warren::transport {

/// What happened to a connection of a socket, as `zmq_socket_monitor` has it.
struct ZmqEvent {
    std::uint16_t what = 0;   // such as ZMQ_EVENT_CONNECTED
    std::uint32_t value = 0;  // what it means depends on that
};

/// Tells what happens to the connections of a socket; nothing of inproc's.  thread the I/O thread
class ZmqMonitor final : private ZmqWatch::User {
public:
    class User {
    public:
        /// May destroy the monitor.
        virtual void on_event(const ZmqEvent& event) = 0;

    protected:
        ~User() = default;
    };

    /// in   executor, socket, user: outlive the monitor
    /// err  internal: no descriptors left
    static std::expected<std::unique_ptr<ZmqMonitor>, Failure> start(AsioExecutor& executor,
                                                                     const ZmqSocket& socket,
                                                                     User& user);
    ZmqMonitor(const ZmqMonitor&) = delete;
    ZmqMonitor& operator=(const ZmqMonitor&) = delete;
    ~ZmqMonitor();

    /// Tell of all that has happened until now.
    void handle_events();

    /// The socket was closed. What it says yet is told, and ZMQ_EVENT_MONITOR_STOPPED in the end:
    /// when it has sent what it had to, and its endpoints are free. Until then the destructor
    /// waits.
    void after_close() noexcept { monitored_ = nullptr; }

private:
    ZmqMonitor(AsioExecutor& executor, void* monitored, ZmqSocket socket, User& user);
    void on_signal() override { handle_events(); }
    ZmqEvent take(zmq::message_t& frame);
    void wait_until_stopped();

    void* monitored_;  // null: it was closed
    bool stopped_ = false;
    ZmqSocket socket_;
    User& user_;
    const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    ZmqWatch watch_;
};

}  // namespace warren::transport
