#include "app/config/sections.hpp"

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

void read_tls(const ConfigNode& node, ListenerOptions& options) {
    ConfigMap map{node};
    ListenerTls tls;
    if (const auto certificate = map.require("certificate")) {
        tls.certificate_file = certificate->file_path().value_or("");
    }
    if (const auto key = map.find("key")) {
        tls.key_file = key->file_path().value_or("");
    }
    if (const auto authority = map.find("client_ca")) {
        tls.client_ca_file = authority->file_path().value_or("");
    }
    options.tls = std::move(tls);
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
        read_tls(*tls, options);
    }
    read_secrets(map, options);
    read_limits(map, options);
    read_methods(map, listener, methods);
    read_fernet(map, listener);
    if (!address) {
        return;
    }
    if (const auto text = address->text()) {
        if (text->contains("://") || text->contains('?')) {
            return address->fail("expected HOST:PORT, such as 127.0.0.1:8080");
        }
        options.url = (options.tls ? "tls://" : "tcp://") + *text;
        check_listener(*address, listener);
    }
}

}  // namespace warren::app
