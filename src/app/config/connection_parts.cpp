#include "app/config/sections.hpp"

#include <cstddef>
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
    const auto one = map.find("auth_secret");
    const auto several = map.find("auth_secrets");
    if (one && several) {
        one->fail("stands beside 'auth_secrets': give one of them");
    }
    const auto read = [&secrets](const ConfigNode& node) {
        if (auto secret = node.secret()) {
            secrets.push_back(std::move(*secret));
        }
    };
    if (several) {
        for (const ConfigNode& item : several->items()) {
            read(item);
        }
    } else if (one) {
        read(*one);
    }
}

void read_connection_limits(ConfigMap& map, ListenerOptions& options) {
    read_simultaneous_requests(map, requests_max, options);
    const auto read_count = [&map](const char* key, std::uint64_t greatest, std::size_t& target) {
        if (const auto found = map.find(key)) {
            target = found->whole_number(1, greatest).value_or(target);
        }
    };
    read_count("connections_max", connections_max, options.connections_max);
    read_count("connection_requests_max", requests_max, options.connection_requests_max);
    read_count("connection_requests_bytes_max", memory_bytes_max,
               options.connection_requests_bytes_max);
    read_count("requests_bytes_max", memory_bytes_max, options.requests_bytes_max);
    read_count("connection_answers_bytes_max", memory_bytes_max,
               options.connection_answers_bytes_max);
    read_count("answers_bytes_max", memory_bytes_max, options.answers_bytes_max);
}

}  // namespace warren::app
