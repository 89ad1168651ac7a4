#include "metrics/series_text.hpp"

#include <functional>
#include <map>
#include <string>

namespace warren::metrics {
namespace {

std::string prefixed(std::string_view system, Side side, std::string_view rest) {
    return std::string{system} + (side == Side::server ? "_server_" : "_client_") +
           std::string{rest};
}

std::string truth(bool is_true) {
    return is_true ? "True" : "False";
}

Labels with(Labels labels, std::string_view key, std::string_view value) {
    labels.emplace_back(key, value);
    return labels;
}

/// Series that have all labels in common are one, as no two samples may have the same.
std::map<Labels, CallTotals> merged(const CallSeriesTable& table,
                                    const std::function<Labels(const CallSeries&)>& labels_of) {
    std::map<Labels, CallTotals> totals;
    for (const CallSeries& series : table.all()) {
        totals[labels_of(series)].add(series);
    }
    return totals;
}

/// in  sample: what to do with each code that there was a failure of, and their number
void each_failure(const CallTotals& totals,
                  const std::function<void(std::string_view, double)>& sample) {
    for (std::size_t code = 0; code != totals.failures.size(); ++code) {
        if (totals.failures[code] != 0) {
            sample(name_of(static_cast<Code>(code)), static_cast<double>(totals.failures[code]));
        }
    }
}

}  // namespace

void add_series(Families& families, Side side, const CallSeriesTable& table, const Labels& more) {
    const std::string requests = prefixed("warren", side, "requests_total");
    const std::string durations = prefixed("warren", side, "request_duration_seconds");
    constexpr std::string_view requests_help = "Calls that are over, by outcome.";
    const std::string_view durations_help =
        side == Side::server ? "From a request's arrival until its answer is made."
                             : "From a call's submission until its outcome.";
    const auto all = merged(table, [&more](const CallSeries& series) {
        Labels labels{{"method", series.method()},
                      {"transport", series.route().transport},
                      {"protocol", series.route().protocol}};
        labels.insert(labels.end(), more.begin(), more.end());
        return labels;
    });
    for (const auto& [labels, totals] : all) {
        families.counter(requests, requests_help, with(labels, "code", "ok"),
                         static_cast<double>(totals.successes));
        each_failure(totals, [&, &shared = labels](std::string_view code, double count) {
            families.counter(requests, requests_help, with(shared, "code", code), count);
        });
        families.histogram(durations, durations_help, labels, totals);
    }
}

void add_arrpc_series(Families& families, Side side, const CallSeriesTable& table,
                      const HostLabels& host) {
    const std::string seconds = prefixed("arrpc", side, "req_seconds");
    const std::string bytes = prefixed("arrpc", side, "req_bytes");
    const std::string errors = prefixed("arrpc", side, "errors_total");
    const auto all = merged(table, [&](const CallSeries& series) {
        Labels labels{{"hostname", host.hostname},
                      {"k8s_namespace", host.k8s_namespace},
                      {"remote_address", ""},
                      {"signed_payload", truth(series.route().is_signed)},
                      {"tls", truth(series.route().has_tls)}};
        return side == Side::server ? with(std::move(labels), "handler_func", series.method())
                                    : labels;
    });
    for (const auto& [labels, totals] : all) {
        families.summary(seconds, "Time to answer a request.", labels, totals.calls(),
                         totals.seconds);
        families.summary(bytes, "Size of requests.", labels, totals.calls(),
                         static_cast<double>(totals.request_bytes));
        each_failure(totals, [&, &shared = labels](std::string_view code, double count) {
            families.counter(errors, "Requests that failed.", with(shared, "reason", code), count);
        });
    }
}

}  // namespace warren::metrics
