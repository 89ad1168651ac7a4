#include <warren/middleware.hpp>

#include "endpoint/interceptors/caller_rates.hpp"

#include <fmt/format.h>

#include <mutex>
#include <utility>

namespace warren {
namespace {

/// Longer times, in nanoseconds, fit no clock.
void check(const std::string& method, const RateLimit& limit) {
    constexpr double year_ms = 366.0 * 24 * 60 * 60 * 1000;
    const double burst = limit.burst == 0 ? limit.calls : limit.burst;
    const auto per_ms = static_cast<double>(limit.per.count());
    if (limit.calls == 0 || per_ms <= 0 || per_ms / limit.calls * burst > year_ms) {
        throw Error{Code::invalid_request,
                    "The rate of '" + method +
                        "' needs calls, in a time, and a burst that comes again within a year"};
    }
}

class Rate final : public ServerInterceptor {
public:
    explicit Rate(const RateOptions& options) {
        if (options.callers_max == 0) {
            throw Error{Code::invalid_request, "A rate needs room for callers (callers_max)"};
        }
        for (const auto& [method, limit] : options.methods) {
            check(method, limit);
            methods_.try_emplace(method, limit, options.callers_max);
        }
    }

    std::optional<Failure> begin(CallAtServer& call) override {
        auto found = methods_.find(call.context.method);
        found = found == methods_.end() ? methods_.find("*") : found;
        if (found == methods_.end()) {
            return std::nullopt;
        }
        Method& method = found->second;
        const auto wait = [&] {
            const std::lock_guard lock{method.mutex};
            return method.rates.take(call.context.caller, call.came_at);
        }();
        if (!wait) [[likely]] {
            return std::nullopt;
        }
        return Failure{.code = Code::overloaded,
                       .message = fmt::format("At most {} calls in {} ms of one caller (rate)",
                                              method.limit.calls, method.limit.per.count()),
                       .retry_after = std::chrono::ceil<std::chrono::milliseconds>(*wait)};
    }

private:
    struct Method {
        Method(const RateLimit& wanted, std::size_t callers_max)
            : limit{wanted}, rates{wanted, callers_max} {}

        const RateLimit limit;
        std::mutex mutex;
        endpoint::CallerRates rates;
    };

    std::map<std::string, Method, std::less<>> methods_;
};

}  // namespace

// NOLINTNEXTLINE(performance-unnecessary-value-param): as callers have them, with braces
std::shared_ptr<ServerInterceptor> rate(RateOptions options) {
    return std::make_shared<Rate>(options);
}

}  // namespace warren
