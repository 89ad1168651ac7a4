#include "protocol/returned_requests.hpp"

#include "core/utf8.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

namespace warren::protocol {
namespace {

constexpr std::string_view exchange_argument = "x-dead-letter-exchange";
constexpr std::string_view key_argument = "x-dead-letter-routing-key";

constexpr std::chrono::milliseconds way_back_max{250};

bool is_dead_letter_argument(const Member& argument) {
    const std::string_view name =
        argument.key.is_text() ? argument.key.as_text() : std::string_view{};
    return name == exchange_argument || name == key_argument;
}

/// What the broker has noted of a message that a queue dropped: the last time first.
const Value* last_death(const MessageView& message) {
    const Value* const deaths = message.headers.find("x-death");
    return deaths != nullptr && deaths->is_list() && !deaths->as_list().empty()
               ? &deaths->as_list().front()
               : nullptr;
}

std::string_view text_at(const Value& map, std::string_view name) {
    const Value* const value = map.find(name);
    return value != nullptr && value->is_text() ? value->as_text() : std::string_view{};
}

}  // namespace

void return_requests(Topology& topology) {
    Queue& queue = topology.queues.front();
    std::vector<Member> arguments;
    if (const Value given = queue.arguments.value(); given.is_map()) {
        std::ranges::remove_copy_if(given.as_map(), std::back_inserter(arguments),
                                    is_dead_letter_argument);
    }
    arguments.push_back({Value::text(exchange_argument), Value::text(returns_exchange)});
    queue.arguments = Dynamic{Value::map(arguments)};
    topology.exchanges.push_back({.name = std::string{returns_exchange}, .durable = true});
    if (topology.queues.size() == 1) {
        return;
    }
    // What is dropped keeps its keys, so these are how it gets among the dead letters.
    std::vector<std::string> keys{queue.name};
    for (const Binding& binding : topology.bindings) {
        keys.push_back(binding.routing_key_is_queue ? queue.name : binding.routing_key);
    }
    std::ranges::sort(keys);
    keys.erase(std::ranges::unique(keys).begin(), keys.end());
    for (std::string& key : keys) {
        topology.bindings.push_back({.queue = topology.queues[1].name,
                                     .exchange = std::string{returns_exchange},
                                     .routing_key = std::move(key)});
    }
}

std::string accept_returns(Topology& topology, std::string_view unique) {
    const std::string& queue = topology.queues.front().name;
    // Not a queue's name, which would be a way for the request itself.
    std::string key =
        std::string{returns_exchange} + " " + (queue.empty() ? std::string{unique} : queue);
    topology.exchanges.push_back({.name = std::string{returns_exchange}, .durable = true});
    topology.bindings.push_back(
        {.queue = queue, .exchange = std::string{returns_exchange}, .routing_key = key});
    return key;
}

void add_return_key(std::string_view key, MessageView& request, Arena& arena) {
    const auto keys = arena.array<Value>(1);
    keys[0] = Value::text(key);
    add_header("BCC", Value::list(keys), request, arena);
}

std::chrono::milliseconds time_until_return(std::chrono::milliseconds time_left) noexcept {
    return time_left - std::min(time_left / 10, way_back_max);
}

std::optional<Failure> returned_failure(const MessageView& message, std::string_view broker) {
    const Value* const death = last_death(message);
    if (death == nullptr) {
        return std::nullopt;
    }
    struct Reason {
        std::string_view name;
        Code code;
        std::string_view text;
    };
    static constexpr Reason reasons[] = {
        {"expired", Code::expired_in_queue, "kept it until its time was over: no server took it"},
        {"maxlen", Code::overloaded, "is full (x-max-length), and dropped it"},
        {"delivery_limit", Code::failed,
         "delivered it too often (x-delivery-limit): it may be what ends its server's process"},
        {"rejected", Code::internal, "has a server that rejected it and said no more"},
        {{}, Code::internal, "dropped it"},
    };
    const std::string_view reason = text_at(*death, "reason");
    const auto* const known =
        std::ranges::find(std::begin(reasons), std::end(reasons) - 1, reason, &Reason::name);
    return Failure{.code = known->code,
                   .message = "The request came back: the queue '" +
                              core::text_for_display(text_at(*death, "queue")) + "' at " +
                              std::string{broker} + " " + std::string{known->text}};
}

}  // namespace warren::protocol
