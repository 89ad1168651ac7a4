#pragma once

#include <warren/server.hpp>

#include "endpoint/log_queue.hpp"

#include <signal.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

// How a server runs as a program: until a signal ends it.
namespace warren::app {

/// SIGTERM, SIGINT and SIGHUP, taken by asking and not by interruption.
class Signals {
public:
    /// Before any thread starts, so that all inherit it.
    Signals();

    /// From now on they end the process as they do by default: it has nothing more to do but to say
    /// why, which nobody may read.
    void release() const noexcept;

    /// Wait for the request to end; each SIGHUP until then calls a function.
    template <typename OnHangUp>
    void wait(const OnHangUp& on_hang_up) const {
        for (;;) {
            int number = 0;
            if (sigwait(&set_, &number) != 0) {
                continue;
            }
            if (number != SIGHUP) {
                return;
            }
            on_hang_up();
        }
    }

    /// From now on a signal ends the process where it stands; brokers deliver again what was not
    /// acknowledged. One that follows at once is the first one again: some supervisors signal a
    /// process and then its group.
    void end_at_next() const;

private:
    sigset_t set_{};
};

/// What differs between servers that run as programs.
struct RunOptions {
    std::function<std::chrono::milliseconds()> drain_timeout{};
    /// Called once the listeners have their addresses; gives where the documentation is. None:
    /// there is none.
    std::function<std::string()> documented{};
    /// Called at each SIGHUP. None: there is no file to be read again.
    std::function<void()> reload{};
    /// Called before the process ends although handlers still run. None: there is nothing to do.
    std::function<void()> cut_off{};
};

/// Serve, say on standard output when everything is ready, and drain when a signal asks for the
/// end.
/// out  the program's exit code
/// err  throws Error, as `Server::start`
int run_server(Server& server, const Signals& signals,
               const std::shared_ptr<endpoint::LogQueue>& log, const RunOptions& options);

}  // namespace warren::app
