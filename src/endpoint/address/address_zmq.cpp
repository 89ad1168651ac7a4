#include "core/percent.hpp"
#include "core/uri.hpp"
#include "endpoint/address/address_parameters.hpp"
#include "endpoint/address/address_zmq_security.hpp"
#include "endpoint/protocols/table.hpp"
#include "transport/tcp/options.hpp"
#include "transport/zmq/endpoint.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>

namespace warren::endpoint {
namespace {

constexpr std::string_view prefix = "zmq+";
constexpr std::array<std::string_view, 2> distribution_words{"round_robin", "broadcast"};

// Sockets, as a set of them.
constexpr unsigned only(ZmqSocketType socket) noexcept {
    return 1U << static_cast<unsigned>(socket);
}
constexpr unsigned answering = only(ZmqSocketType::router) | only(ZmqSocketType::rep);
constexpr unsigned asking = only(ZmqSocketType::dealer) | only(ZmqSocketType::req);
constexpr unsigned sub = only(ZmqSocketType::sub);
constexpr unsigned pub = only(ZmqSocketType::pub);
constexpr unsigned any_socket = answering | asking | sub | pub;

struct Parameter {
    std::string_view name;
    unsigned sockets;
};
constexpr Parameter zmq_parameters[] = {
    {"protocol", any_socket},
    {"socket", any_socket},
    {"side", answering | sub | pub},
    {"username", any_socket},
    {"password", any_socket},
    {"password_file", any_socket},
    {"server_key", asking | sub},
    {"server_key_file", asking | sub},
    {"public_key", asking | sub},
    {"secret_key", any_socket},
    {"secret_key_file", any_socket},
    {"client_keys", answering | pub},
    {"client_names", answering},
    {"high_water_mark", any_socket},
    {"peer", asking},
    {"connections", asking},
    {"connect_timeout", asking},
    {"distribution", asking},
    {"wait_for_subscriber", pub},
    {"heartbeat_interval", pub},
    {shared_parameters[0], asking | pub},
    {shared_parameters[1], asking},
    {shared_parameters[2], asking},
    {shared_parameters[3], asking | pub},
    {"silence_timeout", sub},
    {"allow_shutdown", answering | sub},
};
constexpr std::array<std::string_view, 10> security_parameters{
    "username",   "password",   "password_file",   "server_key",  "server_key_file",
    "public_key", "secret_key", "secret_key_file", "client_keys", "client_names"};

std::vector<std::string_view> parameters_of(ZmqSocketType socket) {
    std::vector<std::string_view> names;
    for (const Parameter& parameter : zmq_parameters) {
        if ((parameter.sockets & only(socket)) != 0) {
            names.push_back(parameter.name);
        }
    }
    return names;
}

/// Of another socket, or of none.
std::unexpected<Failure> refuse_parameter(const Parameters& given, std::string_view name,
                                          ZmqSocketType socket) {
    const auto* const found = std::ranges::find(zmq_parameters, name, &Parameter::name);
    if (found == std::end(zmq_parameters)) {
        return unknown_parameter(given, name, parameters_of(socket));
    }
    std::string owners;
    for (std::size_t other = 0; other < std::size(zmq_socket_words); ++other) {
        if ((found->sockets & only(static_cast<ZmqSocketType>(other))) != 0) {
            owners.append(owners.empty() ? "" : ", ").append(zmq_socket_words[other]);
        }
    }
    return refused("'" + std::string{name} + "' is of the sockets that are " + owners +
                   "; this one is " +
                   std::string{zmq_socket_words[static_cast<std::size_t>(socket)]});
}

std::expected<std::string, Failure> read_tcp(std::string_view server) {
    auto uri = core::parse_uri("tcp://" + std::string{server});
    if (!uri) {
        return std::unexpected{std::move(uri.error())};
    }
    if (!uri->user.empty() || uri->password) {
        return refused("Over ZeroMQ who you are stands in parameters: ?username=...&password=...");
    }
    if (!uri->port) {
        return refused("Name the port, as in zmq+tcp://HOST:PORT");
    }
    if (!uri->path.empty() && uri->path != "/") {
        return refused("An address over ZeroMQ has no path: zmq+tcp://HOST:PORT");
    }
    return "tcp://" + transport::host_and_port(uri->host, *uri->port);
}

/// in   scheme: "zmq+ipc", say, without "://"
std::expected<std::string, Failure> read_endpoint(std::string_view scheme, std::string_view text) {
    if (scheme == "zmq+tcp") {
        return read_tcp(text);
    }
    const auto name = core::percent_decode(text);
    if (!name || name->empty()) {
        return refused(
            "An address over ZeroMQ is zmq+tcp://HOST:PORT, zmq+ipc:///PATH or "
            "zmq+inproc://NAME");
    }
    return std::string{scheme.substr(prefix.size())} + "://" + *name;
}

/// Each of "zmq+tcp://HOST:PORT,HOST:PORT,zmq+ipc:///PATH": the scheme goes on until the next one.
std::expected<std::vector<std::string>, Failure> read_endpoints(std::string_view text) {
    std::vector<std::string> endpoints;
    std::string_view scheme;
    for (std::string_view part : split_servers(text)) {
        if (const std::size_t end = part.find("://"); end != std::string_view::npos) {
            scheme = part.substr(0, end);
            part.remove_prefix(end + 3);
            if (std::ranges::find(zmq_schemes, scheme) == std::end(zmq_schemes)) {
                // Not which: it may be the rest of a password.
                return refused(
                    "A server of the address has a scheme that is none of zmq+tcp, "
                    "zmq+ipc and zmq+inproc");
            }
        }
        auto endpoint = read_endpoint(scheme, part);
        if (!endpoint) {
            return std::unexpected{std::move(endpoint.error())};
        }
        endpoints.push_back(std::move(*endpoint));
    }
    return endpoints;
}

std::expected<void, Failure> accept_parameter(std::string_view key, std::string_view value,
                                              ZmqAddress& zmq) {
    using std::chrono::milliseconds;
    if (key == "side") {
        return store(index_of(key, value, zmq_side_words), zmq.side);
    }
    if (key == "high_water_mark") {
        return store(read_number(key, value, 1, std::numeric_limits<int>::max()),
                     zmq.high_water_mark);
    }
    if (key == "peer") {
        return store(index_of(key, value, peer_words), zmq.peer);
    }
    if (key == "connections") {
        return store(read_number(key, value, 1, client_connections_max), zmq.connections);
    }
    if (key == "distribution") {
        return store(index_of(key, value, distribution_words), zmq.distribution);
    }
    if (key == "connect_timeout") {
        return store(read_time(key, value, milliseconds{1}), zmq.connect_timeout);
    }
    if (key == "heartbeat_interval") {
        return store(read_time(key, value, milliseconds{1}), zmq.heartbeat_interval);
    }
    if (key == "silence_timeout") {
        return store(read_time(key, value, milliseconds{0}), zmq.silence_timeout);
    }
    return store(read_flag(key, value),
                 key == "allow_shutdown" ? zmq.allows_shutdown : zmq.waits_for_subscriber);
}

std::expected<ZmqSocketType, Failure> read_socket(const core::Uri& uri, AddressRole role) {
    const bool is_client = role == AddressRole::client;
    const auto given = uri.option("socket");
    if (!given) {
        return is_client ? ZmqSocketType::dealer : ZmqSocketType::router;
    }
    const std::span<const std::string_view> words =
        std::span{zmq_socket_words}.subspan(is_client ? 3 : 0, 3);
    if (std::ranges::find(zmq_socket_words, *given) != std::end(zmq_socket_words) &&
        std::ranges::find(words, *given) == words.end()) {
        return refused("The socket '" + std::string{*given} + "' is a " +
                       (is_client ? "listener's; a client's is dealer, req or pub"
                                  : "client's; a listener's is router, rep or sub"));
    }
    const auto word = index_of("socket", *given, words);
    if (!word) {
        return std::unexpected{word.error()};
    }
    return static_cast<ZmqSocketType>(*word + (is_client ? 3 : 0));
}

std::expected<void, Failure> read_parameters(core::Uri uri, Address& address, ZmqAddress& zmq) {
    const std::vector<std::string_view> known = parameters_of(zmq.socket);
    ZmqSecurityParameters security;
    for (auto& [key, value] : uri.query) {
        std::expected<void, Failure> taken;
        if (std::ranges::find(known, key) == known.end()) {
            return refuse_parameter(uri.query, key, zmq.socket);
        }
        if (std::ranges::find(security_parameters, key) != security_parameters.end()) {
            taken = security.take(key, std::move(value));
        } else if (key == "protocol") {
            taken = accept_protocol(value, &ProtocolDescriptor::over_messages, address);
        } else if (std::ranges::find(shared_parameters, key) != std::end(shared_parameters)) {
            taken = accept_shared(key, value, address);
        } else if (key != "socket") {
            taken = accept_parameter(key, value, zmq);
        }
        if (!taken) {
            return taken;
        }
    }
    return std::move(security).apply(zmq);
}

/// Where one connects to is a machine and a port; what else ZeroMQ asks of an endpoint.
std::expected<void, Failure> check_endpoints(const ZmqAddress& zmq) {
    for (const std::string_view endpoint : zmq.endpoints) {
        if (zmq.side == ZmqSide::connect && endpoint.starts_with("tcp://") &&
            (endpoint.starts_with("tcp://*:") || endpoint.ends_with(":0"))) {
            return refused("A side that connects needs a host and a port, not '*' or 0");
        }
        if (auto parsed = transport::parse_zmq_endpoint(endpoint, zmq.side); !parsed) {
            return std::unexpected{std::move(parsed.error())};
        }
    }
    return {};
}

}  // namespace

bool ZmqAddress::is_one_way() const noexcept {
    return socket == ZmqSocketType::sub || socket == ZmqSocketType::pub;
}

std::string display_zmq(const std::vector<std::string>& endpoints) {
    std::string text;
    std::string_view scheme;
    for (const std::string_view endpoint : endpoints) {
        const std::size_t end = endpoint.find("://");
        const bool goes_on =
            endpoint.substr(0, end) == std::exchange(scheme, endpoint.substr(0, end));
        text += text.empty() ? "" : ",";
        text += goes_on ? std::string{endpoint.substr(end + 3)}
                        : std::string{prefix} + std::string{endpoint};
    }
    return text;
}

std::expected<Address, Failure> parse_zmq(std::string_view text, AddressRole role) {
    const std::size_t end = std::min(text.find_first_of("?#"), text.size());
    auto uri = core::parse_uri("zmq://server" + std::string{text.substr(end)});
    if (!uri) {
        return std::unexpected{std::move(uri.error())};
    }
    Address address;
    address.protocol = find_protocol(&ProtocolDescriptor::over_messages, {});
    ZmqAddress zmq;
    auto endpoints = read_endpoints(text.substr(0, end));
    if (!endpoints) {
        return std::unexpected{std::move(endpoints.error())};
    }
    zmq.endpoints = std::move(*endpoints);
    const auto socket = read_socket(*uri, role);
    if (!socket) {
        return std::unexpected{socket.error()};
    }
    zmq.socket = *socket;
    const bool binds = (only(zmq.socket) & (answering | pub)) != 0;
    zmq.side = binds ? ZmqSide::bind : ZmqSide::connect;
    if (auto read = read_parameters(std::move(*uri), address, zmq); !read) {
        return std::unexpected{std::move(read.error())};
    }
    if (auto checked = check_endpoints(zmq); !checked) {
        return std::unexpected{std::move(checked.error())};
    }
    address.transport = std::move(zmq);
    return address;
}

}  // namespace warren::endpoint
