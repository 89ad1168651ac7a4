#pragma once

#include "app/config/config.hpp"
#include "app/config/node.hpp"
#include "endpoint/protocols/descriptor.hpp"
#include "transport/net/tls_context.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The parts of a configuration, each read by a file of its own.
namespace warren::endpoint {
struct Address;
}

namespace warren::app {

/// Of limits in bytes of memory.
inline constexpr std::uint64_t memory_bytes_max = std::uint64_t{1} << 40;

/// The keys that both shapes have: modules, workers, drain_timeout, log, limits, ...
void read_common(ConfigMap& root, Config& config);

/// `access_log`, `audit`, `allow` and `rate`: of a listener, or of all.
void read_middleware(ConfigMap& map, MiddlewareConfig& config);

/// `admin`: where monitoring asks.
void read_admin(const ConfigNode& node, Config& config);

/// Where to listen: one of the two.
struct ListenPlace {
    std::string address{};      // HOST:PORT, to be checked yet
    std::string socket_name{};  // of a socket that systemd passes
};
/// HOST:PORT, or the name of a socket: systemd:NAME or {fd: NAME}.
std::optional<ListenPlace> read_listen_place(const ConfigNode& node);

/// `docs`: where the documentation is. After `admin`, which may not have the same port.
void read_docs(const ConfigNode& node, Config& config);
/// HOST:PORT of it.
std::string docs_endpoint(const DocsEntry& docs);

/// `store`: where replies are kept.
void read_store(const ConfigNode& node, ServerOptions& server);
/// `idempotency` of a listener. After `store`.
void read_idempotency(ConfigMap& map, ListenerEntry& listener, const Config& config);

/// `log_server`: where all calls are recorded.
void read_log_server(const ConfigNode& node, Config& config);

/// `tracing`: where spans go.
void read_tracing(const ConfigNode& node, Config& config);

/// `listeners`: one entry per kind of transport in listeners.cpp.
void read_listeners(ConfigMap& root, Config& config);
/// One of them.
/// out  nullopt when its kind is not known; otherwise as far as it could be read
std::optional<ListenerEntry> read_listener(const ConfigNode& node, const Config& config);
/// One port serves one listener: hold one against those before it.
void check_port(const ConfigNode& address, const std::vector<std::string>& here,
                const Config& config);
/// `proxies`: listeners whose calls are forwarded to another address. After all listeners.
void read_proxies(ConfigMap& root, Config& config);
/// `to` of one of them: an address, or its parts as the keys of a map.
void read_proxy_target(const ConfigNode& node, ForwardOptions& options);

/// What serves messages of a broker: {amqp: URL, ...} and {memory: NAME, ...}.
void read_amqp_listener(ConfigMap& map, ListenerEntry& listener);
void read_memory_listener(ConfigMap& map, ListenerEntry& listener);

/// `server` and `virtual_hosts`: one broker, a queue and its exchanges per virtual host.
void read_virtual_hosts(ConfigMap& root, const std::optional<std::string>& wanted, Config& config);

/// What serves connections to an address of this machine: {tcp: "HOST:PORT", ...}.
void read_tcp_listener(ConfigMap& map, ListenerEntry& listener);

/// What serves what comes over ZeroMQ: {zmq: "tcp://*:30000", ...}, or a list of endpoints.
void read_zmq_listener(ConfigMap& map, ListenerEntry& listener);
/// One endpoint as ZeroMQ writes it, or a list of them, as an address.
/// out  empty when one of them is no endpoint, which is said there
std::string read_zmq_endpoints(const ConfigNode& node);

/// How the parameters of TLS are called in an address.
enum class TlsParameters : std::uint8_t { of_broker, of_server };
/// `tls` of a side that connects: appends the parameters of an address that say the same. Files
/// that cannot be used are told at their keys.
void read_client_tls(const ConfigNode& node, TlsParameters names, std::string& url);

struct KeyPassword {
    std::string text{};
    std::string file{};  // instead of it
};
/// Tell what is wrong with a file at the key that names it.
/// in   map: `certificate`, `key`, `key_password` and the key of the authorities
void fail_at_file(ConfigMap& map, std::string_view authorities, const transport::TlsFault& fault);
/// `key_password` of TLS: text, or {file: PATH}, which is read whenever the key is.
KeyPassword read_key_password(ConfigMap& map);

// What listeners of several kinds have.

/// `protocol`, and the keys that are its own.
/// in   carrier: of the listener's kind
/// out  the first one of the carrier where none is named, or an unknown one, which is said
const endpoint::ProtocolDescriptor& read_protocol(ConfigMap& map, endpoint::Trait carrier,
                                                  ListenerOptions& options);
/// From which size on responses are compressed.
void read_compression(ConfigMap& map, ListenerOptions& options);
/// `method`, or `methods` or `exchanges`.
void read_methods(ConfigMap& map, ListenerEntry& listener,
                  const endpoint::ProtocolDescriptor& protocol);
/// `fernet_key` or `fernet_keys`, `fernet_ttl`, `nested_secrets`, `accept_clear_secrets`.
void read_fernet(ConfigMap& map, ListenerEntry& listener);
/// `auth_secret` or `auth_secrets`.
void read_auth_secrets(ConfigMap& map, std::vector<std::string>& secrets);
/// The same of a listener, of which they may have names: `auth_secrets: {NAME: SECRET}`.
void read_signing(ConfigMap& map, ListenerOptions& options);
/// A list of secrets, or a map of them by the names of those who have them.
void read_named_secrets(const ConfigNode& node, std::vector<std::string>& secrets,
                        std::vector<std::string>& names);
/// `max_simultaneous_requests`, `connections_max`, ...: the limits of listeners without a broker.
void read_connection_limits(ConfigMap& map, ListenerOptions& options);
/// `exchanges`: {NAME: {type: direct}}, each a method's; also fills `methods`.
void read_exchanges(const ConfigNode& node, ListenerEntry& listener);
/// `fernet_key`, which may be null.
void read_fernet_key(const ConfigNode& node, ListenerEntry& listener);
/// Hold the paths of ipc that an address would take on this machine against its folders.
void check_paths(const ConfigNode& at, const endpoint::Address& address);
/// Hold a listener against what it would do, once all its keys are read.
void check_listener(const ConfigNode& at, const ListenerEntry& listener);

}  // namespace warren::app
