#pragma once

#include <warren/server.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace warren::app {

/// Tells systemd that a server lives, for as long as its I/O threads come round, where the unit has
/// WatchdogSec=.                                                       [sd_watchdog_enabled(3)]
class Watchdog {
public:
    /// in   server: was started; outlives this
    explicit Watchdog(Server& server);

private:
    void run(const std::stop_token& stop, std::chrono::milliseconds pause);

    Server& server_;
    std::mutex mutex_;
    std::condition_variable_any stopped_;
    std::jthread thread_;
};

}  // namespace warren::app
