#include "endpoint/server/server_figures.hpp"

#include <atomic>

namespace warren::endpoint {

metrics::ServerFigures figures_of(const runtime::Dispatcher& dispatcher, const LogQueue& log) {
    const runtime::Counters& counters = dispatcher.counters();
    return {.in_flight = dispatcher.in_flight(),
            .worker_queue_depth = dispatcher.queued(),
            .lock_waiters = dispatcher.locks().waiters(),
            .one_way_failures = dispatcher.one_way_failures(),
            .attempts_refused = counters.attempts_refused.load(std::memory_order_relaxed),
            .contract_differences = counters.contract_differences.load(std::memory_order_relaxed),
            .log_lines_dropped = log.dropped()};
}

}  // namespace warren::endpoint
