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

void read_connection_limits(ConfigMap& map, ListenerOptions& options) {
    map.read_count("max_simultaneous_requests", options.max_simultaneous_requests, requests_max);
    ConnectionLimits& limits = options.limits;
    map.read_count("connections_max", limits.connections_max, connections_max);
    map.read_count("connection_requests_max", limits.connection_requests_max, requests_max);
    map.read_count("connection_requests_bytes_max", limits.connection_requests_bytes_max,
                   memory_bytes_max);
    map.read_count("requests_bytes_max", options.requests_bytes_max, memory_bytes_max);
    map.read_count("connection_answers_bytes_max", limits.connection_answers_bytes_max,
                   memory_bytes_max);
    map.read_count("answers_bytes_max", limits.answers_bytes_max, memory_bytes_max);
}

}  // namespace warren::app
