#include "endpoint/server/shared_queues.hpp"

#include "endpoint/failures.hpp"
#include "endpoint/protocols/descriptor.hpp"
#include "endpoint/server/listener_queue.hpp"

#include <algorithm>
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

/// Of the exchange that is a method's.
/// out  empty: the listener does not declare it
std::string_view exchange_type_of(const ListenerConfig& config, const std::string& method) {
    if (config.address.protocol->method != MethodSource::by_exchange ||
        std::ranges::find(config.options.methods, method) == config.options.methods.end()) {
        return {};
    }
    const auto& exchanges = config.options.queue.exchanges;
    const auto found = std::ranges::find(exchanges, method, &ListenerExchange::name);
    return found == exchanges.end() ? std::string_view{"direct"} : found->type;
}

/// One exchange has one type.
std::expected<void, Failure> check_shared_exchanges(std::span<const ListenerConfig> configs,
                                                    const ListenerConfig& last) {
    for (const std::string& method : last.options.methods) {
        const std::string_view here = exchange_type_of(last, method);
        for (const ListenerConfig& config : configs) {
            const std::string_view there = exchange_type_of(config, method);
            if (!here.empty() && !there.empty() && here != there &&
                is_one_broker(config.address, last.address)) {
                return refused("The exchange '" + method + "' at " + last.address.display() +
                               " has one type, but is '" + std::string{here} + "' here and '" +
                               std::string{there} + "' in another listener");
            }
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
    const bool is_shared = std::ranges::any_of(configs, [&last](const ListenerConfig& config) {
        return share_queue(config, last) && !serve_alike(config, last);
    });
    if (!is_shared) {
        return check_shared_exchanges(configs, last);
    }
    return refused("The queue '" + queue_at_broker(last.address) + "' at " +
                   last.address.display() +
                   " has another listener already, with other methods or another protocol: each "
                   "would get requests of the other. Name all methods in one listener, or give "
                   "each a queue of its own");
}

}  // namespace warren::endpoint
