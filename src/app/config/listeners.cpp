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
};

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
