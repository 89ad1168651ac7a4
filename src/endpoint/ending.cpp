#include "endpoint/ending.hpp"

#include "core/duration.hpp"

#include <string>

namespace warren::endpoint {
namespace {

/// What a handler gets, at the end, to heed its stop token.
constexpr std::chrono::milliseconds stop_grace{500};

std::string what_is_unfinished(const Server& server) {
    std::string text;
    for (const std::string& reason : server.unfinished()) {
        text += (text.empty() ? "" : "; ") + reason;
    }
    return text.empty() ? "the time was over" : text;
}

}  // namespace

Ending end_serving(Server& server, std::chrono::milliseconds drain_timeout, Log& log) {
    const auto delay = server.options().drain_delay;
    log.info("draining: " +
             (delay > delay.zero() ? "new requests for another " + core::to_string(delay) +
                                         " (drain_delay), then none"
                                   : "no new requests") +
             ", up to " + core::to_string(drain_timeout) +
             " for those that run (a second signal ends at once)");
    if (server.drain(drain_timeout)) {
        log.info("drained: every request was answered");
        return Ending::drained;
    }
    log.error("not drained (" + what_is_unfinished(server) +
              "): what is left unanswered a broker delivers again, other callers hear "
              "connection_lost");
    if (server.stop_now(stop_grace)) {
        return Ending::requeued;
    }
    log.error("ending all the same (" + what_is_unfinished(server) +
              "): handlers that ignore their stop token are cut off");
    return Ending::cut_off;
}

}  // namespace warren::endpoint
