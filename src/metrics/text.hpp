#pragma once

#include "metrics/call_series.hpp"
#include "metrics/client_series.hpp"
#include "metrics/host_labels.hpp"
#include "metrics/process.hpp"

#include <chrono>
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
    std::optional<std::uint64_t> redeliveries{};
    std::optional<std::uint64_t> dropped_responses{};
    std::optional<std::uint64_t> handshake_failures{};
    std::optional<std::uint64_t> refused_replies{};
    std::optional<std::uint64_t> clock_differences{};
};

/// What the buffer of one proxy has now, and what its proxy has done with it so far.
struct BufferFigures {
    std::string proxy;  // its name
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
    std::chrono::milliseconds oldest_age{0};
    std::uint64_t failed_entries = 0;
    std::uint64_t failed_discarded = 0;
    std::uint64_t damaged_entries = 0;
    std::uint64_t forwarded = 0;
    std::uint64_t failed = 0;
    std::uint64_t retries = 0;
};

/// What one proxy's client has done and has now.
struct ProxyFigures {
    std::string proxy;                     // its name
    const ClientSeries* series = nullptr;  // of its calls
    ClientFigures client{};
};

/// What a server's store has done.
struct StoreFigures {
    std::uint64_t claims = 0;   // calls with a key
    std::uint64_t kept = 0;     // replies
    std::uint64_t commits = 0;  // of the store: many calls share one
    std::uint64_t failures = 0;
    // Calls that were given up, and deleted.
    std::uint64_t dead_too_old = 0;
    std::uint64_t dead_too_much = 0;
    bool is_failing = false;
    // What became of calls whose key was there before.
    std::uint64_t replayed = 0;
    std::uint64_t joined = 0;
    std::uint64_t conflicts = 0;
    std::uint64_t unknown = 0;
    std::uint64_t unkept = 0;  // replies that went out although the store failed
    // Locks that hold between all who share the store.
    std::uint64_t locks_held = 0;
    std::uint64_t lock_waiters = 0;
    std::uint64_t locks_lost = 0;  // while a call had them
};

/// What became of the requests and responses that a server had to tell a log server.
struct CallLogFigures {
    std::uint64_t sent = 0;
    std::uint64_t lost = 0;
};

/// What a server has now, of all listeners.
struct ServerFigures {
    std::uint64_t in_flight = 0;
    std::uint64_t worker_queue_depth = 0;
    std::uint64_t lock_waiters = 0;
    std::uint64_t one_way_failures = 0;
    std::uint64_t attempts_refused = 0;
    std::uint64_t contract_differences = 0;
    std::uint64_t log_lines_dropped = 0;
    std::optional<StoreFigures> store{};       // none: it has none
    std::optional<CallLogFigures> call_log{};  // none: there is no such log server
    std::optional<ProcessFigures> process{};   // none: not asked for
    std::vector<ListenerFigures> listeners{};
    std::vector<ProxyFigures> proxies{};
    std::vector<BufferFigures> buffers{};
};

/// All metrics of a server, as text for Prometheus. Listeners with the same transport and protocol
/// are one.
/// in  arrpc: add the names and labels of arrpc's own servers
std::string server_text(const CallSeriesTable& table, const ServerFigures& figures,
                        const std::optional<HostLabels>& arrpc = {});

}  // namespace warren::metrics
