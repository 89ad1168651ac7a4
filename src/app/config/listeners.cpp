#include "app/config/port_collision.hpp"
#include "app/config/sections.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace warren::app {
namespace {

/// A listener's first key says what kind it is; a further kind of transport is one more line.
struct ListenerKind {
    const char* key;
    void (*read)(ConfigMap& map, ConfiguredListener& listener);
};

constexpr ListenerKind kinds[] = {
    {"amqp", read_amqp_listener},
    {"memory", read_memory_listener},
    {"tcp", read_tcp_listener},
    {"zmq", read_zmq_listener},
};

std::string_view without_scheme(std::string_view url) {
    return url.substr(url.find("://") + 3);
}

/// One port serves one listener.
void check_port(const ConfigNode& address, const ConfiguredListener& listener,
                const Config& config) {
    const std::string_view here = without_scheme(listener.options.url);
    for (const ConfiguredListener& other : config.listeners) {
        const std::string& url = other.options.url;
        if ((url.starts_with("tcp://") || url.starts_with("tls://")) &&
            collide(here, without_scheme(url))) {
            return address.fail("this port is taken by " + other.path + " in line " +
                                std::to_string(other.line));
        }
    }
    if (!config.server.admin_address.empty() && collide(here, config.server.admin_address)) {
        address.fail("this port is taken by 'admin'");
    }
}

void read_listener(const ConfigNode& node, Config& config) {
    ConfigMap map{node};
    if (!node.is_map()) {
        return;
    }
    const ListenerKind* chosen = nullptr;
    for (const ListenerKind& kind : kinds) {
        if (!map.has(kind.key)) {
            continue;
        }
        if (chosen != nullptr) {
            node.fail(std::string{"is either '"} + chosen->key + "' or '" + kind.key + "'");
            map.take_all();
            return;
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
        return;
    }
    ConfiguredListener listener{.line = node.line(), .path = node.path()};
    chosen->read(map, listener);
    if (map.has("tcp") && !listener.options.url.empty()) {
        check_port(*map.find("tcp"), listener, config);
    }
    config.listeners.push_back(std::move(listener));
}

}  // namespace

void read_listeners(ConfigMap& root, Config& config) {
    if (const auto listeners = root.require("listeners")) {
        for (const ConfigNode& item : listeners->items()) {
            read_listener(item, config);
        }
    }
}

}  // namespace warren::app
