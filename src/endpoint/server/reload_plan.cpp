#include "endpoint/server/reload_plan.hpp"

#include "endpoint/failures.hpp"
#include "endpoint/proxy/proxy_plan.hpp"

#include <algorithm>
#include <cstddef>
#include <expected>
#include <string>
#include <utility>

namespace warren::endpoint {
namespace {

std::expected<void, Failure> check_place(const std::string& running, const std::string& wanted) {
    if (running == wanted) {
        return {};
    }
    return refused("A server that runs stays where it is: " + running + " cannot become " + wanted +
                   " without a restart");
}

ListenerConfig plan_of(const ListenerConfig& running, ListenerOptions options,
                       ForwardOptions* forward) {
    ListenerConfig wanted =
        value_or_throw(forward != nullptr ? plan_proxy(std::move(options), std::move(*forward))
                                          : resolve_listener(std::move(options)));
    value_or_throw(check_place(running.display(), wanted.display()));
    if (forward != nullptr) {
        value_or_throw(
            check_place(display_location(running.proxy->to), display_location(wanted.proxy->to)));
    }
    return wanted;
}

}  // namespace

std::vector<ListenerConfig> reload_plan(std::span<const ListenerConfig> running,
                                        std::vector<ListenerOptions> listeners,
                                        std::vector<ForwardOptions> forwards,
                                        const std::shared_ptr<Log>& log) {
    const auto proxies = std::ranges::count_if(
        running, [](const ListenerConfig& config) { return config.proxy != nullptr; });
    if (listeners.size() != running.size() ||
        forwards.size() != static_cast<std::size_t>(proxies)) {
        throw Error{Code::invalid_request, "A server that runs takes options anew of each of its " +
                                               std::to_string(running.size()) + " listeners, " +
                                               std::to_string(proxies) +
                                               " of which forward: no more and no fewer"};
    }
    std::vector<ListenerConfig> plan;
    auto forward = forwards.begin();
    for (std::size_t index = 0; index < running.size(); ++index) {
        ForwardOptions* const to = running[index].proxy ? &*forward++ : nullptr;
        if (to != nullptr && !to->client.log) {
            to->client.log = log;
        }
        plan.push_back(plan_of(running[index], std::move(listeners[index]), to));
    }
    return plan;
}

void reload(std::span<const ListenerConfig> plan, const ActiveListeners& listeners,
            Proxies& proxies, const ServerStoredCalls& stored_calls) {
    const auto changes = value_or_throw(listeners.prepare(plan));
    const auto of_proxies = proxies.prepare(plan);
    auto of_stored_calls = listeners.stored_policies(plan);
    listeners.apply(changes, [&of_proxies](std::size_t index) {
        if (of_proxies[index]) {
            of_proxies[index]->apply();
        }
    });
    stored_calls.renew(std::move(of_stored_calls));
}

}  // namespace warren::endpoint
