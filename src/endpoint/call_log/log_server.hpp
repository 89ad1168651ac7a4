#pragma once

#include <warren/call_log.hpp>

#include "endpoint/http_place.hpp"

#include <expected>

namespace warren::endpoint {

/// How to reach the log server of some options.
/// err  invalid_request: what is wrong with them; shows no token
std::expected<HttpPlace, Failure> log_server_of(const CallLogOptions& options);

}  // namespace warren::endpoint
