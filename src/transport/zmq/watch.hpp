#pragma once

#include "transport/loop/asio_executor.hpp"
#include "transport/zmq/socket.hpp"

#include <memory>

namespace warren::transport {

/// Says when something has happened to a socket: whether messages have come, room for more, or
/// nothing of both. Its descriptor tells by edges: who is told has to take messages until there are
/// none, and again after sending, which may swallow the signal of one that came.
/// thread the I/O thread
class ZmqWatch {
public:
    class User {
    public:
        virtual void on_signal() = 0;

    protected:
        ~User() = default;
    };

    /// The first signal comes by itself, soon.
    /// in  executor, socket, user: outlive the watch
    ZmqWatch(AsioExecutor& executor, const ZmqSocket& socket, User& user);
    ZmqWatch(const ZmqWatch&) = delete;
    ZmqWatch& operator=(const ZmqWatch&) = delete;
    ~ZmqWatch();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace warren::transport
