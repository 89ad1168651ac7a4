#include "endpoint/server_listener.hpp"

#include "core/uri.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace warren::endpoint {
namespace {

constexpr std::string_view tutorial = "tutorial";
constexpr std::size_t simultaneous_requests_max = 65'535;  // a prefetch count [AMQP 0-9-1 1.8.3]

Failure refused(std::string message) {
    return {.code = Code::invalid_request, .message = std::move(message)};
}

/// The address with the options that are parameters, too: one that stands in both is refused.
std::string complete_url(const ListenerOptions& options) {
    std::string url = options.url;
    const auto add = [&](std::string_view key, const std::string& value) {
        if (!value.empty()) {
            url += url.find('?') == std::string::npos ? '?' : '&';
            url.append(key).append("=").append(core::percent_encode(value));
        }
    };
    add("queue", options.queue);
    add("protocol", options.protocol);
    return url;
}

}  // namespace

std::string ListenerPlan::display() const {
    return address.display() + " queue=" + address.queue;
}

std::expected<ListenerPlan, Failure> plan_listener(ListenerOptions options) {
    auto address = parse_address(complete_url(options));
    if (!address) {
        return std::unexpected{std::move(address.error())};
    }
    if (address->reply_mode || !address->reply_queue.empty()) {
        return std::unexpected{refused("The parameters 'reply' and 'reply_queue' are a client's")};
    }
    auto keys = format::Keyring::parse(options.fernet_keys);
    if (!keys) {
        return std::unexpected{std::move(keys.error())};
    }
    if (options.max_simultaneous_requests < 1 ||
        options.max_simultaneous_requests > simultaneous_requests_max) {
        return std::unexpected{refused("max_simultaneous_requests must be from 1 to " +
                                       std::to_string(simultaneous_requests_max))};
    }
    if (options.methods.empty() && !address->method.empty()) {
        options.methods.push_back(address->method);
    }
    if (address->protocol == tutorial && options.methods.size() > 1) {
        return std::unexpected{
            refused("The protocol 'tutorial' has no method on the wire: name exactly one")};
    }
    return ListenerPlan{std::move(options), std::move(*address), std::move(*keys)};
}

std::expected<std::vector<const Method*>, Failure> methods_of(const ListenerPlan& plan,
                                                              const Registry& registry) {
    if (plan.options.methods.empty()) {
        std::vector<const Method*> all = registry.all();
        if (plan.address.protocol == tutorial && all.size() != 1) {
            return std::unexpected{
                refused("The protocol 'tutorial' has no method on the wire: name exactly one")};
        }
        return all;
    }
    std::vector<const Method*> methods;
    std::string missing;
    for (const std::string& name : plan.options.methods) {
        const Method* method = registry.find(name);
        if (method == nullptr) {
            missing += (missing.empty() ? "'" : ", '") + name + "'";
        } else if (std::ranges::find(methods, method) == methods.end()) {
            methods.push_back(method);
        }
    }
    if (!missing.empty()) {
        return std::unexpected{
            Failure{.code = Code::no_such_method,
                    .message = plan.display() + " is to serve what nobody registered: " + missing}};
    }
    return methods;
}

std::expected<std::unique_ptr<protocol::MessageDialect>, Failure> dialect_of(
    const ListenerPlan& plan, const std::vector<const Method*>& methods,
    const core::Limits& limits) {
    return make_dialect(plan.address.protocol,
                        methods.size() == 1 ? methods.front()->name : std::string{}, limits);
}

protocol::Topology topology_of(const ListenerPlan& plan, const std::vector<const Method*>& methods,
                               const protocol::MessageDialect& dialect) {
    const ListenerOptions& options = plan.options;
    protocol::ServerTopologyOptions wanted{.queue = plan.address.queue, .methods = {}};
    for (const Method* method : methods) {
        wanted.methods.push_back(method->name);
    }
    wanted.queue_overrides = {.durable = options.durable,
                              .exclusive = options.exclusive,
                              .auto_delete = options.auto_delete,
                              .queue_type = options.queue_type,
                              .arguments = options.queue_arguments};
    for (const ListenerExchange& exchange : options.exchanges) {
        wanted.exchanges.push_back({.name = exchange.name,
                                    .type = exchange.type,
                                    .durable = exchange.durable.value_or(false),
                                    .auto_delete = exchange.auto_delete.value_or(false),
                                    .arguments = exchange.arguments});
    }
    return dialect.server_topology(wanted);
}

}  // namespace warren::endpoint
