#include "endpoint/server/listener_queue.hpp"

#include "endpoint/failures.hpp"
#include "endpoint/protocols/descriptor.hpp"
#include "endpoint/server/listener_compat.hpp"
#include "endpoint/server/server_name.hpp"
#include "endpoint/server/topic_pattern.hpp"
#include "protocol/returned_requests.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace warren::endpoint {
namespace {

constexpr std::string_view type_argument = "x-queue-type";
constexpr std::size_t name_bytes_max = 255;  // [AMQP 0-9-1 4.2.5.3]
constexpr std::string_view reserved_prefix =
    "amq.";  // [AMQP 0-9-1 queue.declare, exchange.declare]
// Which every virtual host has.
constexpr std::string_view known_exchanges[] = {"amq.direct", "amq.fanout", "amq.topic",
                                                "amq.headers", "amq.match"};

std::expected<void, Failure> check_name(std::string_view what, const std::string& name) {
    if (name.size() > name_bytes_max) {
        return refused("The name of the " + std::string{what} + " has " +
                       std::to_string(name.size()) + " bytes, and may have " +
                       std::to_string(name_bytes_max));
    }
    const bool is_known =
        what == "exchange" && std::ranges::find(known_exchanges, name) != std::end(known_exchanges);
    if (name.starts_with(reserved_prefix) && !is_known) {
        return refused(
            "The " + std::string{what} + " '" + name +
            "' cannot be: names that begin with 'amq.' are the broker's; choose another");
    }
    return {};
}

/// What the broker demands of a queue's arguments.                             [RabbitMQ, queues]
struct NumberArgument {
    std::string_view name;
    std::int64_t least;
    std::int64_t most = std::numeric_limits<std::int64_t>::max();
};
constexpr std::int64_t ten_years_ms = 315'360'000'000;
constexpr NumberArgument number_arguments[] = {{"x-message-ttl", 0, ten_years_ms},
                                               {"x-expires", 1, ten_years_ms},
                                               {"x-max-length", 0},
                                               {"x-max-length-bytes", 0},
                                               {"x-max-priority", 0, 255},
                                               {"x-queue-version", 1, 2},
                                               {"x-delivery-limit", -1},
                                               {"x-quorum-initial-group-size", 1}};
struct WordArgument {
    std::string_view name;
    std::array<std::string_view, 4> words;
};
constexpr WordArgument word_arguments[] = {
    {"x-overflow", {"drop-head", "reject-publish", "reject-publish-dlx"}},
    {"x-queue-mode", {"default", "lazy"}},
    {"x-dead-letter-strategy", {"at-most-once", "at-least-once"}},
    {"x-queue-leader-locator", {"client-local", "balanced", "least-leaders", "random"}}};
constexpr std::string_view not_of_quorum[] = {"x-max-priority", "x-queue-mode", "x-queue-version"};
constexpr std::string_view not_of_classic[] = {"x-delivery-limit", "x-quorum-initial-group-size",
                                               "x-dead-letter-strategy"};

bool is_number_of(const Value& value, const NumberArgument& argument) {
    return value.kind() == Value::Kind::int64 && value.as_int64() >= argument.least &&
           value.as_int64() <= argument.most;
}

/// What an argument must be; empty: it is, or may be anything.
std::string demand_of(std::string_view name, const Value& value) {
    const auto number = std::ranges::find(number_arguments, name, &NumberArgument::name);
    if (number != std::end(number_arguments)) {
        const bool is_bounded = number->most != std::numeric_limits<std::int64_t>::max();
        return is_number_of(value, *number)
                   ? std::string{}
                   : "a whole number " + (is_bounded
                                              ? "from " + std::to_string(number->least) + " to " +
                                                    std::to_string(number->most)
                                              : "of at least " + std::to_string(number->least));
    }
    const auto word = std::ranges::find(word_arguments, name, &WordArgument::name);
    if (word != std::end(word_arguments)) {
        std::string known;
        for (const std::string_view each : word->words) {
            if (!each.empty() && value.is_text() && value.as_text() == each) {
                return {};
            }
            known.append(each.empty() || known.empty() ? "" : ", ").append(each);
        }
        return "one of: " + known;
    }
    const bool is_name = name == "x-dead-letter-exchange" || name == "x-dead-letter-routing-key";
    if (is_name || name == "x-single-active-consumer") {
        const bool fits = is_name ? value.is_text() : value.kind() == Value::Kind::boolean;
        return fits ? "" : is_name ? "text" : "true or false";
    }
    return {};
}

std::expected<void, Failure> check_arguments(const Value& arguments, const ListenerQueue& queue) {
    if (!arguments.is_map()) {
        return {};
    }
    for (const Member& member : arguments.as_map()) {
        const std::string name{member.key.is_text() ? member.key.as_text() : ""};
        if (const std::string demand = demand_of(name, member.value); !demand.empty()) {
            std::string why = "The argument '" + name;
            return refused(why.append("' of the queue must be ").append(demand));
        }
    }
    const bool is_quorum = queue.type == QueueType::quorum;
    for (const std::string_view name : not_of_quorum) {
        if (is_quorum && arguments.find(name) != nullptr) {
            return refused("A quorum queue cannot be with the argument '" + std::string{name} +
                           "'");
        }
    }
    for (const std::string_view name : not_of_classic) {
        if (queue.type == QueueType::classic && arguments.find(name) != nullptr) {
            return refused("A classic queue cannot be with the argument '" + std::string{name} +
                           "'");
        }
    }
    if (!is_quorum && arguments.find("x-dead-letter-routing-key") != nullptr &&
        arguments.find("x-dead-letter-exchange") == nullptr) {
        return refused(
            "The argument 'x-dead-letter-routing-key' of the queue needs 'x-dead-letter-exchange'");
    }
    return {};
}

/// The type that the arguments name; null: none.
const Value* find_type(const Value& arguments) {
    return arguments.is_map() ? arguments.find(type_argument) : nullptr;
}

std::optional<QueueType> known_type(const Value* named) {
    const auto* const word = std::ranges::find(
        protocol::queue_type_words, named != nullptr && named->is_text() ? named->as_text() : "");
    return word == std::end(protocol::queue_type_words)
               ? std::nullopt
               : std::optional{static_cast<QueueType>(word - protocol::queue_type_words)};
}

/// in   named: what `name_queue_type` left among the arguments
std::expected<void, Failure> check_type(const Value* named, const ListenerQueue& queue) {
    if (named == nullptr) {
        return {};
    }
    if (queue.type) {
        return refused(
            "The queue's type stands twice, as the argument 'x-queue-type' and as 'queue_type', "
            "and differs: give one of them");
    }
    const std::string type{named->is_text() ? named->as_text() : ""};
    if (type == "stream") {
        return refused(
            "A stream keeps what was read and cannot be a queue of requests: 'x-queue-type', or "
            "'queue_type', is classic or quorum");
    }
    return refused("Unknown type '" + type +
                   "' of the queue, as 'x-queue-type' or 'queue_type'; known are: classic, "
                   "quorum");
}

std::expected<void, Failure> check_dead_letters(const ListenerOptions& options,
                                                const Address& address, bool is_quorum) {
    const std::string letters = options.queue.dead_letter_queue.value_or("");
    if (letters.empty()) {
        return {};
    }
    if (!is_quorum) {
        return refused(
            "'dead_letter_queue' is of quorum queues: add 'queue_type: quorum', or give "
            "the arguments x-dead-letter-exchange and x-dead-letter-routing-key");
    }
    if (letters == queue_at_broker(address)) {
        return refused("The queue '" + letters +
                       "' cannot be its own 'dead_letter_queue': what it gave up would come again");
    }
    return check_name("dead_letter_queue", letters);
}

/// Which of its arguments say where a queue puts what it drops; empty: none.
std::string_view own_dead_letters(const Value& arguments) {
    for (const std::string_view name : {"x-dead-letter-exchange", "x-dead-letter-routing-key"}) {
        if (arguments.is_map() && arguments.find(name) != nullptr) {
            return name;
        }
    }
    return {};
}

std::expected<void, Failure> check_returns(const ListenerQueue& queue) {
    const std::string own{own_dead_letters(queue.arguments.value())};
    if (queue.return_dropped.value_or(false) && !own.empty()) {
        return refused("'return_dropped' cannot be with the argument '" + own +
                       "': it is where dropped requests go");
    }
    return {};
}

std::expected<void, Failure> check_names(const ListenerOptions& options, const Address& address) {
    auto checked = check_name("queue", queue_at_broker(address));
    for (const std::string& method : options.methods) {
        if (checked && address.protocol->method == MethodSource::by_exchange) {
            checked = check_name("exchange", method);
        }
    }
    return checked;
}

// Of quorum queues.
constexpr std::uint32_t attempts_default = 5;
constexpr std::int64_t deliveries_min = 20;

std::uint32_t attempts_max_in(const ListenerQueue& options) {
    return options.attempts_max.value_or(options.type == QueueType::quorum ? attempts_default : 0);
}

/// The queue also counts deliveries that began nothing, of connections that are lost: its limit is
/// for what no server gets to answer once its attempts are over.
protocol::DeadLetters dead_letters_of(const ListenerQueue& options, const std::string& queue) {
    return {.queue = options.dead_letter_queue.value_or(queue + ".dead-letter"),
            .deliveries_max = std::max<std::int64_t>(deliveries_min, attempts_max_in(options))};
}

/// What an exchange does. A plugin's does as the type that its argument names.
std::string_view exchange_type(const ListenerExchange& exchange) {
    const Value delayed = exchange.arguments["x-delayed-type"];
    return exchange.type == "x-delayed-message" && delayed.is_text()
               ? delayed.as_text()
               : std::string_view{exchange.type};
}

}  // namespace

void name_queue_type(ListenerQueue& queue) {
    const Value& given = queue.arguments.value();
    const auto type = known_type(find_type(given));
    if (!type || queue.type.value_or(*type) != *type) {
        return;
    }
    queue.type = type;
    std::vector<Member> others;
    for (const Member& member : given.as_map()) {
        if (!member.key.is_text() || member.key.as_text() != type_argument) {
            others.push_back(member);
        }
    }
    queue.arguments = others.empty() ? Dynamic{} : Dynamic{Value::map(others)};
}

std::expected<void, Failure> check_queue(const ListenerOptions& options, const Address& address) {
    const ListenerQueue& queue = options.queue;
    const Value& arguments = queue.arguments.value();
    if (auto checked = check_type(find_type(arguments), queue); !checked) {
        return checked;
    }
    const bool is_quorum = queue.type == QueueType::quorum;
    if (is_quorum) {
        const std::string_view wrong = !queue.durable.value_or(true)       ? "'durable: false'"
                                       : queue.exclusive.value_or(false)   ? "'exclusive: true'"
                                       : queue.auto_delete.value_or(false) ? "'auto_delete: true'"
                                                                           : "";
        if (!wrong.empty()) {
            return refused("A quorum queue is durable, shared and stays: it cannot be with " +
                           std::string{wrong});
        }
    }
    if (auto checked = check_arguments(arguments, queue); !checked) {
        return checked;
    }
    if (auto checked = check_compat(address, queue); !checked) {
        return checked;
    }
    if (auto checked = check_dead_letters(options, address, is_quorum); !checked) {
        return checked;
    }
    if (auto checked = check_returns(queue); !checked) {
        return checked;
    }
    return check_names(options, address);
}

std::expected<void, Failure> check_exchange_type(const ListenerExchange& exchange) {
    const std::string_view type = exchange_type(exchange);
    if (type == "direct" || type == "topic") {
        return {};
    }
    return refused(
        "The exchange '" + exchange.name + "' is of type '" + exchange.type +
        "', but calls need direct or topic: others give requests and replies to every queue that "
        "is bound, so that handlers run twice and callers get their own requests");
}

std::expected<void, Failure> check_exchanges(const ListenerOptions& options,
                                             const Address& address) {
    for (const ListenerExchange& exchange : options.queue.exchanges) {
        if (auto usable = check_exchange_type(exchange); !usable) {
            return usable;
        }
        if (exchange_type(exchange) == "topic" && is_topic_pattern(address.queue)) {
            return refused("The queue '" + address.queue + "' cannot be bound to the exchange '" +
                           exchange.name +
                           "' of type topic, where the words '*' and '#' stand for others: " +
                           "it would get replies as requests; choose another name");
        }
    }
    return {};
}

std::string queue_at_broker(const Address& address) {
    const auto queue_of = address.protocol->queue_of;
    return queue_of == nullptr ? address.queue : queue_of(address.queue);
}

protocol::Topology topology_of(const ListenerConfig& config, std::vector<std::string> methods,
                               const protocol::MessageProtocol& protocol) {
    const ListenerQueue& options = config.options.queue;
    protocol::ServerTopologyOptions wanted{.server = config.address.queue,
                                           .methods = std::move(methods)};
    wanted.queue_overrides = {.durable = options.durable,
                              .exclusive = options.exclusive,
                              .auto_delete = options.auto_delete,
                              .queue_type = options.type,
                              .arguments = options.arguments};
    for (const ListenerExchange& exchange : options.exchanges) {
        wanted.exchanges.push_back({.name = exchange.name,
                                    .type = exchange.type,
                                    .durable = exchange.durable.value_or(false),
                                    .auto_delete = exchange.auto_delete.value_or(false),
                                    .arguments = exchange.arguments});
    }
    protocol::Topology topology = protocol.server_topology(wanted);
    protocol::suit(config.address.compat, topology);
    limit_deliveries(dead_letters_of(options, topology.queues.front().name), topology);
    const bool is_ours = std::holds_alternative<MemoryAddress>(config.address.transport) &&
                         own_dead_letters(options.arguments.value()).empty();
    if (options.return_dropped.value_or(is_ours)) {
        return_requests(topology);
    }
    return topology;
}

std::uint32_t attempts_max_of(const ListenerConfig& config) {
    return config.address.is_brokerless() ? 0 : attempts_max_in(config.options.queue);
}

runtime::RequestMoves moves_of(const ListenerConfig& config, const protocol::Topology& topology) {
    const ListenerQueue& options = config.options.queue;
    const protocol::Queue& queue = topology.queues.front();
    const std::string letters = dead_letters_of(options, queue.name).queue;
    // Declared with the queue, unless its arguments or a policy say where dead letters go.
    const bool is_declared = std::ranges::any_of(
        topology.queues, [&](const protocol::Queue& each) { return each.name == letters; });
    return {.queue = queue,
            .dead_letters = is_declared ? letters : std::string{},
            .server = name_of_this_server()};
}

std::string unlimited_attempts(const ListenerConfig& config, const protocol::Topology& topology,
                               bool has_store) {
    const protocol::Queue& queue = topology.queues.front();
    const Value* const type = queue.arguments.value().find("x-queue-type");
    const bool counts = type != nullptr && type->is_text() && type->as_text() == "quorum";
    const bool is_limited = counts && queue.arguments.value().find("x-delivery-limit") != nullptr;
    // Other queues tell a first attempt from others, and no more.
    const std::uint32_t attempts_max = attempts_max_of(config);
    if (is_limited || attempts_max == 1 || (counts && attempts_max != 0) || queue.exclusive ||
        queue.auto_delete || config.options.queue.acknowledge == Acknowledge::before_handling) {
        return {};
    }
    if (has_store) {
        return "a request without an idempotency key that ends the process comes again without an "
               "end: the store counts the attempts of those that have one, and nothing those of "
               "others (queue_type: quorum does)";
    }
    return counts ? "a request that ends the process comes again without an end: neither "
                    "'attempts_max' nor a limit of deliveries keeps it from it"
                  : "a request that ends the process comes again without an end: a queue that is "
                    "not of type quorum does not count, so that attempts_max is off (queue_type: "
                    "quorum gives it a limit of 5 and dead letters; or attempts_max: 1)";
}

}  // namespace warren::endpoint
