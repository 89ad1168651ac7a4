#include "metrics/families.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>

namespace warren::metrics {

prometheus::ClientMetric& Families::sample(std::string_view name, std::string_view help,
                                           prometheus::MetricType type, const Labels& labels) {
    auto family = std::ranges::find(families_, name, &prometheus::MetricFamily::name);
    if (family == families_.end()) {
        families_.push_back({std::string{name}, std::string{help}, type, {}});
        family = families_.end() - 1;
    }
    prometheus::ClientMetric& metric = family->metric.emplace_back();
    for (const auto& [key, value] : labels) {
        metric.label.push_back({key, value});
    }
    return metric;
}

void Families::counter(std::string_view name, std::string_view help, const Labels& labels,
                       double value) {
    sample(name, help, prometheus::MetricType::Counter, labels).counter.value = value;
}

void Families::gauge(std::string_view name, std::string_view help, const Labels& labels,
                     double value) {
    sample(name, help, prometheus::MetricType::Gauge, labels).gauge.value = value;
}

void Families::histogram(std::string_view name, std::string_view help, const Labels& labels,
                         const CallTotals& totals) {
    auto& target = sample(name, help, prometheus::MetricType::Histogram, labels).histogram;
    for (std::size_t bucket = 0; bucket != totals.in_bucket.size(); ++bucket) {
        target.sample_count += totals.in_bucket[bucket];
        const bool is_last = bucket == DurationHistogram::bounds.size();
        const double bound =
            is_last ? std::numeric_limits<double>::infinity()
                    : static_cast<double>(DurationHistogram::bounds[bucket].count()) / 1e9;
        target.bucket.push_back({.cumulative_count = target.sample_count, .upper_bound = bound});
    }
    target.sample_sum = totals.seconds;
}

void Families::summary(std::string_view name, std::string_view help, const Labels& labels,
                       std::uint64_t count, double sum) {
    auto& target = sample(name, help, prometheus::MetricType::Summary, labels).summary;
    target.sample_count = count;
    target.sample_sum = sum;
}

std::string Families::text() const {
    return prometheus::TextSerializer{}.Serialize(families_);
}

}  // namespace warren::metrics
