#pragma once

#include <warren/error.hpp>
#include <warren/idempotency.hpp>

#include <expected>

namespace warren::endpoint {

/// err  invalid_request: both kinds of stores are named, or a limit is none
std::expected<void, Failure> check_store(const StoreOptions& options);

}  // namespace warren::endpoint
