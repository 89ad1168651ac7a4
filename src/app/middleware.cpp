#include "app/middleware.hpp"

#include <utility>

namespace warren::app {

Middleware::Middleware(const MiddlewareConfig& of_all,
                       const std::shared_ptr<endpoint::LogQueue>& log)
    : of_all_{of_all}, log_{log, &log->of_handlers()} {}

std::vector<std::shared_ptr<ServerInterceptor>> Middleware::of(const MiddlewareConfig& own) {
    std::vector<Made> chain;
    if (own.access_log.value_or(of_all_.access_log.value_or(false))) {
        access_log_ = access_log_ != nullptr ? access_log_ : access_log();
        chain.push_back(access_log_);
    }
    add(chain, own.audit, of_all_.audit, audit_, [this](AuditOptions options) {
        options.log = options.file.empty() ? log_ : nullptr;
        return audit(std::move(options));
    });
    add(chain, own.allow, of_all_.allow, allow_, allow);
    add(chain, own.rate, of_all_.rate, rate_, rate);
    return chain;
}

template <typename Options, typename Make>
void Middleware::add(std::vector<Made>& chain, const MiddlewarePart<Options>& own,
                     const MiddlewarePart<Options>& of_all, Made& shared, Make make) {
    if (own.is_said) {
        if (own.options) {
            chain.push_back(make(*own.options));
        }
    } else if (of_all.options) {
        shared = shared != nullptr ? shared : make(*of_all.options);
        chain.push_back(shared);
    }
}

}  // namespace warren::app
