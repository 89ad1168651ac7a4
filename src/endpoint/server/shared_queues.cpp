#include "endpoint/server/shared_queues.hpp"

#include "endpoint/failures.hpp"
#include "endpoint/protocols/descriptor.hpp"
#include "endpoint/server/listener_queue.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace warren::endpoint {
namespace {

/// One for all ways to write this machine.
std::string_view name_of_host(std::string_view host) {
    return host == "127.0.0.1" || host == "::1" ? "localhost" : host;
}

bool is_one_broker(const Address& one, const Address& other) {
    if (const auto* memory = std::get_if<MemoryAddress>(&one.transport)) {
        const auto* there = std::get_if<MemoryAddress>(&other.transport);
        return there != nullptr && memory->name == there->name;
    }
    const auto* here = std::get_if<transport::AmqpEndpoint>(&one.transport);
    const auto* there = std::get_if<transport::AmqpEndpoint>(&other.transport);
    return here != nullptr && there != nullptr &&
           name_of_host(here->host) == name_of_host(there->host) && here->port == there->port &&
           here->connection.vhost == there->connection.vhost;
}

bool serve_alike(const ListenerConfig& one, const ListenerConfig& other) {
    if (one.proxy || other.proxy || one.address.protocol != other.address.protocol) {
        return false;
    }
    std::vector<std::string> methods = one.options.methods;
    std::vector<std::string> others = other.options.methods;
    std::ranges::sort(methods);
    std::ranges::sort(others);
    return methods == others;
}

bool read_secrets_alike(const ListenerOptions& one, const ListenerOptions& other) {
    if (one.fernet_keys.empty() && other.fernet_keys.empty()) {
        return true;
    }
    return one.fernet_keys == other.fernet_keys &&
           one.plaintext_secrets == other.plaintext_secrets && one.fernet_ttl == other.fernet_ttl &&
           one.nested_secrets == other.nested_secrets;
}

protocol::Queue queue_of(const ListenerConfig& config) {
    const std::vector<std::string>& methods = config.options.methods;
    const auto protocol = config.address.protocol->make_message(
        config.address, methods.size() == 1 ? methods.front() : "", {});
    return topology_of(config, methods, *protocol).queues.front();
}

bool are_of_one_shape(const protocol::Queue& one, const protocol::Queue& other) {
    return one.durable == other.durable && one.auto_delete == other.auto_delete &&
           one.arguments == other.arguments;
}

/// What is not the same of two listeners that serve the same methods, with its keys.
/// out  empty: a request fares alike at both
std::string_view difference(const ListenerConfig& one, const ListenerConfig& other) {
    if (!read_secrets_alike(one.options, other.options)) {
        return "other secrets (fernet_keys, fernet_ttl, nested_secrets, or whether plain ones are "
               "taken)";
    }
    if (one.address.own && !one.address.own->reads_as(*other.address.own)) {
        return "another 'format'";
    }
    const protocol::Queue here = queue_of(one);
    const protocol::Queue there = queue_of(other);
    if (here.exclusive || there.exclusive) {
        return "a connection of its own, and the queue is one connection's alone (exclusive)";
    }
    return are_of_one_shape(here, there) ? std::string_view{}
                                         : "another shape of it (durable, auto_delete, queue_type, "
                                           "compat, arguments, or what follows from them)";
}

/// Of the exchange that is a method's.
/// out  none: the listener does not declare it
std::optional<ListenerExchange> exchange_of(const ListenerConfig& config,
                                            const std::string& method) {
    if (config.address.protocol->method != MethodSource::by_exchange ||
        std::ranges::find(config.options.methods, method) == config.options.methods.end()) {
        return std::nullopt;
    }
    const auto& exchanges = config.options.queue.exchanges;
    const auto found = std::ranges::find(exchanges, method, &ListenerExchange::name);
    ListenerExchange exchange =
        found == exchanges.end() ? ListenerExchange{.name = method} : *found;
    exchange.durable = exchange.durable.value_or(false);
    exchange.auto_delete = exchange.auto_delete.value_or(false);
    return exchange;
}

/// One exchange has one shape.
std::expected<void, Failure> check_shared_exchanges(std::span<const ListenerConfig> configs,
                                                    const ListenerConfig& last) {
    for (const std::string& method : last.options.methods) {
        const auto here = exchange_of(last, method);
        for (const ListenerConfig& config : configs) {
            const auto there = exchange_of(config, method);
            if (!here || !there || here == there || !is_one_broker(config.address, last.address)) {
                continue;
            }
            const std::string exchange =
                "The exchange '" + method + "' at " + last.address.display() + " has one ";
            return refused(here->type != there->type
                               ? exchange + "type, but is '" + here->type + "' here and '" +
                                     there->type + "' in another listener"
                               : exchange +
                                     "shape, but 'durable', 'auto_delete' or 'arguments' "
                                     "of it are others in another listener");
        }
    }
    return {};
}

}  // namespace

bool share_queue(const ListenerConfig& one, const ListenerConfig& other) {
    return is_one_broker(one.address, other.address) &&
           queue_at_broker(one.address) == queue_at_broker(other.address);
}

std::expected<void, Failure> check_shared_queues(std::span<const ListenerConfig> configs,
                                                 const ListenerConfig& last) {
    for (const ListenerConfig& config : configs) {
        if (!share_queue(config, last)) {
            continue;
        }
        const std::string has_another = "The queue '" + queue_at_broker(last.address) + "' at " +
                                        last.address.display() + " has another listener already, ";
        if (!serve_alike(config, last)) {
            return refused(has_another +
                           "with other methods or another protocol: each would get requests of the "
                           "other. Name all methods in one listener, or give each a queue of its "
                           "own");
        }
        if (const std::string_view differs = difference(config, last); !differs.empty()) {
            return refused(has_another + "with " + std::string{differs} +
                           ": each would get requests of the other. Say the same of both, or give "
                           "each a queue of its own");
        }
    }
    return check_shared_exchanges(configs, last);
}

}  // namespace warren::endpoint
