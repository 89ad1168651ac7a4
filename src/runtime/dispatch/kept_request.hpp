#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>
#include <warren/value.hpp>

#include "runtime/dispatch/keyed_call.hpp"
#include "runtime/dispatch/server_call.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

// The requests of calls with a key, once their handlers have taken what was bound.
namespace warren::runtime {

/// out  views of the call's own bytes and the arena
std::expected<Value, Failure> bound_arguments(const KeyedCall& keyed, Arena& arena);
/// All that a later attempt needs, with its secrets encrypted where the listener has keys.
std::expected<std::string, Failure> request_record_of(
    const ServerCall& call, std::optional<std::int64_t> expires_at_ms = std::nullopt);

}  // namespace warren::runtime
