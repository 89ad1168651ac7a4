#include "endpoint/server/active_listener.hpp"

#include "contract/registered.hpp"
#include "endpoint/protocols/descriptor.hpp"
#include "endpoint/server/listener_queue.hpp"
#include "endpoint/server/metrics_route.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

namespace warren::endpoint {
namespace {

metrics::Route route_of(const ListenerConfig& config) {
    metrics::Route route = metrics_route(config.address, !config.options.auth_secrets.empty());
    route.has_tls = route.has_tls || config.options.tcp.tls;
    return route;
}

std::vector<std::string> fingerprints_of(const std::vector<const Method*>& methods) {
    std::vector<std::string> fingerprints;
    for (contract::MethodDocument& method : contract::document_of(methods).methods) {
        fingerprints.push_back(std::move(method.fingerprint));
    }
    return fingerprints;
}

CallPlace place_of(const ListenerConfig& config) {
    CallPlace place{.address = config.display()};
    if (const auto* const broker =
            std::get_if<transport::AmqpEndpoint>(&config.address.transport)) {
        place.virtual_host = broker->connection.vhost;
        if (const auto* const login = std::get_if<amqp::PlainLogin>(&broker->connection.login)) {
            place.user = login->user;
        }
    }
    if (!config.address.is_brokerless()) {
        place.queue = config.address.queue;
    }
    return place;
}

runtime::CallPolicy call_policy(const ListenerConfig& config,
                                runtime::Interceptors::All interceptors) {
    const ListenerOptions& options = config.options;
    interceptors.insert(interceptors.end(), options.interceptors.begin(),
                        options.interceptors.end());
    return {.keys = config.keys,
            .secrets = options.plaintext_secrets == PlaintextSecrets::accept
                           ? model::SecretPolicy::accept_plaintext
                           : model::SecretPolicy::must_be_encrypted,
            .secrets_ttl = options.fernet_ttl,
            .secrets_depth = config.address.protocol->secret_depth_for(options.nested_secrets),
            .strict_contracts = options.strict_contracts,
            .interceptors = std::move(interceptors)};
}

/// How old their secrets were was seen when they came.
runtime::CallPolicy stored_call_policy(const ListenerConfig& config,
                                       runtime::Interceptors::All interceptors) {
    runtime::CallPolicy policy = call_policy(config, std::move(interceptors));
    policy.secrets_ttl.reset();
    return policy;
}

}  // namespace

ActiveListener::ActiveListener(ListenerConfig config, std::vector<const Method*> methods,
                               const ListenerShared& shared)
    : config_{std::move(config)},
      methods_{std::move(methods)},
      names_{method_names(config_, methods_)},
      route_{route_of(config_)} {
    if (shared.series != nullptr) {
        const std::vector<std::string> any{std::string{metrics::forwarded_method}};
        series_ =
            shared.series->listener_series(names_.empty() && config_.proxy ? any : names_, route_);
    }
    // Where a name is an exchange, it must be there.
    if (config_.address.protocol->method == MethodSource::by_exchange) {
        std::ranges::transform(config_.describing, std::back_inserter(names_), &Method::name);
    }
}

std::string ActiveListener::display() const {
    const std::string shown = config_.address.is_brokerless() ? location() : config_.display();
    return shown + (config_.proxy ? "" : " methods=" + std::to_string(methods_.size()));
}

runtime::ListenerContextOptions ActiveListener::listener_options(const Opening& opening) {
    interceptors_ = opening.interceptors;
    clock_ = &opening.dispatcher.calls().clock();
    return options_of(opening);
}

runtime::ListenerContextOptions ActiveListener::options_of(const Opening& opening) const {
    return {.methods = methods_,
            .fingerprints = fingerprints_of(methods_),
            .describing = config_.describing,
            .forwarder = opening.forwarder,
            .forwarded = opening.forwarder != nullptr ? names_ : std::vector<std::string>{},
            .policy = call_policy(config_, opening.interceptors),
            .responses = opening.responses,
            .series = series_ ? &*series_ : nullptr,
            .name = config_.display(),
            .attempts_max = attempts_max_of(config_),
            .keyed_calls = opening.keyed_calls,
            .keyed_attempts_max =
                config_.options.queue.attempts_max.value_or(opening.keyed_attempts_max),
            .idempotency = config_.options.idempotency.value_or(Idempotency::at_least_once),
            .store_locks = opening.store_locks,
            .forwards_to = opening.forwards_to,
            .place = place_of(config_)};
}

std::shared_ptr<const runtime::PolicyInForce> ActiveListener::policy_of(
    const ListenerConfig& wanted) const {
    return std::make_shared<const runtime::PolicyInForce>(call_policy(wanted, interceptors_),
                                                          *clock_);
}

runtime::ListenerContextOptions ActiveListener::stored_options(const Opening& opening) const {
    runtime::ListenerContextOptions options = options_of(opening);
    options.policy = stored_call_policy(config_, opening.interceptors);
    options.attempts_max = 0;  // how often they were delivered is what the store counts
    options.describing.clear();
    options.series = nullptr;
    return options;
}

std::shared_ptr<const runtime::PolicyInForce> ActiveListener::stored_policy_of(
    const ListenerConfig& wanted) const {
    return std::make_shared<const runtime::PolicyInForce>(stored_call_policy(wanted, interceptors_),
                                                          *clock_);
}

std::unique_ptr<ActiveListener> make_listener(ListenerConfig config,
                                              std::vector<const Method*> methods,
                                              const ListenerShared& shared) {
    if (std::holds_alternative<ZmqAddress>(config.address.transport)) {
        return make_zmq_listener(std::move(config), std::move(methods), shared);
    }
    if (config.address.is_brokerless()) {
        return make_tcp_listener(std::move(config), std::move(methods), shared);
    }
    return make_message_listener(std::move(config), std::move(methods), shared);
}

}  // namespace warren::endpoint
