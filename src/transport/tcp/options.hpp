#pragma once

#include <warren/context.hpp>

#include "core/limits.hpp"
#include "transport/net/dial_target.hpp"
#include "transport/net/tls_options.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::transport {

/// What one connection may cost. A time of 0 is no limit.
struct TcpLimits {
    /// Output that waits for the peer: over the first no more is read; over the second the
    /// connection is closed if the peer takes none of it for `output_pause_max`. How much there is
    /// in all the session decides, which hears of it: who reads as fast as it can loses nothing.
    std::size_t output_high_bytes = std::size_t{256} << 10;
    std::size_t output_large_bytes = core::Limits{}.output_buffer_bytes_max;
    std::chrono::milliseconds output_pause_max{5'000};
    /// How long a peer may take none of the output that waits.
    std::chrono::milliseconds write_timeout{30'000};
    /// A message that has begun has this long, and longer by its bytes at the rate.
    std::chrono::milliseconds message_grace{30'000};
    std::size_t message_rate_min = 4096;  // bytes in a second
    /// How long a connection may be silent with nothing under way.
    std::chrono::milliseconds idle_timeout{0};
    /// Messages that have begun, of all connections together: over it one that has more of it than
    /// its share is closed. 0: no limit.
    std::size_t unread_bytes_max = 0;
    /// How long a connection that we end may take for its last bytes, each way.
    std::chrono::milliseconds linger_timeout{2'000};
};

struct TcpServerOptions {
    std::string host = "127.0.0.1";  // a name, an address, or "" or "*" for all of this machine
    std::uint16_t port = 0;          // 0: a free one
    std::optional<TlsServerOptions> tls{};                // unset: in plaintext
    std::chrono::milliseconds handshake_timeout{10'000};  // of TLS
    std::size_t connections_max = 10'240;  // those over it are closed as soon as they come
    int backlog = 4096;                    // connections that wait to be accepted
    bool reuse_port = false;               // others may listen there, too: SO_REUSEPORT
    /// A socket that listens already, instead of host and port; it is owned from then on.
    std::optional<int> listening_socket{};
    TcpLimits limits{.idle_timeout = std::chrono::minutes{10},
                     .unread_bytes_max = std::size_t{256} << 20};
    /// Gets trouble: no descriptors left, connections over the limit. May be null; outlives the
    /// port.
    Log* log = nullptr;
};

struct TcpClientOptions {
    std::vector<DialTarget> targets{};  // one at least
    TcpLimits limits{};
};

/// A server of ours to connect to, with its name for messages.
DialTarget tcp_target(std::string host, std::uint16_t port, std::optional<TlsOptions> tls = {},
                      std::chrono::milliseconds connect_timeout = std::chrono::seconds{10});

/// "localhost:8080", or "[::1]:8080".
std::string host_and_port(std::string_view host, std::uint16_t port);

}  // namespace warren::transport
