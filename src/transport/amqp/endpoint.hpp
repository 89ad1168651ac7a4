#pragma once

#include <warren/error.hpp>

#include "amqp/options.hpp"
#include "core/uri.hpp"
#include "transport/net/dial_target.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace warren::transport {

/// A broker and how to talk to it.
struct AmqpEndpoint {
    struct Node {
        std::string host;
        std::uint16_t port = 0;
    };

    std::string host = "localhost";
    std::uint16_t port = 5672;
    std::vector<Node> more_nodes{};   // of the same cluster: for when that one fails or is silent
    std::optional<TlsOptions> tls{};  // unset: in plaintext
    amqp::ConnectionOptions connection{};
    /// Where the password is read anew for each connection; empty: it stays as it is.
    std::string password_file{};
    std::chrono::milliseconds connect_timeout{10'000};  // name, TCP and TLS, all addresses together
    std::chrono::milliseconds reconnect_pause_max{2'000};
    /// How often it is seen to that exchanges and bindings are still there; 0: never.
    std::chrono::milliseconds topology_check{10'000};

    /// What to log in with now. A file that cannot be read just then leaves the last password.
    amqp::ConnectionOptions current_connection() const;
    /// Each of its nodes alone, at least one.
    std::vector<AmqpEndpoint> nodes() const;
    /// Where it is, such as "amqp://localhost:5672/vhost": for messages, without credentials.
    std::string display() const;
    /// Whom to connect to for it; of the first node.
    DialTarget dial_target() const;
};

/// The query parameters that `amqp_endpoint` takes, as RabbitMQ's URI query specification names
/// them.
std::span<const std::string_view> amqp_parameters() noexcept;

/// Read an address of a broker.                 [RabbitMQ URI spec; RabbitMQ URI query spec]
/// in   amqp:// or amqps://; the query holds nothing but `amqp_parameters`: who knows others takes
///      them out before
/// err  invalid_request: unknown scheme or parameter (with the list of known ones), a bad value, a
///      TLS parameter without TLS, a password's file that cannot be read; never shows the password
std::expected<AmqpEndpoint, Failure> amqp_endpoint(const core::Uri& uri);

}  // namespace warren::transport
