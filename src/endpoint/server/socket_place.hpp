#pragma once

#include <warren/error.hpp>
#include <warren/listener.hpp>

#include "endpoint/address/address.hpp"

#include <expected>

namespace warren::endpoint {

/// Where a socket listens that somebody else has made.
/// err  invalid_request: it is no TCP socket, or listens nowhere
std::expected<HostPort, Failure> place_of_socket(int socket);

/// Where a listener has such a socket, its place is that of the address, whatever that said.
/// in   address: of the options, checked
std::expected<void, Failure> take_place_of_socket(const ListenerOptions& options, Address& address);

}  // namespace warren::endpoint
