#pragma once

#include <warren/forward.hpp>
#include <warren/listener.hpp>

#include "endpoint/proxy/proxy.hpp"
#include "endpoint/server/active_listeners.hpp"
#include "endpoint/server/listener_config.hpp"
#include "endpoint/server/server_stored_calls.hpp"

#include <memory>
#include <span>
#include <vector>

namespace warren::endpoint {

/// Read and check the options that the listeners of a server take anew.
/// in   running: what it was made of; listeners, forwards: as those of `Server::reload`; log: of
///      clients without one
/// err  throws Error (invalid_request): there are more or fewer, or one cannot be, or is of another
///      place
std::vector<ListenerConfig> reload_plan(std::span<const ListenerConfig> running,
                                        std::vector<ListenerOptions> listeners,
                                        std::vector<ForwardOptions> forwards,
                                        const std::shared_ptr<Log>& log);

/// Put a plan in force, for calls that begin from now on, and return when it is.
/// in   listeners, proxies, stored_calls: that run
/// err  throws Error (invalid_request): a file of it cannot be used after all; nothing has changed
void reload(std::span<const ListenerConfig> plan, const ActiveListeners& listeners,
            Proxies& proxies, const ServerStoredCalls& stored_calls);

}  // namespace warren::endpoint
