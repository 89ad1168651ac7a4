#pragma once

#include <warren/error.hpp>

#include <expected>
#include <span>

#include "endpoint/server_listener.hpp"

namespace warren::endpoint {

/// Whether calls that the last of some listeners, a proxy, takes on come round to it again, as far
/// as the addresses of this server tell.
/// err  invalid_request: they would
std::expected<void, Failure> check_circles(std::span<const ListenerPlan> plans);

}  // namespace warren::endpoint
