#include "app/config/sections.hpp"
#include "core/percent.hpp"
#include "core/uri.hpp"

#include <algorithm>
#include <cstdint>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>

namespace warren::app {
namespace {

constexpr std::uint64_t port_max = 65'535;
constexpr std::uint64_t simultaneous_requests_max = 65'535;

struct Broker {
    std::string host;
    std::string username;
    std::string password;
    std::string password_file;  // instead of it
    std::optional<std::uint64_t> port;
    bool ssl = false;

    std::string url(const std::string& virtual_host) const {
        std::string text = ssl ? "amqps://" : "amqp://";
        text += core::percent_encode(username);
        text += password_file.empty() ? ":" + core::percent_encode(password) + "@" : "@";
        std::string_view separator;
        for (const auto part : std::views::split(host, ',')) {
            const std::string node{std::string_view{part}};
            text.append(separator).append(node.contains(':') ? "[" + node + "]" : node);
            text += port ? ":" + std::to_string(*port) : "";
            separator = ",";
        }
        text += "/" + core::percent_encode(virtual_host);
        if (!password_file.empty()) {
            text += "?password_file=" + core::percent_encode(password_file);
        }
        return text;
    }
};

std::optional<Broker> read_broker(const ConfigNode& node) {
    ConfigMap map{node};
    const auto host = map.require("host");
    const auto username = map.require("username");
    const auto password = map.require("password");
    const auto port = map.find("port");
    const auto ssl = map.find("ssl");
    const auto host_text = host ? host->text() : std::nullopt;
    const auto username_text = username ? username->text() : std::nullopt;
    const auto password_text = password ? password->secret() : std::nullopt;
    const bool has_port = port && !port->is_null();
    const auto port_number = has_port ? port->whole_number(1, port_max) : std::nullopt;
    const auto ssl_truth = ssl && !ssl->is_null() ? ssl->boolean() : std::optional{false};
    if (!host_text || !username_text || !password_text || !ssl_truth ||
        (has_port && !port_number)) {
        return std::nullopt;
    }
    return Broker{*host_text,     *username_text,
                  *password_text, password->is_map() ? password->secret_file().value_or("") : "",
                  port_number,    *ssl_truth};
}

void read_virtual_host(const std::string& name, const ConfigNode& node,
                       const std::optional<Broker>& broker, Config& config) {
    ConfigMap map{node};
    if (!node.is_map()) {
        return;
    }
    ListenerEntry listener{.line = node.line(), .path = node.path(), .virtual_host = name};
    if (const auto queue = map.require("queue")) {
        listener.options.queue.name = queue->text().value_or("");
    }
    if (const auto key = map.find("fernet_key")) {
        read_fernet_key(*key, listener);
    }
    if (const auto limit = map.find("max_simultaneous_requests"); limit && !limit->is_null()) {
        listener.options.max_simultaneous_requests =
            limit->whole_number(1, simultaneous_requests_max);
    }
    if (const auto exchanges = map.require("exchanges")) {
        read_exchanges(*exchanges, listener);
    }
    if (broker && !listener.options.queue.name.empty()) {
        listener.options.url = broker->url(name);
        check_listener(node, listener);
    }
    config.listeners.push_back(std::move(listener));
}

void keep_only(const ConfigNode& at, const std::string& wanted, Config& config) {
    std::string names;
    for (const ListenerEntry& listener : config.listeners) {
        names += (names.empty() ? "'" : ", '") + listener.virtual_host + "'";
    }
    std::erase_if(config.listeners,
                  [&](const ListenerEntry& listener) { return listener.virtual_host != wanted; });
    if (config.listeners.empty()) {
        at.fail("has no virtual host '" + wanted + "'; there are: " + names);
    }
}

}  // namespace

void read_virtual_hosts(ConfigMap& root, const std::optional<std::string>& wanted, Config& config) {
    std::optional<Broker> broker;
    if (const auto server = root.require("server")) {
        broker = read_broker(*server);
    }
    const auto hosts = root.require("virtual_hosts");
    if (!hosts) {
        return;
    }
    {
        ConfigMap map{*hosts};
        for (const auto& [name, node] : map.take_all()) {
            read_virtual_host(name, node, broker, config);
        }
    }
    if (hosts->is_map() && config.listeners.empty()) {
        hosts->fail("must not be empty");
    } else if (wanted) {
        keep_only(*hosts, *wanted, config);
    }
}

}  // namespace warren::app
