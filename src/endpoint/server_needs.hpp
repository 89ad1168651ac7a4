#pragma once

#include <warren/server.hpp>

#include <cstddef>
#include <memory>
#include <span>

#include "core/limits.hpp"
#include "endpoint/server_listener.hpp"
#include "protocol/nonce_memory.hpp"

// What a server needs, by its options and its listeners.
namespace warren::endpoint {

/// out  never null
std::shared_ptr<Log> log_of(const ServerOptions& options);
core::Limits limits_of(const ServerOptions& options);
/// How many threads run handlers.
std::size_t worker_count_for(const ServerOptions& options, std::span<const ListenerPlan> plans);
/// Log it, where there are handlers.
void tell_workers(std::size_t count, std::span<const ListenerPlan> plans, Log& log);
/// Where requests are signed: who answered one must not do so twice.
/// out  null where none are
/// err  throws Error (internal)
std::shared_ptr<protocol::NonceMemory> nonce_memory_for(std::span<const ListenerPlan> plans);

}  // namespace warren::endpoint
