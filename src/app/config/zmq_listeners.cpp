#include "app/config/sections.hpp"
#include "core/percent.hpp"
#include "endpoint/address/address_parameters.hpp"
#include "transport/zmq/endpoint.hpp"

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace warren::app {
namespace {

constexpr auto socket_words = std::span{endpoint::zmq_socket_words}.first<3>();

/// An endpoint as ZeroMQ writes it, as the address that it is part of.
std::optional<std::string> read_endpoint(const ConfigNode& node) {
    const auto text = node.text();
    if (!text) {
        return std::nullopt;
    }
    const std::size_t end = text->find("://");
    const std::string scheme = text->substr(0, end);
    if (end == std::string::npos || (scheme != "tcp" && scheme != "ipc" && scheme != "inproc")) {
        node.fail("expected an endpoint such as \"tcp://*:30000\", ipc:///PATH or inproc://NAME");
        return std::nullopt;
    }
    const std::string rest = text->substr(end + 3);
    return "zmq+" + scheme + "://" + (scheme == "tcp" ? rest : core::percent_encode(rest));
}

void read_curve(const ConfigNode& node, ListenerZmq& zmq) {
    ConfigMap map{node};
    if (!map.has("secret_key") && !map.has("server_key")) {
        node.fail(
            "has no key: give this side's 'secret_key' (`warren keygen --curve` prints a "
            "pair), or the 'server_key' of the publisher");
    }
    map.read("secret_key", zmq.secret_key, &ConfigNode::secret);
    map.read("public_key", zmq.public_key, &ConfigNode::secret);
    map.read("server_key", zmq.server_key, &ConfigNode::secret);
    if (const auto keys = map.find("client_keys")) {
        read_named_secrets(*keys, zmq.client_keys, zmq.client_names);
    }
}

void read_zmq_limits(ConfigMap& map, ListenerOptions& options) {
    read_connection_limits(map, options);
    map.read("silence_timeout", options.zmq.silence_timeout, &ConfigNode::duration);
    map.read_count("high_water_mark", options.zmq.high_water_mark, std::numeric_limits<int>::max());
    map.read("allow_shutdown", options.zmq.allow_shutdown, &ConfigNode::boolean);
}

}  // namespace

std::string read_zmq_endpoints(const ConfigNode& node) {
    std::string url;
    bool is_sound = true;
    const auto add = [&](const ConfigNode& item) {
        const auto endpoint = read_endpoint(item);
        is_sound = is_sound && endpoint;
        url += (url.empty() ? "" : ",") + endpoint.value_or("");
    };
    if (node.is_list()) {
        for (const ConfigNode& item : node.items()) {
            add(item);
        }
    } else {
        add(node);
    }
    return is_sound ? url : std::string{};
}

void check_paths(const ConfigNode& at, const endpoint::Address& address) {
    const auto* const zmq = std::get_if<endpoint::ZmqAddress>(&address.transport);
    if (zmq == nullptr || zmq->side != ZmqSide::bind) {
        return;
    }
    for (const std::string& text : zmq->endpoints) {
        const auto endpoint = transport::parse_zmq_endpoint(text, zmq->side);
        if (const auto checked = transport::check_path(*endpoint); !checked) {
            at.fail(checked.error().message);
        }
    }
}

void read_zmq_listener(ConfigMap& map, ListenerEntry& listener) {
    ListenerOptions& options = listener.options;
    const auto endpoints = map.require("zmq");
    const auto& protocol =
        read_protocol(map, &endpoint::ProtocolDescriptor::over_messages, options);
    map.read_word("socket", options.zmq.socket, socket_words);
    map.read_word("side", options.zmq.side, endpoint::zmq_side_words);
    map.read("username", options.zmq.username, &ConfigNode::secret);
    map.read("password", options.zmq.password, &ConfigNode::secret);
    if (const auto curve = map.find("curve")) {
        read_curve(*curve, options.zmq);
    }
    read_signing(map, options);
    read_zmq_limits(map, options);
    read_methods(map, listener, protocol);
    read_fernet(map, listener);
    if (!endpoints) {
        return;
    }
    options.url = read_zmq_endpoints(*endpoints);
    options.origin = endpoints->source_location();
    if (!options.url.empty()) {
        check_listener(*endpoints, listener);
    }
}

}  // namespace warren::app
