#include "app/config/sections.hpp"

#include "endpoint/server_listener.hpp"
#include "format/fernet.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace warren::app {
namespace {

constexpr std::array<std::string_view, 4> exchange_type_words{"direct", "fanout", "topic",
                                                              "headers"};

void add_method(const ConfigNode& node, ConfiguredListener& listener) {
    if (auto name = node.text()) {
        listener.options.methods.push_back(*name);
        listener.methods.push_back({std::move(*name), node.line(), node.path()});
    }
}

}  // namespace

void read_methods(ConfigMap& map, ConfiguredListener& listener, MethodCount count) {
    if (count == MethodCount::one) {
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

void read_fernet(ConfigMap& map, ConfiguredListener& listener) {
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
    if (const auto nested = map.find("nested_secrets")) {
        listener.options.nested_secrets = nested->boolean();
    }
    if (const auto clear = map.find("accept_clear_secrets")) {
        listener.options.clear_secrets =
            clear->boolean().value_or(false) ? ClearSecrets::accept : ClearSecrets::refuse;
    }
}

void read_simultaneous_requests(ConfigMap& map, std::uint64_t greatest, ListenerOptions& options) {
    if (const auto limit = map.find("max_simultaneous_requests")) {
        options.max_simultaneous_requests = limit->whole_number(1, greatest);
    }
}

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
                if (const auto usable = endpoint::check_exchange_type(exchange); !usable) {
                    type->fail(usable.error().message);
                    exchange.type = exchange_type_words[0];
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
            node.fail(key.error().message + "; `warren keygen` prints one");
            return;
        }
        listener.options.fernet_keys.push_back(std::move(*text));
    }
}

void check_listener(const ConfigNode& at, const ConfiguredListener& listener) {
    if (const auto plan = endpoint::plan_listener(listener.options); !plan) {
        at.fail(plan.error().message);
    } else {
        check_paths(at, plan->address);
    }
}

}  // namespace warren::app
