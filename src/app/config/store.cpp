#include "app/config/sections.hpp"
#include "endpoint/server/store_options.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

namespace warren::app {
namespace {

constexpr std::array<std::string_view, 3> idempotency_words{"none", "at_least_once",
                                                            "at_most_once"};

}  // namespace

void read_store(const ConfigNode& node, ServerOptions& server) {
    ConfigMap map{node};
    if (!node.is_map()) {
        return;
    }
    StoreOptions& store = server.store;
    store.origin = node.source_location();
    map.read("sqlite", store.sqlite, &ConfigNode::file_path);
    map.read("postgresql", store.postgresql, &ConfigNode::secret);
    map.read("keep", store.keep, &ConfigNode::duration);
    map.read("dead_keep", store.dead_keep, &ConfigNode::duration);
    map.read_count("dead_bytes_max", store.dead_bytes_max, memory_bytes_max);
    map.read("lock_lease", store.lock_lease, &ConfigNode::duration);
    map.read_count("bytes_max", store.bytes_max, memory_bytes_max);
    if (const auto attempts = map.find("attempts_max")) {
        store.attempts_max = static_cast<std::uint32_t>(
            attempts->whole_number(0, std::numeric_limits<std::int32_t>::max()).value_or(0));
    }
    if (!map.has("sqlite") && !map.has("postgresql")) {
        node.fail("says not where: give 'sqlite' (a file) or 'postgresql' (an address)");
    } else if (const auto checked = endpoint::check_store(store); !checked) {
        node.fail(checked.error().message.substr(std::string_view{"store: "}.size()));
    }
}

void read_idempotency(ConfigMap& map, ListenerEntry& listener, const Config& config) {
    map.read_word("idempotency", listener.options.idempotency, idempotency_words);
    const Idempotency wanted = listener.options.idempotency.value_or(Idempotency::none);
    if (wanted != Idempotency::none && !config.server.store.is_said()) {
        map.find("idempotency")->fail("needs 'store', where replies are kept");
    }
}

}  // namespace warren::app
