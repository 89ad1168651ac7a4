#pragma once

#include <warren/error.hpp>

#include "endpoint/server/listener_config.hpp"

#include <expected>
#include <span>

namespace warren::endpoint {

/// Whether calls that the last of some listeners, a proxy, forwards come round to it again, as far
/// as the addresses of this server tell.
/// err  invalid_request: they would
std::expected<void, Failure> check_forwarding_loops(std::span<const ListenerConfig> configs);

}  // namespace warren::endpoint
