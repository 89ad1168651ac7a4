#include "endpoint/server_listening.hpp"

#include "endpoint/metrics_route.hpp"
#include "endpoint/protocols/protocol.hpp"

#include <utility>
#include <variant>

namespace warren::endpoint {
namespace {

metrics::Route route_of(const ListenerPlan& plan) {
    metrics::Route route = metrics_route(plan.address, !plan.options.auth_secrets.empty());
    route.has_tls = route.has_tls || plan.options.tls;
    return route;
}

}  // namespace

Listening::Listening(ListenerPlan plan, std::vector<const Method*> methods,
                     const ListeningShared& shared)
    : plan_{std::move(plan)},
      methods_{std::move(methods)},
      names_{method_names(plan_, methods_)},
      route_{route_of(plan_)} {
    if (shared.series != nullptr) {
        const std::vector<std::string> any{std::string{metrics::forwarded_method}};
        series_ =
            shared.series->listener_series(names_.empty() && plan_.proxy ? any : names_, route_);
    }
}

std::string Listening::display() const {
    return place() + (plan_.proxy ? "" : " methods=" + std::to_string(methods_.size()));
}

runtime::ListenerPolicy Listening::policy(const Opening& opening) const {
    return {.methods = methods_,
            .forwarder = opening.forwarder,
            .forwarded = opening.forwarder != nullptr ? names_ : std::vector<std::string>{},
            .keys = plan_.keys,
            .secrets = plan_.options.clear_secrets == ClearSecrets::accept
                           ? model::SecretPolicy::accept_clear
                           : model::SecretPolicy::must_be_encrypted,
            .secrets_ttl = plan_.options.fernet_ttl,
            .secrets_depth = plan_.address.protocol->secret_depth_for(plan_.options.nested_secrets),
            .answers = opening.answers,
            .series = series_ ? &*series_ : nullptr,
            .name = plan_.display(),
            .attempts_max = plan_.address.is_direct() ? 0 : plan_.options.attempts_max};
}

std::unique_ptr<Listening> make_listening(ListenerPlan plan, std::vector<const Method*> methods,
                                          const ListeningShared& shared) {
    if (std::holds_alternative<ZmqAddress>(plan.address.place)) {
        return make_zmq_listening(std::move(plan), std::move(methods), shared);
    }
    if (plan.address.is_direct()) {
        return make_direct_listening(std::move(plan), std::move(methods), shared);
    }
    return make_message_listening(std::move(plan), std::move(methods), shared);
}

}  // namespace warren::endpoint
