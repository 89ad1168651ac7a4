#include "app/config/sections.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace warren::app {
namespace {

constexpr std::uint64_t requests_max = std::uint64_t{1} << 24;
constexpr std::uint64_t connections_max = std::uint64_t{1} << 20;

}  // namespace

void read_auth_secrets(ConfigMap& map, std::vector<std::string>& secrets) {
    for (const ConfigNode& node : map.one_or_several("auth_secret", "auth_secrets")) {
        if (auto secret = node.secret()) {
            secrets.push_back(std::move(*secret));
        }
    }
}

void read_named_secrets(const ConfigNode& node, std::vector<std::string>& secrets,
                        std::vector<std::string>& names) {
    if (!node.is_map()) {
        for (const ConfigNode& item : node.items()) {
            if (auto secret = item.secret()) {
                secrets.push_back(std::move(*secret));
            }
        }
        return;
    }
    ConfigMap map{node};
    for (const auto& [name, item] : map.take_all()) {
        if (name == "file") {
            item.fail(
                "would be the name of who has a secret: write a list, [{file: PATH}], or "
                "'NAME: {file: PATH}'");
        } else if (auto secret = item.secret()) {
            secrets.push_back(std::move(*secret));
            names.push_back(name);
        }
    }
    if (map.take_all().empty()) {
        node.fail("must not be empty");
    }
}

void read_signing(ConfigMap& map, ListenerOptions& options) {
    const auto several = map.find("auth_secrets");
    if (!several || !several->is_map() || map.has("auth_secret")) {
        return read_auth_secrets(map, options.auth_secrets);
    }
    read_named_secrets(*several, options.auth_secrets, options.auth_names);
}

void read_connection_limits(ConfigMap& map, ListenerOptions& options) {
    map.read_count("max_simultaneous_requests", options.max_simultaneous_requests, requests_max);
    ConnectionLimits& limits = options.limits;
    map.read_count("connections_max", limits.connections_max, connections_max);
    map.read_count("connection_requests_max", limits.connection_requests_max, requests_max);
    map.read_count("connection_requests_bytes_max", limits.connection_requests_bytes_max,
                   memory_bytes_max);
    map.read_count("requests_bytes_max", options.requests_bytes_max, memory_bytes_max);
    map.read("describe", options.describe, &ConfigNode::boolean);
    map.read("strict_contracts", options.strict_contracts, &ConfigNode::boolean);
    read_compression(map, options);
    map.read_count("connection_answers_bytes_max", limits.connection_answers_bytes_max,
                   memory_bytes_max);
    map.read_count("answers_bytes_max", limits.answers_bytes_max, memory_bytes_max);
}

}  // namespace warren::app
