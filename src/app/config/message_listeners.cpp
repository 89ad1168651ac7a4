#include "app/config/sections.hpp"

#include "core/uri.hpp"
#include "endpoint/server_listener.hpp"

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

constexpr std::array<std::string_view, 3> protocol_words{"cyberfusion", "tutorial", "callme"};
constexpr std::array<std::string_view, 3> format_words{"pickle", "json", "msgpack"};
constexpr std::array<std::string_view, 2> acknowledge_words{"after", "before"};
constexpr std::array<std::string_view, 2> queue_type_words{"classic", "quorum"};
constexpr std::array<std::string_view, 5> queue_keys{"durable", "exclusive", "auto_delete",
                                                     "queue_type", "dead_letter_queue"};

void read_queue(ConfigMap& map, ListenerOptions& options) {
    if (const auto queue = map.find("queue")) {
        options.queue = queue->text().value_or("");
    }
    const std::pair<const char*, std::optional<bool>&> flags[] = {
        {"durable", options.durable},
        {"exclusive", options.exclusive},
        {"auto_delete", options.auto_delete}};
    for (const auto& [key, target] : flags) {
        if (const auto found = map.find(key)) {
            target = found->boolean();
        }
    }
    if (const auto type = map.find("queue_type")) {
        if (const auto word = type->one_of(queue_type_words)) {
            options.queue_type = queue_type_words[*word];
        }
    }
    if (const auto arguments = map.find("arguments")) {
        options.queue_arguments = arguments->data_map().value_or(Dynamic{});
    }
    read_simultaneous_requests(map, prefetch_max, options);
    if (const auto bytes = map.find("requests_bytes_max")) {
        options.requests_bytes_max =
            bytes->whole_number(1, memory_bytes_max).value_or(options.requests_bytes_max);
    }
}

void read_callme(ConfigMap& map, ListenerOptions& options) {
    if (const auto server_id = map.require("server_id")) {
        options.server_id = server_id->text().value_or("");
    }
    if (const auto format = map.find("format")) {
        if (const auto word = format->one_of(format_words)) {
            options.format = format_words[*word];
        }
    }
    if (const auto threaded = map.find("threaded")) {
        options.threaded = threaded->boolean().value_or(false);
    }
}

/// All but the address itself.
void read_message_listener(ConfigMap& map, ConfiguredListener& listener) {
    bool one_method = false;
    if (const auto protocol = map.find("protocol")) {
        if (const auto word = protocol->one_of(protocol_words)) {
            listener.options.protocol = protocol_words[*word];
            one_method = *word == 1;
            if (*word == 2) {
                read_callme(map, listener.options);
            }
        }
    }
    if (const auto acknowledge = map.find("acknowledge")) {
        if (const auto word = acknowledge->one_of(acknowledge_words)) {
            listener.options.acknowledge =
                *word == 0 ? Acknowledge::with_reply : Acknowledge::before_handling;
        }
    }
    if (const auto attempts = map.find("attempts_max")) {
        listener.options.attempts_max = static_cast<std::uint32_t>(
            attempts->whole_number(0, std::numeric_limits<std::int32_t>::max()).value_or(0));
    }
    if (const auto queue = map.find("dead_letter_queue")) {
        listener.options.dead_letter_queue = queue->is_null() ? std::string{} : queue->text();
    }
    read_queue(map, listener.options);
    read_methods(map, listener, one_method ? MethodCount::one : MethodCount::many);
    read_fernet(map, listener);
}

/// Whether neither key nor address names the queue that cyberfusion needs.
bool lacks_queue(const ListenerOptions& options) {
    const auto uri = core::parse_uri(options.url);
    if (!uri || !options.queue.empty() || uri->option("queue")) {
        return false;
    }
    const std::string_view protocol = options.protocol.empty()
                                          ? uri->option("protocol").value_or(protocol_words[0])
                                          : std::string_view{options.protocol};
    return protocol == protocol_words[0];
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

void check_at_broker(ConfigMap& map, const ConfigNode& address,
                     const ConfiguredListener& listener) {
    const auto plan = endpoint::plan_listener(listener.options);
    const auto named = plan ? std::nullopt : find_named(map, plan.error().message);
    check_listener(named ? *named : address, listener);
}

}  // namespace

void read_amqp_listener(ConfigMap& map, ConfiguredListener& listener) {
    const auto address = map.require("amqp");
    std::optional<std::string> url;
    if (address) {
        url = address->secret();
    }
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

void read_memory_listener(ConfigMap& map, ConfiguredListener& listener) {
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
