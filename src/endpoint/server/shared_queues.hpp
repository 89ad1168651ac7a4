#pragma once

#include <warren/error.hpp>

#include "endpoint/server/listener_config.hpp"

#include <expected>
#include <span>

namespace warren::endpoint {

/// Whether two listeners consume one queue of one broker.
bool share_queue(const ListenerConfig& one, const ListenerConfig& other);

/// Listeners at one queue get each other's requests, so they have to serve the same.
/// in   last: one more, beside these
/// err  invalid_request: which queue it is, and the remedy
std::expected<void, Failure> check_shared_queues(std::span<const ListenerConfig> configs,
                                                 const ListenerConfig& last);

}  // namespace warren::endpoint
