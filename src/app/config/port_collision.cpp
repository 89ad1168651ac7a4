#include "app/config/port_collision.hpp"

#include "core/uri.hpp"
#include "endpoint/server/listener_config.hpp"
#include "transport/tcp/options.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

namespace warren::app {
namespace {

constexpr std::string_view ipc_scheme = "ipc://";
constexpr unsigned of_version_4 = 1;
constexpr unsigned of_version_6 = 2;
constexpr unsigned of_both = of_version_4 | of_version_6;

/// What listens at a host.
struct Endpoint {
    std::string name;   // one for all ways to write it
    unsigned versions;  // of IP
    bool is_everywhere = false;
};

template <typename Address>
std::string written(int family, const Address& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(family, &address, text.data(), text.size());
    return text.data();
}

Endpoint endpoint_of(std::string host) {
    std::ranges::transform(host, host.begin(), [](char letter) {
        return 'A' <= letter && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    if (host.empty() || host == "*") {
        return {.name = {}, .versions = of_both, .is_everywhere = true};
    }
    if (in_addr address{}; inet_pton(AF_INET, host.c_str(), &address) == 1) {
        const std::string text = written(AF_INET, address);
        return {.name = text == "127.0.0.1" ? "localhost" : text,
                .versions = of_version_4,
                .is_everywhere = text == "0.0.0.0"};
    }
    if (in6_addr address{}; inet_pton(AF_INET6, host.c_str(), &address) == 1) {
        const std::string text = written(AF_INET6, address);
        return {.name = text == "::1" ? "localhost" : text,
                .versions = of_version_6,
                .is_everywhere = text == "::"};
    }
    return {.name = std::move(host), .versions = of_both};
}

/// Of a socket without a port.
std::string one_name_of(const std::string& listened) {
    const std::string_view path = std::string_view{listened}.substr(
        listened.starts_with(ipc_scheme) ? ipc_scheme.size() : listened.size());
    if (path.empty() || path.front() == '@') {
        return listened;
    }
    std::error_code error;
    const auto one =
        std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
    return error ? listened : std::string{ipc_scheme} + one.string();
}

std::vector<std::string> bound_endpoints(const endpoint::Address& address) {
    constexpr std::string_view scheme = "tcp://";
    std::vector<std::string> endpoints;
    const auto* const zmq = std::get_if<endpoint::ZmqAddress>(&address.transport);
    if (zmq == nullptr || zmq->side != ZmqSide::bind) {
        return endpoints;
    }
    for (const std::string& bound : zmq->endpoints) {
        if (bound != "ipc://*") {  // one that nobody has
            endpoints.push_back(bound.starts_with(scheme) ? bound.substr(scheme.size())
                                                          : one_name_of(bound));
        }
    }
    return endpoints;
}

}  // namespace

std::vector<std::string> listened_endpoints(const ListenerOptions& options) {
    const auto address = endpoint::address_of(options);
    if (!address) {
        return {};
    }
    const auto* const direct = std::get_if<endpoint::TcpAddress>(&address->transport);
    if (direct == nullptr) {
        return bound_endpoints(*address);
    }
    std::vector<std::string> endpoints;
    endpoints.reserve(direct->servers.size());
    for (const endpoint::HostPort& server : direct->servers) {
        endpoints.push_back(transport::host_and_port(server.host, server.port));
    }
    return endpoints;
}

std::vector<std::string> published_endpoints(const std::string& target) {
    const auto address = endpoint::parse_address(target);
    return address ? bound_endpoints(*address) : std::vector<std::string>{};
}

bool has_port(std::string_view endpoint) {
    return !endpoint.contains("://");
}

bool collide(std::string_view one, std::string_view other) {
    if (!has_port(one) || !has_port(other)) {
        return one == other;
    }
    const auto first = core::parse_uri("tcp://" + std::string{one});
    const auto second = core::parse_uri("tcp://" + std::string{other});
    if (!first || !second || first->port.value_or(0) == 0 || first->port != second->port) {
        return false;
    }
    const Endpoint here = endpoint_of(first->host);
    const Endpoint there = endpoint_of(second->host);
    return (here.versions & there.versions) != 0 &&
           (here.is_everywhere || there.is_everywhere || here.name == there.name);
}

}  // namespace warren::app
