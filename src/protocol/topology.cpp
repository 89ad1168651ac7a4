#include "protocol/topology.hpp"

#include <utility>

namespace warren::protocol {

void apply(const TopologyOverrides& overrides, Queue& queue) {
    if (overrides.queue_type == QueueType::quorum) {
        queue.durable = true;
        queue.exclusive = queue.auto_delete = false;
    }
    queue.durable = overrides.durable.value_or(queue.durable);
    queue.exclusive = overrides.exclusive.value_or(queue.exclusive);
    queue.auto_delete = overrides.auto_delete.value_or(queue.auto_delete);

    std::vector<Member> arguments;
    for (const Value& given : {queue.arguments.value(), overrides.arguments.value()}) {
        if (given.is_map()) {
            const auto members = given.as_map();
            arguments.insert(arguments.end(), members.begin(), members.end());
        }
    }
    if (overrides.queue_type) {
        const std::string_view type = queue_type_words[std::to_underlying(*overrides.queue_type)];
        arguments.push_back({Value::text("x-queue-type"), Value::text(type)});
    }
    if (!arguments.empty()) {
        queue.arguments = Dynamic{Value::map(arguments)};
    }
}

Dynamic abandoned_queue_arguments() {
    return Dynamic::map(
        {{"x-expires", std::chrono::milliseconds{abandoned_queue_expires}.count()}});
}

void suit(std::optional<BrokerCompat> compat, Topology& topology) {
    if (!compat) {
        return;
    }
    switch (*compat) {
    case BrokerCompat::rabbitmq_4_3:
        break;  // the only one there is
    }
    for (Queue& queue : topology.queues) {
        if (queue.passive || queue.durable || queue.exclusive) {
            continue;
        }
        queue.durable = true;
        const Value given = queue.arguments.value();
        // A broker's restart ends consumers without deleting what is durable, and nobody may come
        // back to it.
        if (queue.auto_delete && (!given.is_map() || given.find("x-expires") == nullptr)) {
            apply({.durable = true, .arguments = abandoned_queue_arguments()}, queue);
        }
    }
}

std::string_view refused_argument(BrokerCompat compat, const Dynamic& arguments) noexcept {
    switch (compat) {
    case BrokerCompat::rabbitmq_4_3:
        break;
    }
    const Value given = arguments.value();
    if (!given.is_map()) {
        return {};
    }
    for (const std::string_view name :
         {"x-queue-mode", "x-ha-policy", "x-ha-nodes", "x-ha-params", "x-ha-sync-mode"}) {
        if (given.find(name) != nullptr) {
            return name;
        }
    }
    const Value* const wanted = given.find("x-queue-version");
    const bool is_first =
        wanted != nullptr && wanted->kind() == Value::Kind::int64 && wanted->as_int64() == 1;
    return is_first ? "x-queue-version" : "";
}

bool is_quorum(const Queue& queue) noexcept {
    const Value* const type =
        queue.arguments.value().is_map() ? queue.arguments.value().find("x-queue-type") : nullptr;
    return type != nullptr && type->is_text() && type->as_text() == "quorum";
}

bool limit_deliveries(const DeadLetters& wanted, Topology& topology) {
    constexpr std::string_view limit = "x-delivery-limit";
    constexpr std::string_view exchange = "x-dead-letter-exchange";
    Queue& queue = topology.queues.front();
    const Value given = queue.arguments.value();
    if (!is_quorum(queue)) {
        return false;
    }
    if (wanted.queue.empty()) {
        return given.find(limit) != nullptr;
    }
    std::vector<Member> arguments{given.as_map().begin(), given.as_map().end()};
    if (given.find(limit) == nullptr) {
        arguments.push_back({Value::text(limit), Value::integer(wanted.deliveries_max)});
    }
    const bool has_exchange = given.find(exchange) != nullptr;
    if (!has_exchange) {
        // The default exchange, to which every queue is bound by its name.
        arguments.push_back({Value::text(exchange), Value::text("")});
        arguments.push_back({Value::text("x-dead-letter-routing-key"), Value::text(wanted.queue)});
    }
    queue.arguments = Dynamic{Value::map(arguments)};
    if (!has_exchange) {
        topology.queues.push_back({.name = wanted.queue,
                                   .durable = true,
                                   .arguments = Dynamic::map({{"x-queue-type", "quorum"}})});
    }
    return true;
}

}  // namespace warren::protocol
