#include "endpoint/shared_queues.hpp"

#include "endpoint/dialects.hpp"

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
    if (const auto* memory = std::get_if<MemoryAddress>(&one.place)) {
        const auto* there = std::get_if<MemoryAddress>(&other.place);
        return there != nullptr && memory->name == there->name;
    }
    const auto* here = std::get_if<transport::AmqpEndpoint>(&one.place);
    const auto* there = std::get_if<transport::AmqpEndpoint>(&other.place);
    return here != nullptr && there != nullptr &&
           name_of_host(here->host) == name_of_host(there->host) && here->port == there->port &&
           here->connection.vhost == there->connection.vhost;
}

/// As the broker knows it.
std::string queue_of(const Address& address) {
    return address.protocol == callme ? "server_" + address.queue + "_queue" : address.queue;
}

bool serve_alike(const ListenerPlan& one, const ListenerPlan& other) {
    if (one.proxy || other.proxy || one.address.protocol != other.address.protocol) {
        return false;
    }
    std::vector<std::string> methods = one.options.methods;
    std::vector<std::string> others = other.options.methods;
    std::ranges::sort(methods);
    std::ranges::sort(others);
    return methods == others;
}

}  // namespace

bool share_queue(const ListenerPlan& one, const ListenerPlan& other) {
    return is_one_broker(one.address, other.address) &&
           queue_of(one.address) == queue_of(other.address);
}

std::expected<void, Failure> check_shared_queues(std::span<const ListenerPlan> plans,
                                                 const ListenerPlan& last) {
    const bool is_shared = std::ranges::any_of(plans, [&last](const ListenerPlan& plan) {
        return share_queue(plan, last) && !serve_alike(plan, last);
    });
    if (!is_shared) {
        return {};
    }
    return std::unexpected{Failure{
        .code = Code::invalid_request,
        .message = "The queue '" + queue_of(last.address) + "' at " + last.address.display() +
                   " has another listener already, with other methods or another protocol: each "
                   "would get requests of the other. Name all methods in one listener, or give "
                   "each a queue of its own"}};
}

}  // namespace warren::endpoint
