#pragma once

#include <warren/context.hpp>
#include <warren/server.hpp>

#include "endpoint/server/listener_config.hpp"
#include "metrics/text.hpp"
#include "runtime/dispatch/keyed_calls.hpp"
#include "store/call_store.hpp"

#include <memory>
#include <span>
#include <vector>

// Where a server keeps replies, so that no call is done twice.
namespace warren::endpoint {

/// out  null: its options name none
/// err  throws Error (invalid_request) saying why it cannot be used, and what to do
std::unique_ptr<store::CallStore> open_store(const StoreOptions& options, std::shared_ptr<Log> log);

/// Hold what listeners and methods ask for against a server without a store.
/// in   methods: of each listener
/// err  throws Error (invalid_request) naming the listener or the method
void check_needs_no_store(std::span<const ListenerConfig> configs,
                          std::span<const std::vector<const Method*>> methods);

metrics::StoreFigures figures_of(const store::CallStore& of_store,
                                 const runtime::KeyedCalls& calls) noexcept;

/// err  invalid_request: both kinds are named, or a limit is none
std::expected<void, Failure> check_store(const StoreOptions& options);

}  // namespace warren::endpoint
