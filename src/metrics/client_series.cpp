#include "metrics/client_series.hpp"

#include "metrics/families.hpp"
#include "metrics/series_text.hpp"

namespace warren::metrics {

CallSeries& ClientSeries::of(std::string_view method) {
    if (const auto found = by_method_.find(method); found != by_method_.end()) {
        return *found->second;
    }
    const std::lock_guard guard{mutex_};
    if (by_method_.size() >= methods_max) {
        return table_.series_of(other_methods, route_);
    }
    CallSeries& series = table_.series_of(method, route_);
    by_method_.emplace(method, &series);
    return series;
}

void ClientSeries::add_to(Families& families, const ClientFigures& figures,
                          const Labels& more) const {
    const std::lock_guard guard{mutex_};
    add_series(families, Side::client, table_, more);
    Labels labels{{"transport", route_.transport}, {"protocol", route_.protocol}};
    labels.insert(labels.end(), more.begin(), more.end());
    families.gauge("warren_client_in_flight", "Calls without an outcome yet.", labels,
                   static_cast<double>(figures.in_flight));
    families.counter("warren_client_dropped_answers_total", "Answers that nobody waited for.",
                     labels, static_cast<double>(figures.dropped_responses));
    if (figures.connections) {
        families.gauge("warren_client_connections", "Connections that are open.", labels,
                       static_cast<double>(*figures.connections));
    }
    const auto counter = [&](std::string_view name, std::string_view help,
                             const std::optional<std::uint64_t>& number) {
        if (number) {
            families.counter(name, help, labels, static_cast<double>(*number));
        }
    };
    counter("warren_client_reconnects_total", "Connections that were lost.", figures.reconnects);
    counter("warren_client_retries_total", "Calls that were sent again.", figures.retries);
    counter("warren_client_bytes_received_total", "Bytes of answers that came.",
            figures.bytes_received);
    counter("warren_client_bytes_sent_total", "Bytes of requests that were sent.",
            figures.bytes_sent);
}

std::string ClientSeries::text(const ClientFigures& figures,
                               const std::optional<HostLabels>& arrpc) const {
    Families families;
    add_to(families, figures);
    if (arrpc) {
        const std::lock_guard guard{mutex_};
        add_arrpc_series(families, Side::client, table_, *arrpc);
    }
    return families.text();
}

}  // namespace warren::metrics
