#include "metrics/call_totals.hpp"

#include <numeric>

namespace warren::metrics {

void CallTotals::add(const CallSeries& series) noexcept {
    successes += series.successes();
    for (std::size_t code = 0; code != failures.size(); ++code) {
        failures[code] += series.failures(static_cast<Code>(code));
    }
    request_bytes += series.request_bytes();
    for (std::size_t bucket = 0; bucket != in_bucket.size(); ++bucket) {
        in_bucket[bucket] += series.durations().in_bucket(bucket);
    }
    seconds += series.durations().sum_seconds();
}

std::uint64_t CallTotals::calls() const noexcept {
    return std::accumulate(in_bucket.begin(), in_bucket.end(), std::uint64_t{0});
}

}  // namespace warren::metrics
