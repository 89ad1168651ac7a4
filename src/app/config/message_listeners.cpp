#include "app/config/sections.hpp"
#include "core/uri.hpp"
#include "endpoint/protocols/table.hpp"
#include "endpoint/server/listener_config.hpp"
#include "protocol/topology.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::app {
namespace {

constexpr std::uint64_t prefetch_max = 65'535;  // [AMQP 0-9-1 1.8.3]

constexpr std::array<std::string_view, 2> acknowledge_words{"after", "before"};
constexpr std::array<std::string_view, 7> queue_keys{
    "durable",           "exclusive",      "auto_delete", "queue_type",
    "dead_letter_queue", "return_dropped", "compat"};

void read_queue(ConfigMap& map, ListenerQueue& queue) {
    map.read_word("acknowledge", queue.acknowledge, acknowledge_words);
    if (const auto attempts = map.find("attempts_max")) {
        queue.attempts_max = static_cast<std::uint32_t>(
            attempts->whole_number(0, std::numeric_limits<std::int32_t>::max()).value_or(0));
    }
    if (const auto letters = map.find("dead_letter_queue")) {
        queue.dead_letter_queue = letters->is_null() ? std::string{} : letters->text();
    }
    map.read("return_dropped", queue.return_dropped, &ConfigNode::boolean);
    map.read("control_route", queue.control_route, &ConfigNode::boolean);
    map.read("queue", queue.name, &ConfigNode::text);
    map.read_word("compat", queue.compat, protocol::broker_compat_words);
    map.read("durable", queue.durable, &ConfigNode::boolean);
    map.read("exclusive", queue.exclusive, &ConfigNode::boolean);
    map.read("auto_delete", queue.auto_delete, &ConfigNode::boolean);
    map.read_word("queue_type", queue.type, protocol::queue_type_words);
    if (const auto arguments = map.find("arguments")) {
        queue.arguments = arguments->data_map().value_or(Dynamic{});
    }
}

/// All but the address itself.
void read_message_listener(ConfigMap& map, ListenerEntry& listener) {
    ListenerOptions& options = listener.options;
    const auto& protocol = read_protocol(map, &endpoint::ProtocolDescriptor::at_brokers, options);
    read_queue(map, options.queue);
    map.read_count("max_simultaneous_requests", options.max_simultaneous_requests, prefetch_max);
    map.read_count("requests_bytes_max", options.requests_bytes_max, memory_bytes_max);
    map.read("describe", options.describe, &ConfigNode::boolean);
    map.read("strict_contracts", options.strict_contracts, &ConfigNode::boolean);
    read_compression(map, options);
    read_methods(map, listener, protocol);
    read_fernet(map, listener);
}

/// Whether neither key nor address names the queue that the protocol needs.
bool lacks_queue(const ListenerOptions& options) {
    const auto uri = core::parse_uri(options.url);
    if (!uri || !options.queue.name.empty() || uri->option("queue")) {
        return false;
    }
    const auto* const protocol = endpoint::find_protocol(
        &endpoint::ProtocolDescriptor::at_brokers,
        options.protocol.empty() ? uri->option("protocol").value_or("") : options.protocol);
    return protocol != nullptr && protocol->queue_of == nullptr && protocol->queue_default.empty();
}

using Members = std::vector<std::pair<std::string, ConfigNode>>;

/// The key of the queue, or the argument, that a message names first, as 'KEY' or 'KEY: VALUE'.
std::optional<ConfigNode> find_named(ConfigMap& map, const std::string& message) {
    const auto arguments = map.find("arguments");
    Members members =
        arguments && arguments->is_map() ? ConfigMap{*arguments}.take_all() : Members{};
    for (const std::string_view key : queue_keys) {
        if (auto found = map.find(key)) {
            members.emplace_back(key, std::move(*found));
        }
    }
    const auto place_of = [&message](const Members::value_type& member) {
        return std::min(message.find("'" + member.first + "'"),
                        message.find("'" + member.first + ":"));
    };
    const auto first = std::ranges::min_element(members, {}, place_of);
    return first == members.end() || place_of(*first) == std::string::npos
               ? std::nullopt
               : std::optional{first->second};
}

void check_at_broker(ConfigMap& map, const ConfigNode& address, const ListenerEntry& listener) {
    const auto plan = endpoint::resolve_listener(listener.options);
    const auto named = plan ? std::nullopt : find_named(map, plan.error().message);
    check_listener(named ? *named : address, listener);
}

}  // namespace

void read_amqp_listener(ConfigMap& map, ListenerEntry& listener) {
    const auto address = map.require("amqp");
    auto url = address ? address->secret() : std::nullopt;
    std::string tls;
    if (const auto node = map.find("tls")) {
        read_client_tls(*node, TlsParameters::of_broker, tls);
    }
    read_message_listener(map, listener);
    if (!url) {
        return;
    }
    if (!url->starts_with("amqp://") && !url->starts_with("amqps://")) {
        return address->fail(
            "expected an address: amqp://[USER[:PASSWORD]@]HOST[:PORT]/[VHOST], "
            "or amqps://...");
    }
    listener.options.url = std::move(*url);
    if (!tls.empty() && listener.options.url.contains('?')) {
        tls.front() = '&';
    }
    listener.options.url += tls;
    if (lacks_queue(listener.options)) {
        map.require("queue");
        return;
    }
    check_at_broker(map, *address, listener);
}

void read_memory_listener(ConfigMap& map, ListenerEntry& listener) {
    const auto name = map.require("memory");
    read_message_listener(map, listener);
    if (name) {
        if (const auto text = name->text()) {
            listener.options.url = "memory:" + *text;
            check_at_broker(map, *name, listener);
        }
    }
}

}  // namespace warren::app
