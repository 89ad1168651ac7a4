#include "endpoint/address/address_parameters.hpp"
#include "endpoint/protocols/table.hpp"
#include "transport/tcp/options.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace warren::endpoint {
namespace {

constexpr std::string_view known_parameters[] = {"protocol",
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
                                                 shared_parameters[0],
                                                 shared_parameters[1],
                                                 shared_parameters[2],
                                                 shared_parameters[3]};
constexpr std::array<std::string_view, 2> verify_words{"peer", "none"};

struct TlsText {
    std::string_view name;
    std::string transport::TlsOptions::* text;
};
constexpr TlsText tls_texts[] = {{"ca", &transport::TlsOptions::ca_file},
                                 {"certificate", &transport::TlsOptions::certificate_file},
                                 {"key", &transport::TlsOptions::key_file},
                                 {"key_password", &transport::TlsOptions::key_password},
                                 {"key_password_file", &transport::TlsOptions::key_password_file}};

/// in   key: one of `known_parameters`
std::expected<void, Failure> accept_parameter(std::string_view key, std::string value,
                                              Address& address, TcpAddress& tcp) {
    address.has_client_parameters |= key != "protocol" && key != "method";
    const auto* const tls_text = std::ranges::find(tls_texts, key, &TlsText::name);
    const bool is_tls_text = tls_text != std::end(tls_texts);
    if ((is_tls_text || key == "server_name" || key == "verify") && !tcp.tls) {
        return refused("The parameter '" + std::string{key} + "' is for TLS: the scheme is " +
                       std::string{address.protocol->secured_scheme} + "://");
    }
    if (is_tls_text) {
        *tcp.tls.*tls_text->text = std::move(value);
        return {};
    }
    if (key == "server_name") {
        tcp.tls->server_name = std::move(value);
        return {};
    }
    if (key == "verify") {
        return store(index_of(key, value, verify_words), tcp.tls->verify);
    }
    if (key == "protocol") {
        return accept_protocol(value, &ProtocolDescriptor::over_streams, address);
    }
    if (key == "peer") {
        return store(index_of(key, value, peer_words), tcp.peer);
    }
    if (key == "connections") {
        return store(read_number(key, value, 1, client_connections_max), tcp.connections);
    }
    if (key == "connect_timeout") {
        return store(read_time(key, value, std::chrono::milliseconds{1}), tcp.connect_timeout);
    }
    if (key == "method") {
        address.method = std::move(value);
        return {};
    }
    return accept_shared(key, value, address);
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

std::expected<Address, Failure> parse_tcp(std::string_view text, std::string_view scheme) {
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
    address.protocol = &protocol_of_scheme(scheme);
    TcpAddress tcp;
    for (const std::string_view part : split_servers(servers)) {
        auto server = read_server(part);
        if (!server) {
            return std::unexpected{std::move(server.error())};
        }
        tcp.servers.push_back(std::move(*server));
    }
    if (scheme == address.protocol->secured_scheme) {
        tcp.is_secured = true;
        tcp.tls.emplace();
    }
    for (auto& [key, value] : uri->query) {
        if (std::ranges::find(known_parameters, key) == std::end(known_parameters)) {
            return unknown_parameter(uri->query, key, known_parameters);
        }
        if (auto taken = accept_parameter(key, std::move(value), address, tcp); !taken) {
            return std::unexpected{std::move(taken.error())};
        }
    }
    address.transport = std::move(tcp);
    return address;
}

}  // namespace warren::endpoint
