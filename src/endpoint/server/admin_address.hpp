#pragma once

#include <warren/error.hpp>

#include "transport/http/http_server.hpp"

#include <expected>
#include <string>

namespace warren::endpoint {

/// Where monitoring asks: HOST:PORT, port 0 for a free one; or unix:///PATH of a Unix socket, with
/// ?mode=0660 for who may connect.
/// err  invalid_request
std::expected<transport::HttpServerOptions, Failure> parse_admin_address(
    const std::string& address);

}  // namespace warren::endpoint
