#include "app/config/sections.hpp"

#include "core/uri.hpp"
#include "endpoint/server_listener.hpp"
#include "transport/net/certificate_validity.hpp"
#include "transport/net/tls_context.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace warren::app {
namespace {

constexpr std::array<std::string_view, 2> protocol_words{"msgpack-rpc", "arrpc"};
constexpr std::uint64_t requests_max = std::uint64_t{1} << 24;
constexpr std::uint64_t connections_max = std::uint64_t{1} << 20;
constexpr std::uint64_t bytes_max = std::uint64_t{1} << 40;

/// out  nothing when a file cannot be used, which is said at its key
std::optional<ListenerTls> read_tls(const ConfigNode& node, ConfiguredListener& listener) {
    ConfigMap map{node};
    const auto certificate = map.require("certificate");
    const auto key = map.find("key");
    const auto authorities = map.find("client_ca");
    const auto path_of = [](const std::optional<ConfigNode>& file) {
        return file ? file->file_path() : std::optional<std::string>{""};
    };
    auto certificate_file = path_of(certificate);
    auto key_file = path_of(key);
    auto authorities_file = path_of(authorities);
    if (!certificate || !certificate_file || !key_file || !authorities_file) {
        return std::nullopt;
    }
    ListenerTls tls{std::move(*certificate_file), std::move(*key_file),
                    std::move(*authorities_file)};
    const auto fault = transport::find_tls_fault(endpoint::server_tls(tls));
    if (!fault) {
        if (const auto late = transport::find_validity_fault(tls.certificate_file)) {
            listener.warnings.push_back(certificate->place() + ": " + *late);
        }
        return tls;
    }
    const bool is_of_key = fault->file == transport::TlsFile::key && key;
    const bool is_of_authorities = fault->file == transport::TlsFile::authorities;
    (is_of_key           ? *key
     : is_of_authorities ? *authorities
                         : *certificate)
        .fail(fault->failure.message);
    return std::nullopt;
}

void read_secrets(ConfigMap& map, ListenerOptions& options) {
    const auto one = map.find("auth_secret");
    const auto several = map.find("auth_secrets");
    if (one && several) {
        one->fail("stands beside 'auth_secrets': give one of them");
    }
    const auto read = [&options](const ConfigNode& node) {
        if (auto secret = node.secret()) {
            options.auth_secrets.push_back(std::move(*secret));
        }
    };
    if (several) {
        for (const ConfigNode& item : several->items()) {
            read(item);
        }
    } else if (one) {
        read(*one);
    }
}

void read_limits(ConfigMap& map, ListenerOptions& options) {
    read_simultaneous_requests(map, requests_max, options);
    const auto read_count = [&map](const char* key, std::uint64_t greatest, std::size_t& target) {
        if (const auto found = map.find(key)) {
            target = found->whole_number(1, greatest).value_or(target);
        }
    };
    read_count("connections_max", connections_max, options.connections_max);
    read_count("connection_requests_max", requests_max, options.connection_requests_max);
    read_count("requests_bytes_max", bytes_max, options.requests_bytes_max);
    read_count("connection_answers_bytes_max", bytes_max, options.connection_answers_bytes_max);
    read_count("answers_bytes_max", bytes_max, options.answers_bytes_max);
    const auto read_time = [&map](const char* key, std::chrono::milliseconds& target) {
        if (const auto found = map.find(key)) {
            target = found->duration().value_or(target);
        }
    };
    read_time("idle_timeout", options.idle_timeout);
    read_time("handshake_timeout", options.handshake_timeout);
    read_time("stall_timeout", options.stall_timeout);
}

}  // namespace

void read_tcp_listener(ConfigMap& map, ConfiguredListener& listener) {
    ListenerOptions& options = listener.options;
    const auto address = map.require("tcp");
    MethodCount methods = MethodCount::many;
    if (const auto protocol = map.find("protocol")) {
        if (const auto word = protocol->one_of(protocol_words)) {
            options.protocol = protocol_words[*word];
            methods = options.protocol == "arrpc" ? MethodCount::one : MethodCount::many;
        }
    }
    if (const auto tls = map.find("tls")) {
        options.tls = read_tls(*tls, listener);
    }
    read_secrets(map, options);
    read_limits(map, options);
    read_methods(map, listener, methods);
    read_fernet(map, listener);
    if (!address) {
        return;
    }
    if (const auto text = address->text()) {
        const auto uri = core::parse_uri("tcp://" + *text);
        if (text->contains("://") || text->contains('?') || (uri && !uri->port)) {
            return address->fail("expected HOST:PORT, such as 127.0.0.1:8080");
        }
        options.origin = address->place();
        options.url = (options.tls ? "tls://" : "tcp://") + *text;
        check_listener(*address, listener);
    }
}

}  // namespace warren::app
