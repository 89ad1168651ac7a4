#pragma once

#include <warren/error.hpp>
#include <warren/listener.hpp>

#include "endpoint/address/address.hpp"

#include <expected>

// What a listener may say of its queue where a broker refuses some of that.
namespace warren::endpoint {

/// Hold what a listener says itself against its `compat`; what a protocol says is changed instead.
/// err  invalid_request: what contradicts it, and what to do
std::expected<void, Failure> check_compat(const Address& address, const ListenerQueue& queue);

}  // namespace warren::endpoint
