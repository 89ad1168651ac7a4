#pragma once

#include <warren/server.hpp>

#include "core/limits.hpp"
#include "endpoint/server/listener_config.hpp"
#include "protocol/nonce_memory.hpp"
#include "runtime/clock.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>

// What a server needs, by its options and its listeners.
namespace warren::endpoint {

inline constexpr std::chrono::seconds auth_clock_ahead_limit{10};
core::Limits limits_of(const ServerOptions& options);
/// How many threads run handlers.
std::size_t worker_count_for(const ServerOptions& options, std::span<const ListenerConfig> configs);
/// Log it, where there are handlers.
void log_workers(std::size_t count, std::span<const ListenerConfig> configs, Log& log);
/// Where requests are signed: who answered one must not do so twice.
/// out  null where none are; otherwise of what is signed from now on, or in the time by which the
///      process before this one took requests early
/// err  throws Error (invalid_request | internal)
std::shared_ptr<protocol::NonceMemory> nonce_memory_for(const ServerOptions& options,
                                                        std::span<const ListenerConfig> configs,
                                                        const runtime::Clock& clock);
/// Wait until what is signed now is remembered, so that no caller who listens to is refused for it.
void wait_until_remembered(const protocol::NonceMemory& memory, const runtime::Clock& clock);

}  // namespace warren::endpoint
