#pragma once

#include <warren/context.hpp>
#include <warren/listener.hpp>

#include "core/limits.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace warren::transport {

/// Who a client says it is, in plaintext.                                       [ZeroMQ RFC 24,
/// PLAIN]
struct ZmqPlain {
    std::string username;
    std::string password;
};

/// Keys are 40 characters of Z85.                                           [ZeroMQ RFC 26, CURVE]
struct ZmqCurveClient {
    std::string server_public_key;
    std::string public_key{};  // empty, with the secret one: a pair is generated for this process
    std::string secret_key{};
};

struct ZmqCurveServer {
    std::string secret_key;
    std::vector<std::string> client_public_keys{};  // empty: any client may come
    std::vector<std::string> client_names{};        // who has each; the rest go by their keys
};

/// Unset: the peer is not asked who it is. Who serves or publishes has the server's part in it,
/// whichever side binds.
using ZmqClientSecurity = std::variant<std::monostate, ZmqPlain, ZmqCurveClient>;
using ZmqServerSecurity = std::variant<std::monostate, ZmqPlain, ZmqCurveServer>;

/// How messages of a client and a server lie in frames.
enum class ZmqEnvelope : std::uint8_t {
    /// One frame, the message: DEALER to ROUTER. A server also takes requests with a delimiter, and
    /// answers them with it.
    bare,
    /// As REQ and REP do it, an empty frame before the message. The first four bytes of a client's
    /// messages travel in a frame of their own before that: every REP gives them back as they are,
    /// so that they tell answers apart.
    delimited,
};

struct ZmqLimits {
    /// What readers of messages take.
    std::size_t message_bytes_max = core::Limits{}.body_bytes_max;
    /// What is read at all, of a frame and of a message: what is over the limit above is refused
    /// alone then. A peer that sends a frame over this one is dropped, with all that is its.
    std::size_t frame_bytes_max = std::size_t{256} << 20;
    int high_water_mark = 100'000;  // messages that wait for one peer, each way
    /// When the other side says nothing at all for so long it is gone; it is asked three times
    /// meanwhile, by ZeroMQ [RFC 37, PING and PONG], or by TCP's keep-alive where this side binds.
    /// 0: never.
    std::chrono::milliseconds heartbeat_timeout{30'000};

    std::size_t read_bytes_max() const noexcept {
        return std::max(2 * message_bytes_max, frame_bytes_max);
    }
};

/// A ROUTER that serves REQ, DEALER and ROUTER's other peers.
struct ZmqServerOptions {
    /// As ZeroMQ writes them: "tcp://*:30000" (port 0: a free one), "ipc://PATH", "inproc://NAME".
    std::vector<std::string> endpoints{};
    ZmqSide side = ZmqSide::bind;
    ZmqServerSecurity security{};
    ZmqLimits limits{};
    std::size_t peers_max = 10'240;  // with requests under way or answers waiting
    /// Bytes of messages of peers that have to wait, for a response or for room, before their next
    /// request is read, and some more for each message: of one peer, and of all together. What is
    /// over it is dropped; the first message of a peer waits in any case.
    std::size_t queued_bytes_per_peer_max = std::size_t{16} << 20;
    std::size_t queued_bytes_max = std::size_t{64} << 20;
    /// Of responses that wait for peers to read them: of one peer, and of all together. Over it
    /// answers are dropped; of all together, those to peers for which more than 1 MiB waits.
    std::size_t output_bytes_per_peer_max = core::Limits{}.output_buffer_bytes_max;
    std::size_t output_bytes_max = 4 * core::Limits{}.output_buffer_bytes_max;
    Log* log = nullptr;  // gets trouble with peers; may be null; outlives the transport
};

/// A SUB that takes everything that its publishers send.
struct ZmqSubscriberOptions {
    std::vector<std::string> endpoints{};
    ZmqSide side = ZmqSide::connect;
    ZmqClientSecurity security{};
    /// A publisher that says nothing for so long, heartbeats included, is connected to anew. 0:
    /// never.
    std::chrono::milliseconds silence_timeout{60'000};
    ZmqLimits limits{};
    std::chrono::milliseconds connect_timeout{10'000};
    Log* log = nullptr;  // gets connections; may be null; outlives the transport
};

/// A DEALER for each connection.
struct ZmqClientOptions {
    std::vector<std::string> endpoints{};
    ZmqEnvelope envelope = ZmqEnvelope::bare;
    ZmqClientSecurity security{};
    ZmqLimits limits{};
    std::chrono::milliseconds connect_timeout{10'000};
};

/// A PUB for whoever listens: one-way messages only.
struct ZmqPublisherOptions {
    std::vector<std::string> endpoints{};
    ZmqSide side = ZmqSide::bind;
    ZmqServerSecurity security{};
    ZmqLimits limits{};
    std::string heartbeat{};  // what is published in a quiet time; empty: nothing
    std::chrono::milliseconds heartbeat_interval{10'000};
    /// How long an attempt to connect waits for a subscriber. 0: for none, what is published is
    /// lost while nobody subscribes.
    std::chrono::milliseconds subscriber_timeout{10'000};
    Log* log = nullptr;  // gets trouble with subscribers; may be null; outlives the transport
};

}  // namespace warren::transport
