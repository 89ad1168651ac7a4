#include "app/call_rates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace warren::app {
namespace {

Value member(const Value& map, std::string_view key) {
    const Value* const found = map.find(key);
    return found != nullptr ? *found : Value{};
}

bool is_same(const Value& left, const Value& right) {
    return member(left, "method") == member(right, "method") &&
           member(left, "transport") == member(right, "transport") &&
           member(left, "protocol") == member(right, "protocol");
}

std::uint64_t failures_of(const Value& series) {
    std::uint64_t failed = 0;
    for (const Member& each : member(series, "failures").as_map()) {
        failed += count_of(each.value);
    }
    return failed;
}

/// By buckets, so that it is at most that.
std::optional<double> quantile(const std::vector<std::uint64_t>& buckets,
                               std::span<const Value> bounds, double share) {
    std::uint64_t all = 0;
    for (const std::uint64_t count : buckets) {
        all += count;
    }
    const double wanted = share * static_cast<double>(all);
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < std::min(buckets.size(), bounds.size()); ++bucket) {
        seen += buckets[bucket];
        if (all != 0 && static_cast<double>(seen) >= wanted) {
            return bounds[bucket].as_float64();
        }
    }
    return std::nullopt;
}

CallRate rate_of(const Value& series, const Value* before, std::span<const Value> bounds) {
    if (before != nullptr &&
        count_of(member(*before, "calls")) > count_of(member(series, "calls"))) {
        before = nullptr;  // started anew
    }
    const auto since = [&](const Value& now, const auto& get) {
        return before != nullptr ? get(now) - get(*before) : get(now);
    };
    CallRate rate{.method = std::string{member(series, "method").as_text()},
                  .protocol = std::string{member(series, "protocol").as_text()}};
    rate.calls = since(series, [](const Value& of) { return count_of(member(of, "calls")); });
    rate.failed = since(series, failures_of);
    std::vector<std::uint64_t> buckets;
    const std::span<const Value> counts = member(series, "buckets").as_list();
    const std::span<const Value> earlier =
        before != nullptr ? member(*before, "buckets").as_list() : std::span<const Value>{};
    buckets.reserve(counts.size());
    for (std::size_t bucket = 0; bucket < counts.size(); ++bucket) {
        buckets.push_back(count_of(counts[bucket]) -
                          (bucket < earlier.size() ? count_of(earlier[bucket]) : 0));
    }
    rate.median_s = quantile(buckets, bounds, 0.5);
    rate.p99_s = quantile(buckets, bounds, 0.99);
    return rate;
}

}  // namespace

std::uint64_t count_of(const Value& value) {
    return value.kind() == Value::Kind::int64 ? static_cast<std::uint64_t>(value.as_int64())
                                              : value.as_uint64();
}

std::vector<CallRate> call_rates(const Dynamic& status, const Dynamic& before) {
    std::vector<CallRate> rates;
    const Value bounds = status["bucket_bounds_s"];
    const Value all_before = before["series"];
    for (const Value& series : status["series"].as_list()) {
        const std::span<const Value> earlier =
            all_before.is_list() ? all_before.as_list() : std::span<const Value>{};
        const auto found =
            std::ranges::find_if(earlier, [&](const Value& each) { return is_same(each, series); });
        rates.push_back(
            rate_of(series, found != earlier.end() ? &*found : nullptr, bounds.as_list()));
    }
    std::ranges::sort(rates, std::ranges::greater{}, &CallRate::calls);
    return rates;
}

std::string duration_text(std::optional<double> seconds) {
    if (!seconds) {
        return "-";
    }
    constexpr double milli = 1e-3;
    return *seconds < milli ? fmt::format("{:g}us", *seconds * 1e6)
           : *seconds < 1   ? fmt::format("{:g}ms", *seconds * 1e3)
                            : fmt::format("{:g}s", *seconds);
}

}  // namespace warren::app
