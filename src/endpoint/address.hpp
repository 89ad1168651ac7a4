#pragma once

#include <warren/error.hpp>
#include <warren/options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/callme.hpp"
#include "protocol/msgpack_rpc.hpp"
#include "protocol/topology.hpp"
#include "transport/amqp/endpoint.hpp"
#include "transport/net/tls_options.hpp"

namespace warren::endpoint {

/// A broker in this process: memory:NAME.
struct MemoryAddress {
    std::string name;
};

struct HostPort {
    std::string host;
    std::uint16_t port = 0;
};

/// Servers without a broker: tcp://HOST:PORT, or several separated by commas.
struct DirectAddress {
    std::vector<HostPort> servers;
    bool is_secured = false;  // the scheme says so

    // Of a client.
    std::optional<transport::TlsOptions> tls{};
    protocol::RpcPeer peer = protocol::RpcPeer::warren;
    std::size_t connections = 1;  // to each server
    std::chrono::milliseconds connect_timeout{10'000};
    bool has_client_parameters = false;
};

/// What an address of a client or a listener says, read and checked.
struct Address {
    std::variant<MemoryAddress, transport::AmqpEndpoint, DirectAddress> place;
    std::string protocol = "cyberfusion";
    /// The server's at a broker; of memory: the name, where none is given. Of callme: the server's
    /// id, which its queue is named after; may be empty.
    std::string queue;
    std::string method;  // of protocols without a method on the wire; may be empty
    std::optional<ReplyMode> reply_mode{};
    std::string reply_queue{};
    // Of callme.
    protocol::CallmeFormat format = protocol::CallmeFormat::pickle;
    std::string amqp_user{};                       // empty: as whom the login is
    protocol::TopologyOverrides reply_topology{};  // of a client's own

    bool is_direct() const noexcept { return std::holds_alternative<DirectAddress>(place); }
    bool has_client_parameters() const noexcept;
    /// The broker or the servers alone, for messages: without credentials.
    std::string display() const;
    /// One of its servers, without a broker.
    std::string display(const HostPort& server) const;
};

/// Read an address: memory:NAME, amqp://, amqps://, tcp://, tls://, arrpc:// or arrpcs://, with the
/// parameters of its kind.
/// err  invalid_request: an unknown scheme, parameter or value (with the list of known ones), no
///      queue where the protocol has no default; never shows the password
std::expected<Address, Failure> parse_address(std::string_view text);

}  // namespace warren::endpoint
