#pragma once

#include <warren/error.hpp>

#include "transport/zmq/options.hpp"
#include "transport/zmq/socket.hpp"

#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace warren::transport {

// How long what is unsent may take when a socket is closed in order.
constexpr std::chrono::milliseconds zmq_linger{500};

/// in  side: who binds may have many connections. ZeroMQ's heartbeats would cost each of them a
///     timer, and the end of each a look at all timers: there TCP's keep-alive does for them.
void limit(ZmqSocket& socket, const ZmqLimits& limits, ZmqSide side);

/// err  invalid_request: keys that are none, or names and passwords of a length that cannot be
std::expected<void, Failure> secure(ZmqSocket& socket, const ZmqClientSecurity& security);

/// out  to be kept while the socket is there: who is let in; null: all
/// err  as above
std::expected<std::shared_ptr<const std::string>, Failure> secure(
    ZmqSocket& socket, const ZmqServerSecurity& security);

/// Before it is bound or connected: an endpoint for all of this machine is one of IPv6, too; names
/// and addresses of IPv4 stay what they are.
void allow_ipv6(ZmqSocket& socket, std::string_view endpoint);

/// Of a socket that connects by itself, again and again.
void reconnect(ZmqSocket& socket);

/// For messages: what a socket shows or asks for.
std::string_view name_of(const ZmqClientSecurity& security);
std::string_view name_of(const ZmqServerSecurity& security);

}  // namespace warren::transport
