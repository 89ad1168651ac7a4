#include "endpoint/interceptors/caller_rates.hpp"

#include <algorithm>

namespace warren::endpoint {

using std::chrono::nanoseconds;

CallerRates::CallerRates(const RateLimit& limit, std::size_t callers_max)
    : interval_{std::max<nanoseconds>(nanoseconds{1}, nanoseconds{limit.per} / limit.calls)},
      borrowed_max_{interval_ * ((limit.burst == 0 ? limit.calls : limit.burst) - 1)},
      callers_max_{callers_max} {}

std::optional<nanoseconds> CallerRates::take(std::string_view caller, TimePoint now) {
    Bucket& bucket = bucket_of(caller, now);
    const TimePoint full_at = std::max(bucket.full_at, now);
    const nanoseconds wait = full_at - now - borrowed_max_;
    if (wait.count() > 0) {
        return wait;
    }
    bucket.full_at = full_at + interval_;
    return std::nullopt;
}

CallerRates::Bucket& CallerRates::bucket_of(std::string_view caller, TimePoint now) {
    if (const auto found = by_caller_.find(caller); found != by_caller_.end()) {
        by_age_.splice(by_age_.end(), by_age_, found->second);
        return *found->second;
    }
    if (by_age_.size() == callers_max_) {
        if (by_age_.front().full_at > now) {
            return shared_;
        }
        by_caller_.erase(by_age_.front().caller);
        by_age_.pop_front();
    }
    by_age_.push_back({.caller = std::string{caller}});
    by_caller_.emplace(by_age_.back().caller, std::prev(by_age_.end()));
    return by_age_.back();
}

}  // namespace warren::endpoint
