#pragma once

#include "transport/zmq/socket.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace warren::transport {

/// Which of the ROUTER's own peers an envelope is of.
std::string_view routing_id_in(std::string_view envelope) noexcept;

/// Reads what a ROUTER gets: a routing id, frames that only the way back needs, a delimiter where
/// the peer sets one, and the message.                                    [ZeroMQ RFC 28, ROUTER]
/// Without a delimiter the message is the last frame: what stands before was added by proxies.
class ZmqEnvelopeReader {
public:
    enum class Result : std::uint8_t {
        nothing,    // there is none now
        message,    // see `envelope` and `body`
        malformed,  // what came is no request, and is gone
    };

    /// in  message_bytes_max: of frames that make one message; over it they are malformed
    explicit ZmqEnvelopeReader(std::size_t message_bytes_max) noexcept
        : message_bytes_max_{message_bytes_max} {}

    Result next(ZmqSocket& socket);

    // Of the last message, until the next call.

    /// All before the message, as `send_message` takes it; the same for the same peer.
    std::string_view envelope() const noexcept { return envelope_; }
    /// Which of the ROUTER's own peers sent it.
    std::string_view routing_id() const noexcept { return routing_id_in(envelope_); }
    /// Frames after the delimiter are taken for one message.
    std::span<const std::byte> body() const noexcept;
    /// Whether the envelope is likely to be of this message alone.
    bool is_correlated() const noexcept { return is_correlated_; }
    /// Which connection it came by; -1: none, within the process.
    int descriptor() { return zmq_msg_get(frame_.handle(), ZMQ_SRCFD); }
    /// Whom the handshake has let in; empty: nobody was asked.
    std::string_view user_id() { return property("User-Id"); }
    /// The address of the host that it came from; empty: within this one.
    std::string_view peer_address() { return property("Peer-Address"); }

private:
    std::string_view property(const char* name);
    bool add_to_message(std::string_view frame);
    Result skip(ZmqSocket& socket);
    bool join(ZmqSocket& socket);

    const std::size_t message_bytes_max_;
    std::string envelope_;
    bool is_correlated_ = false;
    zmq::message_t frame_;
    bool is_joined_ = false;
    std::string joined_;  // of several frames
};

/// Send all before a message, which is to follow.
ZmqSocket::Sent send_message(ZmqSocket& socket, std::string_view envelope);

}  // namespace warren::transport
