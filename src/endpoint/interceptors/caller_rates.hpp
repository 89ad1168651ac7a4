#pragma once

#include <warren/middleware.hpp>

#include "core/keyed_hash.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace warren::endpoint {

/// How often each caller may do one thing: a bucket of tokens each, which are as many as a burst
/// when it is full. Of a bucket no more is kept than when it will be full again.
/// thread one at a time
class CallerRates {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// in  callers_max: from 1; who comes over it shares one bucket with others, until the one that
    ///     waited longest among those that are known has a full one
    CallerRates(const RateLimit& limit, std::size_t callers_max);

    /// Take a token.
    /// out  nullopt: there was one; otherwise how long until there is
    std::optional<std::chrono::nanoseconds> take(std::string_view caller, TimePoint now);
    std::size_t size() const noexcept { return by_age_.size(); }

private:
    struct Bucket {
        std::string caller{};
        TimePoint full_at{};
    };
    using Place = std::list<Bucket>::iterator;

    Bucket& bucket_of(std::string_view caller, TimePoint now);

    const std::chrono::nanoseconds interval_;  // of tokens
    const std::chrono::nanoseconds borrowed_max_;
    const std::size_t callers_max_;
    std::list<Bucket> by_age_;  // longest unused first
    std::unordered_map<std::string_view, Place, core::KeyedHash> by_caller_;
    Bucket shared_;
};

}  // namespace warren::endpoint
