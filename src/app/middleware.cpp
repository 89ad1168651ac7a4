#include "app/middleware.hpp"

#include <utility>

namespace warren::app {

Middleware::Middleware(MiddlewareConfig of_all, const std::shared_ptr<endpoint::LogQueue>& log)
    : of_all_{std::move(of_all)}, log_{log, &log->of_handlers()} {}

std::vector<std::shared_ptr<ServerInterceptor>> Middleware::of(const std::string& place,
                                                               const MiddlewareConfig& own) {
    std::vector<Made> chain;
    Parts& parts = own_[place];
    if (own.access_log.value_or(of_all_.access_log.value_or(false))) {
        access_log_ = access_log_ != nullptr ? access_log_ : access_log();
        chain.push_back(access_log_);
    }
    add(chain, own.audit, parts.audit, of_all_.audit, shared_.audit, [this](AuditOptions options) {
        options.log = options.file.empty() ? log_ : nullptr;
        return audit(std::move(options));
    });
    add(chain, own.allow, parts.allow, of_all_.allow, shared_.allow, allow);
    add(chain, own.rate, parts.rate, of_all_.rate, shared_.rate, rate);
    return chain;
}

template <typename Options, typename Make>
void Middleware::add(std::vector<Made>& chain, const MiddlewarePart<Options>& own,
                     Part<Options>& made, const MiddlewarePart<Options>& of_all,
                     Part<Options>& shared, Make make) {
    const std::optional<Options>& wanted = own.is_said ? own.options : of_all.options;
    Part<Options>& part = own.is_said ? made : shared;
    if (!wanted) {
        part = own.is_said ? Part<Options>{} : part;
        return;
    }
    if (part.made == nullptr || part.options != wanted) {
        part = {wanted, make(*wanted)};
    }
    chain.push_back(part.made);
}

}  // namespace warren::app
