#include "app/config/sections.hpp"
#include "core/uri.hpp"
#include "endpoint/server/listener_config.hpp"
#include "transport/net/certificate_validity.hpp"
#include "transport/net/tls_context.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace warren::app {
namespace {

/// out  nothing when a file cannot be used, which is said at its key
std::optional<ListenerTls> read_tls(const ConfigNode& node, ListenerEntry& listener) {
    ConfigMap map{node};
    const auto certificate = map.require("certificate");
    const auto key = map.find("key");
    const auto client_ca = map.find("client_ca");
    const auto path_of = [](const std::optional<ConfigNode>& file) {
        return file ? file->file_path() : std::optional<std::string>{""};
    };
    auto certificate_file = path_of(certificate);
    auto key_file = path_of(key);
    auto authorities_file = path_of(client_ca);
    KeyPassword password = read_key_password(map);
    if (!certificate || !certificate_file || !key_file || !authorities_file) {
        return std::nullopt;
    }
    ListenerTls tls{std::move(*certificate_file), std::move(*key_file),
                    std::move(*authorities_file), std::move(password.text),
                    std::move(password.file)};
    const auto fault = transport::find_tls_fault(endpoint::server_tls(tls));
    if (!fault) {
        if (const auto late = transport::find_validity_fault(tls.certificate_file)) {
            listener.warnings.push_back(certificate->source_location() + ": " + *late);
        }
        return tls;
    }
    fail_at_file(map, "client_ca", *fault);
    return std::nullopt;
}

void read_timeouts(ConfigMap& map, ListenerTcp& tcp) {
    map.read("idle_timeout", tcp.idle_timeout, &ConfigNode::duration);
    map.read("handshake_timeout", tcp.handshake_timeout, &ConfigNode::duration);
    map.read("stall_timeout", tcp.stall_timeout, &ConfigNode::duration);
}

/// Where it listens.
void read_place(const ConfigNode& address, ListenerEntry& listener) {
    ListenerOptions& options = listener.options;
    auto place = read_listen_place(address);
    if (!place) {
        return;
    }
    if (place->socket_name.empty()) {
        const auto uri = core::parse_uri("tcp://" + place->address);
        if (place->address.contains("://") || place->address.contains('?') || (uri && !uri->port)) {
            return address.fail(
                "expected HOST:PORT, such as 127.0.0.1:8080, or systemd:NAME of a .socket unit");
        }
    } else {
        listener.socket_name = std::move(place->socket_name);
        place->address = "localhost:0";  // until the socket is there to say it
        if (options.tcp.reuse_port) {
            address.fail("a socket of systemd's has its port already: leave reuse_port out");
        }
    }
    options.origin = address.source_location();
    options.url = (options.tcp.tls ? "tls://" : "tcp://") + place->address;
    check_listener(address, listener);
}

}  // namespace

void read_tcp_listener(ConfigMap& map, ListenerEntry& listener) {
    ListenerOptions& options = listener.options;
    const auto address = map.require("tcp");
    const auto& protocol = read_protocol(map, &endpoint::ProtocolDescriptor::over_streams, options);
    if (const auto tls = map.find("tls")) {
        options.tcp.tls = read_tls(*tls, listener);
    }
    read_signing(map, options);
    read_connection_limits(map, options);
    read_timeouts(map, options.tcp);
    map.read("reuse_port", options.tcp.reuse_port, &ConfigNode::boolean);
    read_methods(map, listener, protocol);
    read_fernet(map, listener);
    if (address) {
        read_place(*address, listener);
    }
}

}  // namespace warren::app
