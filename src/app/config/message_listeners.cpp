#include "app/config/sections.hpp"

#include "core/uri.hpp"
#include "endpoint/server_listener.hpp"
#include "format/fernet.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace warren::app {
namespace {

constexpr std::uint64_t simultaneous_requests_max = 65'535;

constexpr std::array<std::string_view, 2> protocol_words{"cyberfusion", "tutorial"};
constexpr std::array<std::string_view, 2> queue_type_words{"classic", "quorum"};
constexpr std::array<std::string_view, 4> exchange_type_words{"direct", "fanout", "topic",
                                                              "headers"};
constexpr std::array<std::string_view, 2> verify_words{"peer", "none"};

void add_parameter(std::string& url, std::string_view key, const std::string& value) {
    url += url.find('?') == std::string::npos ? '?' : '&';
    url.append(key).append("=").append(core::percent_encode(value));
}

/// `tls` says in words what an address says in parameters.
void read_tls(const ConfigNode& node, std::string& url) {
    ConfigMap map{node};
    const std::pair<const char*, const char*> files[] = {
        {"ca", "cacertfile"}, {"certificate", "certfile"}, {"key", "keyfile"}};
    for (const auto& [key, parameter] : files) {
        if (const auto found = map.find(key)) {
            if (const auto file = found->file_path()) {
                add_parameter(url, parameter, *file);
            }
        }
    }
    if (const auto verify = map.find("verify")) {
        if (const auto word = verify->one_of(verify_words)) {
            add_parameter(url, "verify", *word == 0 ? "verify_peer" : "verify_none");
        }
    }
    if (const auto name = map.find("server_name")) {
        if (const auto text = name->text()) {
            add_parameter(url, "server_name_indication", *text);
        }
    }
}

void add_method(const ConfigNode& node, ConfiguredListener& listener) {
    if (auto name = node.text()) {
        listener.options.methods.push_back(*name);
        listener.methods.push_back({std::move(*name), node.line(), node.path()});
    }
}

void read_methods(ConfigMap& map, ConfiguredListener& listener, bool one_method) {
    if (one_method) {
        if (const auto method = map.require("method")) {
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

void read_keys(ConfigMap& map, ConfiguredListener& listener) {
    const auto keys = map.find("fernet_keys");
    const auto key = map.find("fernet_key");
    if (keys && key) {
        key->fail("stands beside 'fernet_keys': give one of them");
    }
    if (keys) {
        for (const ConfigNode& item : keys->items()) {
            read_fernet_key(item, listener);
        }
    } else if (key) {
        read_fernet_key(*key, listener);
    }
    if (const auto ttl = map.find("fernet_ttl")) {
        if (const auto age = ttl->duration()) {
            listener.options.fernet_ttl = std::chrono::duration_cast<std::chrono::seconds>(*age);
            if (listener.options.fernet_ttl->count() < 1) {
                ttl->fail("must be at least 1s");
            }
        }
    }
    if (const auto clear = map.find("accept_clear_secrets")) {
        listener.options.clear_secrets =
            clear->boolean().value_or(false) ? ClearSecrets::accept : ClearSecrets::refuse;
    }
}

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
    if (const auto limit = map.find("max_simultaneous_requests")) {
        options.max_simultaneous_requests = limit->whole_number(1, simultaneous_requests_max)
                                                .value_or(options.max_simultaneous_requests);
    }
}

/// All but the address itself.
void read_message_listener(ConfigMap& map, ConfiguredListener& listener) {
    bool one_method = false;
    if (const auto protocol = map.find("protocol")) {
        if (const auto word = protocol->one_of(protocol_words)) {
            listener.options.protocol = protocol_words[*word];
            one_method = *word == 1;
        }
    }
    read_queue(map, listener.options);
    read_methods(map, listener, one_method);
    read_keys(map, listener);
}

}  // namespace

void read_exchanges(const ConfigNode& node, ConfiguredListener& listener) {
    ConfigMap exchanges{node};
    for (const auto& [name, value] : exchanges.take_all()) {
        listener.options.methods.push_back(name);
        listener.methods.push_back({name, value.line(), value.path()});
        ListenerExchange exchange{.name = name};
        if (!value.is_null()) {
            ConfigMap map{value};
            if (const auto type = map.find("type")) {
                if (const auto word = type->one_of(exchange_type_words)) {
                    exchange.type = exchange_type_words[*word];
                }
            }
            if (const auto durable = map.find("durable")) {
                exchange.durable = durable->boolean();
            }
            if (const auto auto_delete = map.find("auto_delete")) {
                exchange.auto_delete = auto_delete->boolean();
            }
            if (const auto arguments = map.find("arguments")) {
                exchange.arguments = arguments->data_map().value_or(Dynamic{});
            }
        }
        listener.options.exchanges.push_back(std::move(exchange));
    }
    if (node.is_map() && listener.options.exchanges.empty()) {
        node.fail("must not be empty: each exchange is a method");
    }
}

void read_fernet_key(const ConfigNode& node, ConfiguredListener& listener) {
    if (node.is_null()) {
        return;
    }
    if (auto text = node.secret()) {
        if (const auto key = format::FernetKey::parse(*text); !key) {
            node.fail(key.error().message);
            return;
        }
        listener.options.fernet_keys.push_back(std::move(*text));
    }
}

void check_listener(const ConfigNode& at, const ConfiguredListener& listener) {
    if (const auto plan = endpoint::plan_listener(listener.options); !plan) {
        at.fail(plan.error().message);
    }
}

void read_amqp_listener(ConfigMap& map, ConfiguredListener& listener) {
    const auto address = map.require("amqp");
    std::optional<std::string> url;
    if (address) {
        url = address->secret();
    }
    std::string tls;
    if (const auto node = map.find("tls")) {
        tls = "?";
        read_tls(*node, tls);
        tls.erase(0, 2);  // "?&": what was there to be appended to
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
    if (!tls.empty()) {
        listener.options.url +=
            (listener.options.url.find('?') == std::string::npos ? "?" : "&") + tls;
    }
    check_listener(*address, listener);
}

void read_memory_listener(ConfigMap& map, ConfiguredListener& listener) {
    const auto name = map.require("memory");
    read_message_listener(map, listener);
    if (name) {
        if (const auto text = name->text()) {
            listener.options.url = "memory:" + *text;
            check_listener(*name, listener);
        }
    }
}

}  // namespace warren::app
