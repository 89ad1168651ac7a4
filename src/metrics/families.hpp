#pragma once

#include "metrics/call_totals.hpp"

#include <prometheus/metric_family.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// How families of samples are put together, for prometheus-cpp to write.
namespace warren::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// Families in the order of their first sample.
class Families {
public:
    // Each adds one sample to the family of that name.
    void counter(std::string_view name, std::string_view help, const Labels& labels, double value);
    void gauge(std::string_view name, std::string_view help, const Labels& labels, double value);
    void histogram(std::string_view name, std::string_view help, const Labels& labels,
                   const CallTotals& totals);
    /// One without quantiles.
    void summary(std::string_view name, std::string_view help, const Labels& labels,
                 std::uint64_t count, double sum);

    /// The text format of Prometheus, version 0.0.4.
    std::string text() const;

private:
    prometheus::ClientMetric& sample(std::string_view name, std::string_view help,
                                     prometheus::MetricType type, const Labels& labels);

    std::vector<prometheus::MetricFamily> families_;
};

/// Of `Families::text`.
inline constexpr std::string_view text_content_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace warren::metrics
