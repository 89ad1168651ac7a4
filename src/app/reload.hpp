#pragma once

#include <warren/server.hpp>

#include "app/config/config.hpp"
#include "app/middleware.hpp"
#include "endpoint/log_queue.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace warren::app {

/// Its listeners, those of proxies last, as a `Server` has them.
std::vector<ListenerEntry*> listeners_of(Config& config);

/// A server that runs, and the configuration that it runs by, which is read again when somebody
/// asks for that.          thread one at a time
class Reload {
public:
    /// What is served, all of which outlives this.
    struct Serving {
        Config& config;  // as it is served: it becomes what was taken anew
        Middleware& middleware;
        Server& server;
        std::shared_ptr<endpoint::LogQueue> log;
        std::optional<std::string> virtual_host{};
    };

    explicit Reload(Serving serving) : serving_{std::move(serving)} {}

    /// Read the configuration's file again, and every file that it names. What can be taken without
    /// a restart is in force when this returns, for calls that begin from then on, or, when
    /// anything is wrong, nothing of it; the log has it either way, however often somebody asks.
    void run();

private:
    void take(Config wanted);

    Serving serving_;
};

}  // namespace warren::app
