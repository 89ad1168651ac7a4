#pragma once

#include <warren/error.hpp>

#include "transport/zmq/context.hpp"

#include <zmq.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace warren::transport {

/// A ZeroMQ socket. It may be used by one thread after the other where the change is ordered by a
/// lock, as `AsioExecutor` does it.          thread one at a time
class ZmqSocket {
public:
    enum class Sent : std::uint8_t {
        yes,
        full,     // the peer's queue, or there is no peer
        nowhere,  // a ROUTER knows nobody of this id
    };

    ZmqSocket() = default;
    /// in   type: such as ZMQ_DEALER
    /// err  internal: no descriptors left, or no more sockets
    static std::expected<ZmqSocket, Failure> open(int type);
    ZmqSocket(ZmqSocket&& other) noexcept;
    ZmqSocket& operator=(ZmqSocket&& other) noexcept;
    /// What is unsent is dropped, but for what the socket lingers for.
    ~ZmqSocket();

    explicit operator bool() const noexcept { return handle_ != nullptr; }
    void* handle() const noexcept { return handle_; }
    ZmqContext& context() const noexcept { return *context_; }

    /// Set an option to a value that it takes.
    void set(int option, int value);
    void set_bytes_max(std::size_t bytes);
    /// out  whether the option takes it
    bool set(int option, std::string_view value);
    int descriptor() const;
    std::string last_endpoint() const;

    // out  errno; 0: it went well

    int bind(const std::string& endpoint);
    int connect(const std::string& endpoint);
    void disconnect(const std::string& endpoint);

    /// Send a frame, without waiting.
    Sent send(std::span<const char> frame, bool more);
    Sent send(zmq::message_t& frame, bool more);
    /// Take a frame, without waiting; what `frame` held before is given up.
    /// out  false: there is none now
    bool receive(zmq::message_t& frame);

private:
    std::shared_ptr<ZmqContext> context_;
    void* handle_ = nullptr;
};

}  // namespace warren::transport
