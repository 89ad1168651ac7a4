#include "endpoint/server/declared_topology.hpp"

#include "endpoint/protocols/descriptor.hpp"
#include "endpoint/server/describe_methods.hpp"
#include "endpoint/server/listener_config.hpp"
#include "endpoint/server/listener_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

namespace warren::endpoint {
namespace {

bool has_argument(const protocol::Queue& queue, std::string_view name) {
    return queue.arguments.value().find(name) != nullptr;
}

}  // namespace

std::expected<std::optional<DeclaredTopology>, Failure> declared_by_listener(
    const ListenerOptions& options, const Registry& registry, bool is_proxy) {
    auto config = resolve_listener(options);
    if (!config) {
        return std::unexpected{std::move(config.error())};
    }
    const auto* const broker = std::get_if<transport::AmqpEndpoint>(&config->address.transport);
    if (broker == nullptr) {
        return std::nullopt;
    }
    std::vector<const Method*> methods;
    if (!is_proxy) {
        auto found = methods_of(*config, registry);
        if (!found) {
            return std::unexpected{std::move(found.error())};
        }
        methods = std::move(*found);
    }
    std::vector<std::string> names = method_names(*config, methods);
    const DescribeMethods describing{registry, {}};
    if (!is_proxy && config->address.protocol->method == MethodSource::by_exchange) {
        std::ranges::transform(describing.of(*config), std::back_inserter(names), &Method::name);
    }
    const std::string only = names.size() == 1 ? names.front() : std::string{};
    const auto protocol = config->address.protocol->make_message(config->address, only, {});
    return DeclaredTopology{.display = config->display(),
                            .broker = *broker,
                            .topology = topology_of(*config, std::move(names), *protocol)};
}

std::expected<std::optional<DeclaredTopology>, Failure> needed_by_target(
    const ForwardOptions& options) {
    const auto address = parse_address(options.to);
    if (!address) {
        return std::unexpected{address.error()};
    }
    const auto* const broker = std::get_if<transport::AmqpEndpoint>(&address->transport);
    if (broker == nullptr) {
        return std::nullopt;
    }
    DeclaredTopology needed{.display = display_location(*address), .broker = *broker};
    if (const std::string queue = queue_at_broker(*address); !queue.empty()) {
        needed.topology.queues.push_back({.name = queue, .passive = true});
    }
    return needed;
}

std::vector<std::string> advice_on(const protocol::Queue& queue) {
    std::vector<std::string> advice;
    if (queue.passive) {
        return advice;
    }
    if (!queue.durable && !queue.exclusive) {
        advice.emplace_back(
            "RabbitMQ 4.3 refuses queues that are neither durable nor exclusive "
            "(transient_nonexcl_queues): say 'compat: \"4.3\"', or 'durable: true', once the queue "
            "that is there is deleted, or permit them in the broker's configuration");
    }
    for (const std::string_view name : {"x-ha-policy", "x-ha-nodes", "x-ha-params"}) {
        if (has_argument(queue, name)) {
            advice.emplace_back("RabbitMQ 4.0 has no mirrored queues, and passes over '" +
                                std::string{name} + "': say 'queue_type: quorum'");
        }
    }
    if (has_argument(queue, "x-queue-mode")) {
        advice.emplace_back(
            "RabbitMQ passes over 'x-queue-mode' since 3.12: leave it out, once the queue that is "
            "there is deleted");
    }
    if (const Value* const layout = queue.arguments.value().find("x-queue-version");
        layout != nullptr && layout->kind() == Value::Kind::int64 && layout->as_int64() == 1) {
        advice.emplace_back(
            "RabbitMQ 4.3 refuses 'x-queue-version: 1': leave it out, once the queue that is "
            "there is deleted");
    }
    if (protocol::is_quorum(queue) && !has_argument(queue, "x-delivery-limit")) {
        advice.emplace_back(
            "RabbitMQ 4.0 drops what it delivered 20 times from a quorum queue without a limit of "
            "its own: say 'attempts_max', and 'dead_letter_queue'");
    }
    if (protocol::is_quorum(queue) && has_argument(queue, "x-delivery-limit") &&
        !has_argument(queue, "x-dead-letter-exchange")) {
        advice.emplace_back(
            "What is over the limit of deliveries is dropped without a word: say "
            "'dead_letter_queue', unless a policy has a dead-letter exchange");
    }
    return advice;
}

}  // namespace warren::endpoint
