#include "endpoint/address_parameters.hpp"

#include "endpoint/dialects.hpp"
#include "transport/tcp/options.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace warren::endpoint {
namespace {

constexpr std::array<std::string_view, 15> known_parameters{"protocol",
                                                            "method",
                                                            "ca",
                                                            "certificate",
                                                            "key",
                                                            "key_password",
                                                            "key_password_file",
                                                            "server_name",
                                                            "verify",
                                                            "peer",
                                                            "connections",
                                                            "connect_timeout",
                                                            limit_parameters[0],
                                                            limit_parameters[1],
                                                            limit_parameters[2]};
constexpr std::array<std::string_view, 7> tls_parameters{
    "ca", "certificate", "key", "key_password", "key_password_file", "server_name", "verify"};
constexpr std::array<std::string_view, 2> protocols{msgpack_rpc, arrpc};
constexpr std::array<std::string_view, 2> verify_words{"peer", "none"};

std::expected<void, Failure> take_tls(std::string_view key, std::string value,
                                      transport::TlsOptions& tls) {
    if (key == "ca") {
        tls.ca_file = std::move(value);
    } else if (key == "certificate") {
        tls.certificate_file = std::move(value);
    } else if (key == "key") {
        tls.key_file = std::move(value);
    } else if (key == "key_password") {
        tls.key_password = std::move(value);
    } else if (key == "key_password_file") {
        tls.key_password_file = std::move(value);
    } else if (key == "server_name") {
        tls.server_name = std::move(value);
    } else {
        const auto word = place_of(key, value, verify_words);
        if (!word) {
            return std::unexpected{word.error()};
        }
        tls.verify = *word == 0 ? transport::TlsVerify::peer : transport::TlsVerify::none;
    }
    return {};
}

std::expected<void, Failure> take_own(std::string_view key, std::string value, Address& address,
                                      DirectAddress& direct) {
    if (key == "protocol") {
        if (const auto word = place_of(key, value, protocols); !word) {
            return std::unexpected{word.error()};
        }
        address.protocol = std::move(value);
    } else if (key == "method") {
        address.method = std::move(value);
    } else if (key == "peer") {
        const auto word = place_of(key, value, peer_words);
        if (!word) {
            return std::unexpected{word.error()};
        }
        direct.peer = *word == 0 ? protocol::RpcPeer::warren : protocol::RpcPeer::foreign;
    } else if (key == "connections") {
        const auto number = read_number(key, value, 1, client_connections_max);
        if (!number) {
            return std::unexpected{number.error()};
        }
        direct.connections = *number;
    } else {
        const auto time = read_time(key, value, std::chrono::milliseconds{1});
        if (!time) {
            return std::unexpected{time.error()};
        }
        direct.connect_timeout = *time;
    }
    return {};
}

std::expected<void, Failure> take_parameter(std::string_view key, std::string value,
                                            Address& address, DirectAddress& direct) {
    direct.has_client_parameters |= key != "protocol" && key != "method";
    if (std::ranges::find(limit_parameters, key) != std::end(limit_parameters)) {
        return take_limit(key, value, address);
    }
    if (std::ranges::find(tls_parameters, key) == tls_parameters.end()) {
        return take_own(key, std::move(value), address, direct);
    }
    if (!direct.tls) {
        return refused("The parameter '" + std::string{key} +
                       "' is for TLS: the scheme is tls:// or arrpcs://");
    }
    return take_tls(key, std::move(value), *direct.tls);
}

std::expected<HostPort, Failure> read_server(std::string_view server) {
    auto uri = core::parse_uri("tcp://" + std::string{server});
    if (!uri) {
        return std::unexpected{std::move(uri.error())};
    }
    if (!uri->user.empty() || uri->password) {
        return refused(
            "An address without a broker has no user: a server asks for certificates "
            "or secrets");
    }
    if (!uri->port) {
        return refused("Name the port, as in tcp://HOST:PORT");
    }
    return HostPort{std::move(uri->host), *uri->port};
}

}  // namespace

std::expected<Address, Failure> parse_direct(std::string_view text, std::string_view scheme) {
    const std::string_view rest = text.substr(scheme.size() + std::string_view{"://"}.size());
    const std::string_view servers = rest.substr(0, rest.find_first_of("/?#"));
    auto uri = core::parse_uri("tcp://server:1" + std::string{rest.substr(servers.size())});
    if (!uri) {
        return std::unexpected{std::move(uri.error())};
    }
    if (!uri->path.empty() && uri->path != "/") {
        return refused("An address without a broker has no path: tcp://HOST:PORT");
    }
    Address address;
    address.protocol = scheme.starts_with("arrpc") ? arrpc : msgpack_rpc;
    DirectAddress direct;
    for (const std::string_view part : split_servers(servers)) {
        auto server = read_server(part);
        if (!server) {
            return std::unexpected{std::move(server.error())};
        }
        direct.servers.push_back(std::move(*server));
    }
    if (scheme == "tls" || scheme == "arrpcs") {
        direct.is_secured = true;
        direct.tls.emplace();
    }
    for (auto& [key, value] : uri->query) {
        if (std::ranges::find(known_parameters, key) == known_parameters.end()) {
            return unknown_parameter(uri->query, key, known_parameters);
        }
        if (auto taken = take_parameter(key, std::move(value), address, direct); !taken) {
            return std::unexpected{std::move(taken.error())};
        }
    }
    address.place = std::move(direct);
    return address;
}

}  // namespace warren::endpoint
