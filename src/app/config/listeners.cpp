#include "app/config/port_collision.hpp"
#include "app/config/sections.hpp"
#include "endpoint/server/shared_queues.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::app {
namespace {

/// A listener's first key says what kind it is; a further kind of transport is one more line.
struct ListenerKind {
    const char* key;
    void (*read)(ConfigMap& map, ListenerEntry& listener);
};

constexpr ListenerKind kinds[] = {
    {"amqp", read_amqp_listener},
    {"memory", read_memory_listener},
    {"tcp", read_tcp_listener},
    {"zmq", read_zmq_listener},
};

using Endpoints = std::vector<std::string>;

bool any_collide(const Endpoints& some, const Endpoints& others) {
    return std::ranges::any_of(some, [&others](const std::string& here) {
        return std::ranges::any_of(others,
                                   [&](const std::string& there) { return collide(here, there); });
    });
}

/// Who has a place already, for a message; empty: nobody that is known.
std::string taker_of(const Endpoints& here, const Config& config) {
    const auto named = [](const std::string& path, std::size_t line) {
        return path + " in line " + std::to_string(line);
    };
    const auto takes_it = [&here](const ListenerEntry& other) {
        return any_collide(here, listened_endpoints(other.options));
    };
    for (const ListenerEntry& listener : config.listeners) {
        if (takes_it(listener)) {
            return named(listener.path, listener.line);
        }
    }
    for (const ProxyEntry& proxy : config.proxies) {
        if (takes_it(proxy.from)) {
            return named(proxy.from.path, proxy.from.line);
        }
        if (any_collide(here, proxy.publishes.endpoints)) {
            return named(proxy.publishes.path, proxy.publishes.line);
        }
    }
    return {};
}

}  // namespace

void check_port(const ConfigNode& address, const std::vector<std::string>& here,
                const Config& config) {
    for (auto endpoint = here.begin(); endpoint != here.end(); ++endpoint) {
        if (any_collide({*endpoint}, {endpoint + 1, here.end()})) {
            return address.fail("names the endpoint " + *endpoint + " twice");
        }
    }
    for (const std::string& endpoint : here) {
        if (const std::string taker = taker_of({endpoint}, config); !taker.empty()) {
            return address.fail((has_port(endpoint) ? "this port" : endpoint) + " is taken by " +
                                taker);
        }
    }
    if (!config.server.admin_address.empty() && any_collide(here, {config.server.admin_address})) {
        address.fail("this port is taken by 'admin'");
    }
    if (config.docs && any_collide(here, {docs_endpoint(*config.docs)})) {
        address.fail("this port is taken by 'docs'");
    }
}

namespace {

/// Who shares a queue serves the same. A proxy shares none, which is said of all of it.
void check_queue(const ConfigNode& address, const ListenerEntry& listener, const Config& config) {
    if (listener.path.starts_with("proxies")) {
        return;
    }
    const auto plan = endpoint::resolve_listener(listener.options);
    for (const ListenerEntry& other : config.listeners) {
        const auto beside = endpoint::resolve_listener(other.options);
        if (!plan || !beside) {
            continue;
        }
        if (auto checked = endpoint::check_shared_queues({&*beside, 1}, *plan); !checked) {
            address.fail(checked.error().message + " (the other is " + other.path + " in line " +
                         std::to_string(other.line) + ")");
            return;
        }
    }
}

}  // namespace

std::optional<ListenerEntry> read_listener(const ConfigNode& node, const Config& config) {
    ConfigMap map{node};
    if (!node.is_map()) {
        return std::nullopt;
    }
    const ListenerKind* chosen = nullptr;
    for (const ListenerKind& kind : kinds) {
        if (!map.has(kind.key)) {
            continue;
        }
        if (chosen != nullptr) {
            node.fail(std::string{"is either '"} + chosen->key + "' or '" + kind.key + "'");
            map.take_all();
            return std::nullopt;
        }
        chosen = &kind;
    }
    if (chosen == nullptr) {
        std::string keys;
        for (const ListenerKind& kind : kinds) {
            keys += std::string{keys.empty() ? "'" : "' or '"} + kind.key;
        }
        node.fail("says not where to listen: give " + keys + "'");
        map.take_all();
        return std::nullopt;
    }
    ListenerEntry listener{.line = node.line(), .path = node.path()};
    chosen->read(map, listener);
    read_middleware(map, listener.middleware);
    read_idempotency(map, listener, config);
    if (!listener.options.url.empty()) {
        check_port(*map.find(chosen->key), listened_endpoints(listener.options), config);
        check_queue(*map.find(chosen->key), listener, config);
    }
    return listener;
}

void read_listeners(ConfigMap& root, Config& config) {
    // Proxies alone are a server, too.
    const bool may_lack = root.has("proxies") && !root.has("listeners");
    if (const auto listeners = may_lack ? std::nullopt : root.require("listeners")) {
        for (const ConfigNode& item : listeners->items()) {
            if (auto listener = read_listener(item, config)) {
                config.listeners.push_back(std::move(*listener));
            }
        }
    }
    root.find("listeners");
}

}  // namespace warren::app
