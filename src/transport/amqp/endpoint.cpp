#include "transport/amqp/endpoint.hpp"

#include "core/duration.hpp"
#include "core/percent.hpp"
#include "transport/net/secret_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <variant>

namespace warren::transport {
namespace {

constexpr std::uint16_t amqp_port = 5672;
constexpr std::uint16_t amqps_port = 5671;
// The least that causes no false alarms [RabbitMQ heartbeats]: after twice the time a broker that
// stands still is left.
constexpr std::chrono::seconds heartbeat_default{5};
constexpr std::chrono::milliseconds time_max{3'600'000};

constexpr std::array<std::string_view, 14> parameters{"auth_mechanism",
                                                      "cacertfile",
                                                      "certfile",
                                                      "channel_max",
                                                      "connection_timeout",
                                                      "heartbeat",
                                                      "keyfile",
                                                      "key_password",
                                                      "key_password_file",
                                                      "password_file",
                                                      "verify",
                                                      "reconnect_pause_max",
                                                      "topology_check",
                                                      "server_name_indication"};

Failure refused(std::string message) {
    return {.code = Code::invalid_request, .message = std::move(message)};
}

/// Applies one query parameter after the other to an endpoint.
class ParameterReader {
public:
    explicit ParameterReader(AmqpEndpoint& endpoint) : endpoint_{endpoint} {}

    std::optional<Failure> apply(std::string_view key, const std::string& value) {
        if (key == "cacertfile") {
            return tls_text(key, value, &TlsOptions::ca_file);
        }
        if (key == "certfile") {
            return tls_text(key, value, &TlsOptions::certificate_file);
        }
        if (key == "keyfile") {
            return tls_text(key, value, &TlsOptions::key_file);
        }
        if (key == "key_password") {
            return tls_text(key, value, &TlsOptions::key_password);
        }
        if (key == "key_password_file") {
            return tls_text(key, value, &TlsOptions::key_password_file);
        }
        if (key == "verify") {
            return verify(value);
        }
        if (key == "server_name_indication") {
            return server_name(value);
        }
        if (key == "password_file") {
            endpoint_.password_file = value;
            return std::nullopt;
        }
        if (key == "auth_mechanism") {
            return auth_mechanism(value);
        }
        if (key == "heartbeat") {
            return number(key, value, 0, 65'535, [this](std::uint32_t seconds) {
                endpoint_.connection.heartbeat = std::chrono::seconds{seconds};
            });
        }
        if (key == "connection_timeout") {
            return number(key, value, 1, 3'600'000, [this](std::uint32_t milliseconds) {
                endpoint_.connect_timeout = std::chrono::milliseconds{milliseconds};
            });
        }
        if (key == "reconnect_pause_max") {
            return time(key, value, std::chrono::milliseconds{1}, endpoint_.reconnect_pause_max);
        }
        if (key == "topology_check") {
            return time(key, value, std::chrono::milliseconds{0}, endpoint_.topology_check);
        }
        if (key == "channel_max") {
            return number(key, value, 0, 65'535, [this](std::uint32_t channels) {
                endpoint_.connection.channel_max = static_cast<std::uint16_t>(channels);
            });
        }
        return refused(
            fmt::format("The broker's address has an unknown parameter '{}'; known are "
                        "{}",
                        key, fmt::join(parameters, ", ")));
    }

private:
    std::optional<Failure> needs_tls(std::string_view key) const {
        if (endpoint_.tls) {
            return std::nullopt;
        }
        return refused(fmt::format("The parameter '{}' needs TLS: an amqps:// address", key));
    }

    std::optional<Failure> tls_text(std::string_view key, const std::string& value,
                                    std::string TlsOptions::* member) {
        if (auto failure = needs_tls(key)) {
            return failure;
        }
        if (value.empty()) {
            return refused(fmt::format("The parameter '{}' is empty", key));
        }
        (*endpoint_.tls).*member = value;
        return std::nullopt;
    }

    std::optional<Failure> verify(std::string_view value) {
        if (auto failure = needs_tls("verify")) {
            return failure;
        }
        if (value != "verify_peer" && value != "verify_none") {
            return refused("The parameter 'verify' must be verify_peer or verify_none");
        }
        endpoint_.tls->verify = value == "verify_peer" ? TlsVerify::peer : TlsVerify::none;
        return std::nullopt;
    }

    std::optional<Failure> server_name(const std::string& value) {
        if (auto failure = needs_tls("server_name_indication")) {
            return failure;
        }
        // As in RabbitMQ's specification, "disable" sends none; the name is checked still.
        endpoint_.tls->server_name = value == "disable" ? std::string{} : value;
        return std::nullopt;
    }

    std::optional<Failure> auth_mechanism(std::string_view value) {
        if (value == "external") {
            endpoint_.connection.login = amqp::ExternalLogin{};
        } else if (value != "plain") {
            return refused("The parameter 'auth_mechanism' must be plain or external");
        }
        return std::nullopt;
    }

    static std::optional<Failure> time(std::string_view key, std::string_view value,
                                       std::chrono::milliseconds least,
                                       std::chrono::milliseconds& target) {
        const auto read = core::parse_duration(value);
        if (!read || *read < least || *read > time_max) {
            return refused(
                fmt::format("The parameter '{}' must be a time from {} to 1h, such as "
                            "2s",
                            key, core::to_string(least)));
        }
        target = *read;
        return std::nullopt;
    }

    template <typename Apply>
    static std::optional<Failure> number(std::string_view key, std::string_view value,
                                         std::uint32_t low, std::uint32_t high, Apply apply) {
        std::uint32_t parsed = 0;
        const char* const end = value.data() + value.size();
        const auto [stop, error] = std::from_chars(value.data(), end, parsed);
        if (error != std::errc{} || stop != end || parsed < low || parsed > high) {
            return refused(fmt::format("The parameter '{}' must be a whole number from {} to {}",
                                       key, low, high));
        }
        apply(parsed);
        return std::nullopt;
    }

    AmqpEndpoint& endpoint_;
};

std::string shown(const std::string& host, std::uint16_t port) {
    return host.contains(':') ? fmt::format("[{}]:{}", host, port)
                              : fmt::format("{}:{}", host, port);
}

/// What a file of the address gives, so that one that is missing is told at the start.
std::optional<Failure> read_password(const core::Uri& uri, AmqpEndpoint& endpoint) {
    if (endpoint.password_file.empty()) {
        return std::nullopt;
    }
    auto* const login = std::get_if<amqp::PlainLogin>(&endpoint.connection.login);
    if (login == nullptr || uri.password || uri.user.empty()) {
        return refused(
            "The parameter 'password_file' is of an address with a user, without a "
            "password: amqp://USER@HOST/");
    }
    auto password = read_secret_file(endpoint.password_file);
    if (!password) {
        return refused(fmt::format("The parameter 'password_file': {} cannot be used: {}",
                                   endpoint.password_file, password.error()));
    }
    login->password = std::move(*password);
    return std::nullopt;
}

}  // namespace

amqp::ConnectionOptions AmqpEndpoint::current_connection() const {
    amqp::ConnectionOptions current = connection;
    auto* const login = std::get_if<amqp::PlainLogin>(&current.login);
    if (login != nullptr && !password_file.empty()) {
        login->password = read_secret_file(password_file).value_or(login->password);
    }
    return current;
}

std::vector<AmqpEndpoint> AmqpEndpoint::nodes() const {
    AmqpEndpoint alone = *this;
    alone.more_nodes.clear();
    std::vector<AmqpEndpoint> all{alone};
    for (const Node& node : more_nodes) {
        alone.host = node.host;
        alone.port = node.port;
        all.push_back(alone);
    }
    return all;
}

std::string AmqpEndpoint::display() const {
    std::string base = tls ? "amqps://" : "amqp://";
    base += shown(host, port);
    for (const Node& node : more_nodes) {
        base += ',' + shown(node.host, node.port);
    }
    return connection.vhost == "/" ? base : base + '/' + core::percent_encode(connection.vhost);
}

DialTarget AmqpEndpoint::dial_target() const {
    return {.host = host,
            .port = port,
            .tls = tls,
            .connect_timeout = connect_timeout,
            .display = display(),
            .peer = "broker",
            .ca_option = "cacertfile",
            .certificate_option = "certfile",
            .key_option = "keyfile"};
}

std::span<const std::string_view> amqp_parameters() noexcept {
    return parameters;
}

std::expected<AmqpEndpoint, Failure> amqp_endpoint(const core::Uri& uri) {
    AmqpEndpoint endpoint;
    if (uri.scheme == "amqps") {
        endpoint.tls.emplace();
    } else if (uri.scheme != "amqp") {
        return std::unexpected{
            refused(fmt::format("The scheme '{}' is no broker's: amqp or amqps", uri.scheme))};
    }
    auto vhost = core::virtual_host_of(uri);
    if (!vhost) {
        return std::unexpected{std::move(vhost.error())};
    }
    const auto is_zero = [](const auto& node) { return node.second == 0; };
    if (uri.port == 0 || std::ranges::any_of(uri.more_hosts, is_zero)) {
        return std::unexpected{refused("The broker's port must be from 1 to 65535")};
    }
    endpoint.host = uri.host.empty() ? "localhost" : uri.host;
    const std::uint16_t port_default = endpoint.tls ? amqps_port : amqp_port;
    endpoint.port = uri.port.value_or(port_default);
    for (const auto& [host, port] : uri.more_hosts) {
        endpoint.more_nodes.push_back({host, port.value_or(port_default)});
    }
    endpoint.connection.vhost = std::move(*vhost);
    endpoint.connection.heartbeat = heartbeat_default;
    if (!uri.user.empty() || uri.password) {
        endpoint.connection.login =
            amqp::PlainLogin{.user = uri.user, .password = uri.password.value_or("")};
    }
    ParameterReader reader{endpoint};
    for (const auto& [key, value] : uri.query) {
        if (auto failure = reader.apply(key, value)) {
            return std::unexpected{std::move(*failure)};
        }
    }
    if (auto failure = read_password(uri, endpoint)) {
        return std::unexpected{std::move(*failure)};
    }
    if (endpoint.tls && !endpoint.tls->key_file.empty() && endpoint.tls->certificate_file.empty()) {
        return std::unexpected{refused("The parameter 'keyfile' needs a 'certfile', too")};
    }
    if (endpoint.tls && endpoint.tls->certificate_file.empty() &&
        std::holds_alternative<amqp::ExternalLogin>(endpoint.connection.login)) {
        return std::unexpected{
            refused("The parameter 'auth_mechanism' is external, which logs in by the client's "
                    "certificate, and there is none: add 'certfile' and 'keyfile' (in a "
                    "configuration: tls, with certificate and key)")};
    }
    return endpoint;
}

}  // namespace warren::transport
