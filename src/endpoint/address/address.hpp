#pragma once

#include <warren/error.hpp>
#include <warren/listener.hpp>
#include <warren/options.hpp>

#include "format/compression.hpp"
#include "protocol/stream_protocol.hpp"
#include "protocol/topology.hpp"
#include "transport/amqp/endpoint.hpp"
#include "transport/net/tls_options.hpp"
#include "transport/zmq/options.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace warren::endpoint {

struct ProtocolDescriptor;

/// A broker in this process: memory:NAME.
struct MemoryAddress {
    std::string name;
};

struct HostPort {
    std::string host;
    std::uint16_t port = 0;
};

/// Servers without a broker: tcp://HOST:PORT, or several separated by commas.
struct TcpAddress {
    std::vector<HostPort> servers;
    bool is_secured = false;  // the scheme says so

    // Of a client.
    std::optional<transport::TlsOptions> tls{};
    protocol::RpcPeer peer = protocol::RpcPeer::warren;
    std::size_t connections = 1;  // to each server
    std::chrono::milliseconds connect_timeout{10'000};
};

/// The sockets of ZeroMQ: of a listener the first three, of a client the others.
enum class ZmqSocketType : std::uint8_t { router, rep, sub, dealer, req, pub };

/// Which server a client's call goes to, of several.
enum class ZmqDistribution : std::uint8_t { round_robin, broadcast };

/// Over ZeroMQ: zmq+tcp://HOST:PORT, zmq+ipc:///PATH or zmq+inproc://NAME, or several.
struct ZmqAddress {
    std::vector<std::string> endpoints;  // as ZeroMQ writes them
    ZmqSocketType socket = ZmqSocketType::dealer;
    ZmqSide side = ZmqSide::connect;
    transport::ZmqServerSecurity server_security{};  // of router, rep and pub
    transport::ZmqClientSecurity client_security{};  // of the others
    int high_water_mark = transport::ZmqLimits{}.high_water_mark;

    // Of a client.
    protocol::RpcPeer peer = protocol::RpcPeer::warren;
    std::size_t connections = 1;  // to each server
    std::chrono::milliseconds connect_timeout{10'000};
    ZmqDistribution distribution = ZmqDistribution::round_robin;
    // Of pub.
    bool waits_for_subscriber = true;
    std::chrono::milliseconds heartbeat_interval{10'000};

    // Of a listener.
    std::optional<std::chrono::milliseconds> silence_timeout{};  // of sub; unset: the protocol's
    bool allows_shutdown = false;
    /// Of both sides of a proxy between two of one protocol: what comes goes on to the byte.
    bool passes_text = false;

    /// One that hears of no responses: sub and pub.
    bool is_one_way() const noexcept;
};

/// What the parameters say that are a protocol's own. Each of these has a kind of its own.
struct OwnParameters {
    virtual ~OwnParameters() = default;
    /// Whether a listener with these reads requests as one with the others does, of one protocol.
    virtual bool reads_as(const OwnParameters& /*others*/) const noexcept { return true; }
};

enum class AddressRole : std::uint8_t { client, listener };

/// What an address of a client or a listener says, read and checked.
struct Address {
    std::variant<MemoryAddress, transport::AmqpEndpoint, TcpAddress, ZmqAddress> transport;
    const ProtocolDescriptor* protocol = nullptr;
    /// The server's at a broker; of memory: the name, where none is given. Of protocols that name
    /// their queues after a server's id: that; may be empty.
    std::string queue;
    std::string method;  // of protocols without a method on the wire; may be empty
    std::shared_ptr<const OwnParameters> own{};  // null: of a protocol without any
    bool has_client_parameters = false;          // not of ZeroMQ, where its socket says it
    std::optional<ReplyMode> reply_mode{};
    std::string reply_queue{};
    std::optional<bool> persistent{};  // as that of ClientOptions
    std::optional<bool> nested_secrets{};
    /// Whether a client's requests come back that the broker drops; unset: in memory alone.
    std::optional<bool> return_dropped{};
    /// What the broker refuses that the protocols declare by themselves; unset: nothing.
    std::optional<protocol::BrokerCompat> compat{};
    /// Whose the server at a broker is; unset: in memory Warren's, else anybody's.
    std::optional<protocol::RpcPeer> peer{};
    /// As whom the broker knows a client; unset: as whom it logs in.
    std::optional<std::string> amqp_user{};
    // Of a client: as in `ClientOptions`.
    std::optional<std::size_t> body_bytes_max{};
    std::optional<std::size_t> nesting_depth_max{};
    std::optional<std::size_t> value_count_max{};
    /// How a client's requests are compressed, and responses may be.
    format::Compression compression = format::Compression::none;

    /// Without a broker.
    bool is_brokerless() const noexcept {
        return std::holds_alternative<TcpAddress>(transport) ||
               std::holds_alternative<ZmqAddress>(transport);
    }
    /// Whether the server is known to be one of Warren's.
    bool is_warren() const noexcept;
    /// Of a client at a broker, as far as that is known: what the address says or the login; empty
    /// where a certificate logs in, as the broker alone knows how it reads that.
    std::string user_at_broker() const;
    /// Nothing that comes from there, or goes there, is answered.
    bool is_one_way() const noexcept;
    /// A call goes to all of its servers.
    bool broadcasts() const noexcept;
    /// The broker or the servers alone, for messages: without credentials.
    std::string display() const;
    /// One of its servers, without a broker.
    std::string display(const HostPort& server) const;
};

/// err  invalid_request: what the broker drops cannot come back there
std::expected<void, Failure> check_returns(const Address& address, ReplyMode mode);

/// Whether the files of TLS that a side names which connects can be used.
/// err  invalid_request, as `transport::make_tls_context`
std::expected<void, Failure> check_tls_files(const Address& address);

/// As an address has it: "tcp://HOST:PORT" is zmq+tcp://HOST:PORT, several stand between commas.
std::string display_zmq(const std::vector<std::string>& endpoints);

/// Add a parameter to the text of an address.
void add_parameter(std::string& address, std::string_view key, std::string_view value);

/// Read an address: memory:NAME, amqp://, amqps://, tcp://, tls:// or another scheme of a
/// protocol, zmq+tcp://, zmq+ipc:// or zmq+inproc://, with the parameters of its kind.
/// in   role: whose it is, which ZeroMQ's sockets depend on
/// err  invalid_request: an unknown scheme, parameter or value (with the list of known ones), no
///      queue where the protocol has no default; never shows the password
std::expected<Address, Failure> parse_address(std::string_view text,
                                              AddressRole role = AddressRole::client);

}  // namespace warren::endpoint
