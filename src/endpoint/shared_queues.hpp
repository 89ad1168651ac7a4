#pragma once

#include <warren/error.hpp>

#include <expected>
#include <span>

#include "endpoint/server_listener.hpp"

namespace warren::endpoint {

/// Whether two listeners consume one queue of one broker.
bool share_queue(const ListenerPlan& one, const ListenerPlan& other);

/// Listeners at one queue get each other's requests, so they have to serve the same.
/// in   last: one more, beside these
/// err  invalid_request: which queue it is, and the remedy
std::expected<void, Failure> check_shared_queues(std::span<const ListenerPlan> plans,
                                                 const ListenerPlan& last);

}  // namespace warren::endpoint
