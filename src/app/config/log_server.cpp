#include "endpoint/call_log/log_server.hpp"

#include "app/config/sections.hpp"

#include <cstdint>
#include <utility>

namespace warren::app {
namespace {

constexpr std::uint64_t log_connections_max = 64;

}  // namespace

void read_log_server(const ConfigNode& node, Config& config) {
    ConfigMap map{node};
    if (!node.is_map()) {
        return;
    }
    CallLogOptions options;
    bool is_whole = true;
    if (const auto url = map.require("base_url")) {
        options.base_url = url->text().value_or("");
        is_whole = !options.base_url.empty();
        const auto place =
            endpoint::log_server_of({.base_url = options.base_url, .api_token = "any"});
        if (is_whole && !place) {
            url->fail(place.error().message);
            is_whole = false;
        }
    }
    if (const auto token = map.require("api_token")) {
        options.api_token = token->secret().value_or("");
        if (is_whole && !options.api_token.empty()) {
            if (const auto place = endpoint::log_server_of(options); !place) {
                token->fail(place.error().message);
            }
        } else if (options.api_token.empty()) {
            is_whole = false;
        }
    }
    map.read_count("queue_bytes_max", options.queue_bytes_max, memory_bytes_max);
    map.read_count("payload_bytes_max", options.payload_bytes_max, memory_bytes_max);
    map.read_count("connections", options.connections, log_connections_max);
    map.read("timeout", options.timeout, &ConfigNode::duration);
    map.read("flush_timeout", options.flush_timeout, &ConfigNode::duration);
    if (is_whole && !options.base_url.empty() && !options.api_token.empty()) {
        config.log_server = std::move(options);
    }
}

}  // namespace warren::app
