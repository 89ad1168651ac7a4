#pragma once

#include "metrics/call_series.hpp"
#include "metrics/host_labels.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace warren::metrics {

/// What one listener has done and has now; nullopt for what its transport does not have.
struct ListenerFigures {
    Route route;
    std::optional<std::uint64_t> connections{};
    std::optional<std::uint64_t> bytes_received{};
    std::optional<std::uint64_t> bytes_sent{};
    std::optional<std::uint64_t> reconnects{};
    std::optional<std::uint64_t> replays{};
    std::optional<std::uint64_t> dropped_answers{};
};

/// What a server has now, of all listeners.
struct ServerFigures {
    std::uint64_t in_flight = 0;
    std::uint64_t worker_queue_depth = 0;
    std::uint64_t lock_waiters = 0;
    std::vector<ListenerFigures> listeners{};
};

/// All metrics of a server, as text for Prometheus. Listeners with the same transport and protocol
/// are one.
/// in  arrpc: add the names and labels of arrpc's own servers
std::string server_text(const CallSeriesTable& table, const ServerFigures& figures,
                        const std::optional<HostLabels>& arrpc = {});

}  // namespace warren::metrics
