#include "metrics/text.hpp"

#include "metrics/families.hpp"
#include "metrics/series_text.hpp"

#include <map>
#include <utility>

namespace warren::metrics {
namespace {

using Kind = void (Families::*)(std::string_view, std::string_view, const Labels&, double);

/// One number of a listener, and how it is shown.
struct Figure {
    std::optional<std::uint64_t> ListenerFigures::* number;
    std::string_view name;
    std::string_view help;
    Kind kind;
};

constexpr Figure listener_figures[] = {
    {&ListenerFigures::connections, "warren_server_connections", "Connections that are open.",
     &Families::gauge},
    {&ListenerFigures::bytes_received, "warren_server_bytes_received_total",
     "Bytes of requests that came.", &Families::counter},
    {&ListenerFigures::bytes_sent, "warren_server_bytes_sent_total",
     "Bytes of answers that were sent.", &Families::counter},
    {&ListenerFigures::reconnects, "warren_server_reconnects_total",
     "Connections to brokers that were made again.", &Families::counter},
    {&ListenerFigures::redeliveries, "warren_server_replays_total",
     "Requests that came again and were not run again.", &Families::counter},
    {&ListenerFigures::dropped_responses, "warren_server_dropped_answers_total",
     "Answers that reached nobody.", &Families::counter},
    {&ListenerFigures::refused_replies, "warren_server_refused_replies_total",
     "Replies that the broker refused.", &Families::counter},
    {&ListenerFigures::clock_differences, "warren_server_clock_differences_total",
     "Requests whose sender's clock differs from the server's.", &Families::counter},
    {&ListenerFigures::handshake_failures, "warren_server_handshake_failures_total",
     "Peers that were refused, or went, before TLS or ZeroMQ's security let them in.",
     &Families::counter},
};

Labels labels_of(const Route& route) {
    return {{"transport", route.transport}, {"protocol", route.protocol}};
}

void add_listeners(Families& families, const std::vector<ListenerFigures>& listeners) {
    for (const Figure& figure : listener_figures) {
        std::map<Labels, std::uint64_t> sums;
        for (const ListenerFigures& listener : listeners) {
            if (const auto number = listener.*figure.number) {
                sums[labels_of(listener.route)] += *number;
            }
        }
        for (const auto& [labels, sum] : sums) {
            (families.*figure.kind)(figure.name, figure.help, labels, static_cast<double>(sum));
        }
    }
}

void add_buffer(Families& families, const BufferFigures& buffer) {
    const Labels labels{{"proxy", buffer.proxy}};
    const auto gauge = [&](std::string_view name, std::string_view help, double value) {
        families.gauge(name, help, labels, value);
    };
    const auto counter = [&](std::string_view name, std::string_view help, std::uint64_t value) {
        families.counter(name, help, labels, static_cast<double>(value));
    };
    gauge("warren_buffer_entries", "Calls that were accepted and wait to be taken on.",
          static_cast<double>(buffer.entries));
    gauge("warren_buffer_bytes", "Bytes of calls that wait.", static_cast<double>(buffer.bytes));
    gauge("warren_buffer_oldest_age_seconds", "How long the oldest call waits.",
          static_cast<double>(buffer.oldest_age.count()) / 1e3);
    gauge("warren_buffer_failed_entries", "Calls that were given up and are kept.",
          static_cast<double>(buffer.failed_entries));
    gauge("warren_buffer_damaged_entries", "Calls that were altered or lost on the disk.",
          static_cast<double>(buffer.damaged_entries));
    counter("warren_buffer_forwarded_total", "Calls that the other side answered with success.",
            buffer.forwarded);
    counter("warren_buffer_failed_total", "Calls that the other side refused for good.",
            buffer.failed);
    counter("warren_buffer_failed_discarded_total",
            "Calls that were given up and are no longer kept, over the life of the file.",
            buffer.failed_discarded);
    counter("warren_buffer_retries_total", "Calls that were sent again.", buffer.retries);
}

void add_store(Families& families, const StoreFigures& store) {
    families.counter("warren_store_claims_total", "Calls that came with a key of their own.", {},
                     static_cast<double>(store.claims));
    families.counter("warren_store_replies_kept_total", "Replies that were kept.", {},
                     static_cast<double>(store.kept));
    families.counter("warren_store_commits_total", "Commits of the store, which many calls share.",
                     {}, static_cast<double>(store.commits));
    families.counter("warren_store_failures_total", "Commits that failed.", {},
                     static_cast<double>(store.failures));
    const auto deleted = [&](const char* why, std::uint64_t count) {
        families.counter("warren_store_dead_deleted_total",
                         "Dead letters of the store that went, older than dead_keep or over "
                         "dead_bytes_max.",
                         {{"why", why}}, static_cast<double>(count));
    };
    deleted("age", store.dead_too_old);
    deleted("bytes", store.dead_too_much);
    families.gauge("warren_store_failing", "1 while the store cannot be used.", {},
                   store.is_failing ? 1.0 : 0.0);
    const auto repeated = [&](const char* how, std::uint64_t count) {
        families.counter("warren_store_repeated_calls_total",
                         "Calls whose key was there before, by what became of them.",
                         {{"how", how}}, static_cast<double>(count));
    };
    repeated("replayed", store.replayed);
    repeated("joined", store.joined);
    repeated("conflict", store.conflicts);
    repeated("unknown", store.unknown);
    families.counter("warren_store_replies_unkept_total",
                     "Replies that went out although the store failed to keep them.", {},
                     static_cast<double>(store.unkept));
    families.gauge("warren_store_locks_held", "Locks of the store that calls have.", {},
                   static_cast<double>(store.locks_held));
    families.gauge("warren_store_lock_waiters", "Calls that wait for a lock of the store.", {},
                   static_cast<double>(store.lock_waiters));
    families.counter("warren_store_locks_lost_total",
                     "Locks whose lease was over before their calls were.", {},
                     static_cast<double>(store.locks_lost));
}

}  // namespace

std::string server_text(const CallSeriesTable& table, const ServerFigures& figures,
                        const std::optional<HostLabels>& arrpc) {
    Families families;
    add_series(families, Side::server, table);
    families.gauge("warren_server_in_flight", "Requests without an answer yet.", {},
                   static_cast<double>(figures.in_flight));
    families.gauge("warren_server_worker_queue_depth", "Requests that wait for a worker.", {},
                   static_cast<double>(figures.worker_queue_depth));
    families.gauge("warren_server_lock_waiters", "Requests that wait for a lock.", {},
                   static_cast<double>(figures.lock_waiters));
    families.counter("warren_server_one_way_failures_total",
                     "Failures of calls without an answer, which their callers do not hear of.", {},
                     static_cast<double>(figures.one_way_failures));
    families.counter("warren_server_attempts_refused_total",
                     "Requests that were begun too often and are kept from running.", {},
                     static_cast<double>(figures.attempts_refused));
    families.counter("warren_server_contract_differences_total",
                     "Calls by another contract than the server's.", {},
                     static_cast<double>(figures.contract_differences));
    families.counter("warren_server_log_lines_dropped_total",
                     "Lines of the log that came faster than they are read.", {},
                     static_cast<double>(figures.log_lines_dropped));
    if (figures.call_log) {
        families.counter("warren_call_log_sent_total",
                         "Requests and responses that the log server of calls took.", {},
                         static_cast<double>(figures.call_log->sent));
        families.counter("warren_call_log_dropped_total",
                         "Requests and responses that never came to the log server of calls.", {},
                         static_cast<double>(figures.call_log->lost));
    }
    if (figures.store) {
        add_store(families, *figures.store);
    }
    if (figures.process) {
        add_process(families, *figures.process);
    }
    add_listeners(families, figures.listeners);
    for (const ProxyFigures& proxy : figures.proxies) {
        proxy.series->add_to(families, proxy.client, {{"proxy", proxy.proxy}});
    }
    for (const BufferFigures& buffer : figures.buffers) {
        add_buffer(families, buffer);
    }
    if (arrpc) {
        add_arrpc_series(families, Side::server, table, *arrpc);
    }
    return families.text();
}

}  // namespace warren::metrics
