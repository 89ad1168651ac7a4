#include "app/config/sections.hpp"
#include "endpoint/protocols/table.hpp"
#include "endpoint/server/listener_queue.hpp"
#include "format/fernet/fernet.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace warren::app {
namespace {

constexpr std::array<std::string_view, 4> exchange_type_words{"direct", "fanout", "topic",
                                                              "headers"};

void add_method(const ConfigNode& node, ListenerEntry& listener) {
    if (auto name = node.text()) {
        listener.options.methods.push_back(*name);
        listener.methods.push_back({std::move(*name), node.line(), node.path()});
    }
}

void read_own_key(ConfigMap& map, const endpoint::ListenerKey& key, ListenerOptions& options) {
    if (key.is_required && !map.require(key.name)) {
        return;
    }
    std::string text;
    if (key.is_flag) {
        bool is_set = false;
        map.read(key.name, is_set, &ConfigNode::boolean);
        text = is_set ? "true" : "";
    } else if (key.words.empty()) {
        map.read(key.name, text, &ConfigNode::text);
    } else {
        map.read_word(key.name, text, key.words);
    }
    if (!text.empty()) {
        key.set(options, text);
    }
}

}  // namespace

const endpoint::ProtocolDescriptor& read_protocol(ConfigMap& map, endpoint::Trait carrier,
                                                  ListenerOptions& options) {
    map.read_word("protocol", options.protocol, endpoint::names_of(carrier));
    const endpoint::ProtocolDescriptor& protocol =
        *endpoint::find_protocol(carrier, options.protocol);
    for (const endpoint::ListenerKey& key : protocol.listener_keys) {
        read_own_key(map, key, options);
    }
    return protocol;
}

void read_compression(ConfigMap& map, ListenerOptions& options) {
    if (const auto least = map.find("compress_bytes_min")) {
        const auto bytes =
            least->is_null() ? std::nullopt : least->whole_number(1, memory_bytes_max);
        options.compress_bytes_min =
            bytes ? std::optional{static_cast<std::size_t>(*bytes)} : std::nullopt;
    }
}

void read_methods(ConfigMap& map, ListenerEntry& listener,
                  const endpoint::ProtocolDescriptor& protocol) {
    if (protocol.method == endpoint::MethodSource::by_listener) {
        if (const auto methods = map.has("method") ? std::nullopt : map.find("methods")) {
            methods->fail("this protocol serves one method of a listener: say 'method: NAME'");
        } else if (const auto method = map.require("method")) {
            add_method(*method, listener);
        }
        return;
    }
    const auto methods = map.find("methods");
    const auto exchanges = map.find("exchanges");
    if (methods && exchanges) {
        exchanges->fail("stands beside 'methods': each exchange is a method, so give one of them");
    }
    if (methods) {
        for (const ConfigNode& item : methods->items()) {
            add_method(item, listener);
        }
    } else if (exchanges) {
        read_exchanges(*exchanges, listener);
    }
}

void read_fernet(ConfigMap& map, ListenerEntry& listener) {
    for (const ConfigNode& key : map.one_or_several("fernet_key", "fernet_keys")) {
        read_fernet_key(key, listener);
    }
    if (const auto ttl = map.find("fernet_ttl")) {
        if (const auto age = ttl->duration()) {
            listener.options.fernet_ttl = std::chrono::duration_cast<std::chrono::seconds>(*age);
            if (listener.options.fernet_ttl->count() < 1) {
                ttl->fail("must be at least 1s");
            }
        }
    }
    map.read("nested_secrets", listener.options.nested_secrets, &ConfigNode::boolean);
    if (const auto clear = map.find("accept_clear_secrets")) {
        listener.options.plaintext_secrets =
            clear->boolean().value_or(false) ? PlaintextSecrets::accept : PlaintextSecrets::refuse;
    }
}

void read_exchanges(const ConfigNode& node, ListenerEntry& listener) {
    ConfigMap exchanges{node};
    for (const auto& [name, value] : exchanges.take_all()) {
        listener.options.methods.push_back(name);
        listener.methods.push_back({name, value.line(), value.path()});
        ListenerExchange exchange{.name = name};
        if (!value.is_null()) {
            ConfigMap map{value};
            if (const auto type = map.find("type")) {
                map.read_word("type", exchange.type, exchange_type_words);
                if (const auto usable = endpoint::check_exchange_type(exchange); !usable) {
                    type->fail(usable.error().message);
                    exchange.type = exchange_type_words[0];
                }
            }
            map.read("durable", exchange.durable, &ConfigNode::boolean);
            map.read("auto_delete", exchange.auto_delete, &ConfigNode::boolean);
            if (const auto arguments = map.find("arguments")) {
                exchange.arguments = arguments->data_map().value_or(Dynamic{});
            }
        }
        listener.options.queue.exchanges.push_back(std::move(exchange));
    }
    if (node.is_map() && listener.options.queue.exchanges.empty()) {
        node.fail("must not be empty: each exchange is a method");
    }
}

void read_fernet_key(const ConfigNode& node, ListenerEntry& listener) {
    if (node.is_null()) {
        return;
    }
    if (auto text = node.secret()) {
        if (const auto key = format::FernetKey::parse(*text); !key) {
            node.fail(key.error().message + "; `warren keygen` prints one");
            return;
        }
        listener.options.fernet_keys.push_back(std::move(*text));
    }
}

void check_listener(const ConfigNode& at, const ListenerEntry& listener) {
    if (const auto plan = endpoint::resolve_listener(listener.options); !plan) {
        at.fail(plan.error().message);
    } else {
        check_paths(at, plan->address);
    }
}

}  // namespace warren::app
