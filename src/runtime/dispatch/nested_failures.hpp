#pragma once

#include <warren/error.hpp>

#include <optional>

namespace warren::runtime {

/// What a failure of a call that a handler made is to the handler's own caller, when the handler
/// leaves it at that. The inner call's facts are none of the outer one's: its request, its
/// credentials and its connection are this server's, and the outer handler has begun.
/// in   is_late: the outer call's deadline has passed; is_stopped: its stop token is set
/// out  nullopt: nothing that helps its caller, and so `internal`
std::optional<Failure> outcome_of_nested(const Failure& inner, bool is_late, bool is_stopped);

}  // namespace warren::runtime
