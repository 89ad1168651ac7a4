#pragma once

#include <warren/dynamic.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

namespace warren::amqp {

/// SASL PLAIN: a user and a password.                                            [RFC 4616]
struct PlainLogin {
    std::string user = "guest";
    std::string password = "guest";
};

/// SASL EXTERNAL: who we are is in the TLS client certificate.                    [RFC 4422 A]
struct ExternalLogin {};

using Login = std::variant<PlainLogin, ExternalLogin>;

/// What a decoder of field tables accepts. A table that is larger, nested deeper or has more
/// entries is refused before memory is taken for it.
struct TableLimits {
    std::size_t bytes_max = std::size_t{64} << 10;  // of the outermost table
    std::size_t depth_max = 16;
    std::size_t entries_max = 1024;  // of each table and each array
};

/// How to talk to one broker.
struct ConnectionOptions {
    Login login = PlainLogin{};
    std::string vhost = "/";

    // What we propose; the broker's proposal lowers them. 0 means: no limit of ours (channel_max),
    // no heartbeats (heartbeat). frame_bytes_max below 4096 is refused.
    std::uint32_t frame_bytes_max = 128 * 1024;
    std::uint16_t channel_max = 2047;
    std::chrono::seconds heartbeat{60};

    std::string connection_name{};  // shown by the broker's management; empty: none
    std::string product = "Warren";
    std::string version{};
    Dynamic client_properties{};  // a map of further properties, or null

    std::size_t body_bytes_max = std::size_t{16} << 20;  // of one message, in and out
    TableLimits table_limits{};

    std::chrono::milliseconds handshake_timeout{10'000};  // from start() to connected
    std::chrono::milliseconds close_timeout{5'000};       // for the broker's close-ok
};

}  // namespace warren::amqp
