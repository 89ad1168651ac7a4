#pragma once

#include <warren/error.hpp>

#include "transport/zmq/options.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace warren::transport {

/// Where a ZeroMQ socket is bound or connects to.
struct ZmqEndpoint {
    enum class Kind : std::uint8_t { tcp, ipc, inproc };

    Kind kind = Kind::tcp;
    std::string text{};  // as ZeroMQ writes it
    std::string host{};  // of tcp to connect to: a name or an address, without brackets
    std::string port{};  // and that
    std::string name{};  // of inproc
};

/// in   text: "tcp://HOST:PORT", "ipc://PATH" or "inproc://NAME"; what can be bound more than
///      connected to, such as "*" and interfaces, is left to ZeroMQ
/// err  invalid_request, with what it should be
std::expected<ZmqEndpoint, Failure> parse_zmq_endpoint(std::string_view text, ZmqSide side);

/// Why an endpoint could not be bound, and what to do.
Failure bind_failure(std::string_view endpoint, int error);

/// err  invalid_request: a server answers there, whose socket's file would be taken away
std::expected<void, Failure> check_unused(const ZmqEndpoint& endpoint);

}  // namespace warren::transport
