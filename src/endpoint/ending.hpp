#pragma once

#include <warren/context.hpp>
#include <warren/server.hpp>

#include <chrono>
#include <cstdint>

namespace warren::endpoint {

/// Signals this close together are one request to end: some supervisors signal a process and then
/// its group.
inline constexpr std::chrono::milliseconds same_signal{20};

enum class Ending : std::uint8_t {
    drained,   // every request was answered
    requeued,  // what was left was not begun again, or ended
    cut_off,   // handlers still run that only the end of the process ends
};

/// Drain a server that is asked to end, or give back what is not answered in time; the log says so.
Ending end_serving(Server& server, std::chrono::milliseconds drain_timeout, Log& log);

}  // namespace warren::endpoint
