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

runtime::ListenerContextOptions ActiveListener::listener_options(const Opening& opening) const {
    runtime::Interceptors::All interceptors = opening.interceptors;
    const auto& own = config_.options.interceptors;
    interceptors.insert(interceptors.end(), own.begin(), own.end());
    return {
        .methods = methods_,
        .fingerprints = fingerprints_of(methods_),
        .describing = config_.describing,
        .strict_contracts = config_.options.strict_contracts,
        .forwarder = opening.forwarder,
        .forwarded = opening.forwarder != nullptr ? names_ : std::vector<std::string>{},
        .keys = config_.keys,
        .secrets = config_.options.plaintext_secrets == PlaintextSecrets::accept
                       ? model::SecretPolicy::accept_plaintext
                       : model::SecretPolicy::must_be_encrypted,
        .secrets_ttl = config_.options.fernet_ttl,
        .secrets_depth = config_.address.protocol->secret_depth_for(config_.options.nested_secrets),
        .responses = opening.responses,
        .series = series_ ? &*series_ : nullptr,
        .name = config_.display(),
        .attempts_max = attempts_max_of(config_),
        .keyed_calls = opening.keyed_calls,
        .keyed_attempts_max =
            config_.options.queue.attempts_max.value_or(opening.keyed_attempts_max),
        .idempotency = config_.options.idempotency.value_or(Idempotency::at_least_once),
        .store_locks = opening.store_locks,
        .interceptors = std::move(interceptors),
        .forwards_to = opening.forwards_to};
}

runtime::ListenerContextOptions ActiveListener::stored_options(const Opening& opening) const {
    runtime::ListenerContextOptions options = listener_options(opening);
    // How old their secrets were was seen when they came, and how often they were delivered is
    // what the store counts.
    options.secrets_ttl.reset();
    options.attempts_max = 0;
    options.describing.clear();
    options.series = nullptr;
    return options;
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
