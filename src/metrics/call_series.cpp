#include "metrics/call_series.hpp"

#include <algorithm>

namespace warren::metrics {

std::uint64_t CallSeries::successes() const noexcept {
    const std::uint64_t taken_back = taken_back_.load(std::memory_order_relaxed);
    const std::uint64_t recorded = outcomes_[code_count].load(std::memory_order_relaxed);
    const std::uint64_t left = recorded - std::min(taken_back, recorded);
    std::uint64_t shown = successes_shown_.load(std::memory_order_relaxed);
    while (shown < left &&
           !successes_shown_.compare_exchange_weak(shown, left, std::memory_order_relaxed)) {
    }
    return std::max(shown, left);
}

CallSeries& CallSeriesTable::series_of(std::string_view method, const Route& route) {
    const auto found = std::ranges::find_if(series_, [&](const CallSeries& series) {
        return series.method() == method && series.route() == route;
    });
    return found != series_.end() ? *found : series_.emplace_back(std::string{method}, route);
}

ListenerSeries CallSeriesTable::listener_series(const std::vector<std::string>& methods,
                                                const Route& route) {
    ListenerSeries listener;
    for (const std::string& method : methods) {
        listener.by_method_.emplace(method, &series_of(method, route));
    }
    listener.unknown_ = &series_of(unknown_method, route);
    return listener;
}

}  // namespace warren::metrics
