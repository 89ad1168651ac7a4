#include "app/config/sections.hpp"
#include "endpoint/address/address.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::app {
namespace {

constexpr std::array<std::string_view, 4> target_kinds{"amqp", "tcp", "memory", "zmq"};
constexpr std::array<std::string_view, 3> curve_keys{"server_key", "public_key", "secret_key"};
constexpr std::array<std::string_view, 10> file_parameters{
    "ca",      "certificate",       "key",           "cacertfile",      "certfile",
    "keyfile", "key_password_file", "password_file", "secret_key_file", "server_key_file"};

using Members = std::vector<std::pair<std::string, ConfigNode>>;

/// Text that stands for itself, for a file's content or for a file's path.
std::optional<std::string> read_value(std::string_view key, const ConfigNode& node) {
    return std::ranges::find(file_parameters, key) == file_parameters.end() ? node.secret()
                                                                            : node.file_path();
}

/// `curve` of a side that connects: keys that are parameters of the address.
void read_curve(const ConfigNode& node, std::string& url) {
    ConfigMap map{node};
    if (!map.has("secret_key") && !map.has("server_key")) {
        node.fail("has no key: give the 'server_key' of the other side, or 'secret_key'");
    }
    for (const std::string_view key : curve_keys) {
        const auto found = map.find(key);
        if (const auto value = found ? found->secret() : std::nullopt) {
            endpoint::add_parameter(url, key, *value);
        }
    }
    if (const auto keys = map.find("client_keys")) {
        std::string joined;
        for (const ConfigNode& item : keys->items()) {
            joined += (joined.empty() ? "" : ",") + item.secret().value_or("");
        }
        endpoint::add_parameter(url, "client_keys", joined);
    }
}

/// The address without its parameters.
std::optional<std::string> read_target(std::string_view kind, const ConfigNode& node,
                                       bool is_secured) {
    if (kind == "zmq") {
        const std::string endpoints = read_zmq_endpoints(node);
        return endpoints.empty() ? std::nullopt : std::optional{endpoints};
    }
    auto text = node.secret();
    if (!text) {
        return std::nullopt;
    }
    if (kind == "memory") {
        return "memory:" + *text;
    }
    if (kind == "tcp") {
        if (text->contains("://")) {
            node.fail("expected HOST:PORT, such as server:8080");
            return std::nullopt;
        }
        return (is_secured ? "tls://" : "tcp://") + *text;
    }
    if (!text->starts_with("amqp://") && !text->starts_with("amqps://")) {
        node.fail("expected an address: amqp://[USER[:PASSWORD]@]HOST[:PORT]/[VHOST]");
        return std::nullopt;
    }
    return text;
}

/// The member that says of what kind the address is.
const Members::value_type* find_kind(const ConfigNode& node, const Members& members) {
    const Members::value_type* chosen = nullptr;
    for (const auto& member : members) {
        if (std::ranges::find(target_kinds, std::string_view{member.first}) == target_kinds.end()) {
            continue;
        }
        if (chosen != nullptr) {
            node.fail("is either '" + chosen->first + "' or '" + member.first + "'");
            return nullptr;
        }
        chosen = &member;
    }
    if (chosen == nullptr && node.is_map()) {
        node.fail("says not where calls go on to: give 'amqp', 'tcp', 'memory' or 'zmq'");
    }
    return chosen;
}

/// Say what is wrong at the key that is said to be wrong, where it stands here.
void fail_at(const ConfigNode& node, const Members& members, const std::string& message) {
    const auto named = std::ranges::find_if(members, [&message](const auto& member) {
        return message.contains("'" + member.first + "'");
    });
    (named == members.end() ? node : named->second).fail(message);
}

void check(const ConfigNode& node, const Members& members, const std::string& address,
           std::string& target) {
    const auto parsed = endpoint::parse_address(address);
    if (!parsed) {
        return fail_at(node, members, parsed.error().message);
    }
    check_paths(node, *parsed);
    target = address;
}

/// The parts of an address as keys of a map: of what kind it is, and its parameters.
void read_parts(ConfigMap& map, ForwardOptions& options) {
    const ConfigNode& node = map.node();
    read_auth_secrets(map, options.client.auth_secrets);
    const Members members = map.take_all();
    const Members::value_type* const kind = find_kind(node, members);
    if (kind == nullptr) {
        return;
    }
    auto url = read_target(kind->first, kind->second, map.has("tls"));
    if (!url) {
        return;
    }
    for (const auto& [key, value] : members) {
        if (key == "tls") {
            read_client_tls(
                value, kind->first == "amqp" ? TlsParameters::of_broker : TlsParameters::of_server,
                *url);
        } else if (key == "curve") {
            read_curve(value, *url);
        } else if (key != kind->first && key != "auth_secret" && key != "auth_secrets") {
            if (const auto text = read_value(key, value)) {
                endpoint::add_parameter(*url, key, *text);
            }
        }
    }
    check(node, members, *url, options.to);
}

}  // namespace

void read_proxy_target(const ConfigNode& node, ForwardOptions& options) {
    if (node.is_map()) {
        ConfigMap map{node};
        if (!map.has("file")) {
            return read_parts(map, options);
        }
        map.take_all();
    }
    if (const auto address = node.secret()) {
        check(node, {}, *address, options.to);
    }
}

}  // namespace warren::app
