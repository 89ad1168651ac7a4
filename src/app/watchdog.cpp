#include "app/watchdog.hpp"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>

namespace warren::app {
namespace {

// Of the time after which a process is taken for dead: so often it says that it lives.
constexpr int times_each = 3;

}  // namespace

Watchdog::Watchdog(Server& server) : server_{server} {
    std::uint64_t limit_us = 0;
    if (sd_watchdog_enabled(0, &limit_us) > 0) {
        const std::chrono::microseconds limit{limit_us};
        const auto pause =
            std::chrono::duration_cast<std::chrono::milliseconds>(limit) / times_each;
        thread_ = std::jthread{[this, pause = std::max(pause, std::chrono::milliseconds{1})](
                                   const std::stop_token& stop) { run(stop, pause); }};
    }
}

void Watchdog::run(const std::stop_token& stop, std::chrono::milliseconds pause) {
    std::unique_lock lock{mutex_};
    do {
        if (server_.is_responsive(pause)) {
            sd_notify(0, "WATCHDOG=1");
        }
    } while (!stopped_.wait_for(lock, stop, pause, [&] { return stop.stop_requested(); }));
}

}  // namespace warren::app
