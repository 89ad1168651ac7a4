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
    std::string host{};  // of tcp: a name or an address, without brackets; to bind also others
    std::string port{};  // and that
    std::string name{};  // of inproc
};

/// in   text: "tcp://HOST:PORT", "ipc://PATH" or "inproc://NAME"; what can be bound more than
///      connected to, such as "*" and interfaces, is left to ZeroMQ
/// err  invalid_request, with what it should be
std::expected<ZmqEndpoint, Failure> parse_zmq_endpoint(std::string_view text, ZmqSide side);

/// Why an endpoint could not be bound, and what to do.
Failure bind_failure(std::string_view endpoint, int error);

/// Whether a path of ipc can be had, whoever listens there now.
/// err  invalid_request: a file that is no socket is there, or there is no folder for it
std::expected<void, Failure> check_path(const ZmqEndpoint& endpoint);

/// Whether an endpoint can be bound without taking away what is there: of ipc, at most a socket at
/// which nobody listens any more.
/// err  invalid_request: something else has the path, or there is no folder for it
std::expected<void, Failure> check_unused(const ZmqEndpoint& endpoint);

/// An endpoint to bind with the host's name resolved, as ZeroMQ itself knows no names there: to an
/// address of IPv4, if it has one.
/// err  invalid_request: it is no name, and nothing else that can be bound
/// cost may ask the system's resolver, and wait for it
std::expected<std::string, Failure> numeric_endpoint(const ZmqEndpoint& endpoint);

}  // namespace warren::transport
