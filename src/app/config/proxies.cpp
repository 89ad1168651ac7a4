#include "app/config/port_collision.hpp"
#include "app/config/sections.hpp"
#include "app/proxy_buffer.hpp"
#include "endpoint/address/address.hpp"
#include "endpoint/proxy/proxy_plan.hpp"
#include "endpoint/server/shared_queues.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::app {
namespace {

constexpr std::array<std::string_view, 2> reply_words{"carried", "dropped"};
constexpr std::array<std::string_view, 2> call_words{"answered", "one_way"};
constexpr std::uint64_t entries_max = std::uint64_t{1} << 40;
constexpr std::uint64_t bytes_max = std::uint64_t{1} << 50;

/// out  without an address where there is none, which is said
ListenerEntry read_from(const ConfigNode& node, const Config& config) {
    if (node.is_map()) {
        return read_listener(node, config).value_or(ListenerEntry{});
    }
    ListenerEntry listener{.line = node.line(), .path = node.path()};
    listener.options.url = node.text().value_or("");
    listener.options.origin = node.source_location();
    if (!listener.options.url.empty()) {
        check_port(node, listened_endpoints(listener.options), config);
    }
    if (const auto from =
            endpoint::parse_address(listener.options.url, endpoint::AddressRole::listener)) {
        check_paths(node, *from);
    }
    return listener;
}

BufferOptions read_buffer(const ConfigNode& node) {
    BufferOptions buffer;
    ConfigMap map{node};
    if (const auto file = map.find("file")) {
        buffer.file = file->file_path().value_or("");
        std::error_code error;
        // A bare name has none, and means the working directory.
        if (const auto directory = std::filesystem::absolute(buffer.file, error).parent_path();
            !directory.empty() && !std::filesystem::is_directory(directory, error)) {
            file->fail("there is no directory '" + directory.string() + "'");
        }
    }
    map.read_count("entries_max", buffer.entries_max, entries_max);
    map.read_count("bytes_max", buffer.bytes_max, bytes_max);
    map.read_count("failed_entries_max", buffer.failed_entries_max, entries_max);
    map.read_count("failed_bytes_max", buffer.failed_bytes_max, bytes_max);
    return buffer;
}

/// `buffered`, and `buffer` with its details.
void read_buffering(ConfigMap& map, ForwardOptions& options) {
    const auto buffered = map.find("buffered");
    const auto buffer = map.find("buffer");
    const bool is_buffered = buffered ? buffered->boolean().value_or(false) : buffer.has_value();
    if (buffer) {
        options.buffer = read_buffer(*buffer);
        if (!is_buffered) {
            buffer->fail("stands beside 'buffered: false'");
        }
    } else if (is_buffered) {
        options.buffer.emplace();
    }
    if (const auto reply = map.find("reply");
        reply && options.buffer && options.replies == ForwardReplies::carried) {
        reply->fail("a buffered proxy answers before there is a reply to carry");
    }
}

/// All but what depends on other proxies.
/// out  target: where it says where calls go
ProxyEntry read_proxy(const ConfigNode& node, const Config& config,
                      std::optional<ConfigNode>& target) {
    ConfigMap map{node};
    ProxyEntry proxy;
    if (const auto from = map.require("from")) {
        proxy.from = read_from(*from, config);
    }
    target = map.require("to");
    if (target) {
        read_proxy_target(*target, proxy.to);
    }
    map.read("name", proxy.to.name, &ConfigNode::text);
    map.read_word("reply", proxy.to.replies, reply_words);
    map.read_word("calls", proxy.to.calls, call_words);
    read_buffering(map, proxy.to);
    map.read("timeout", proxy.to.client.timeout, &ConfigNode::duration);
    return proxy;
}

/// Hold a proxy against those before it.
void check_proxy(const ConfigNode& node, ProxyEntry& proxy, const Config& config,
                 std::vector<endpoint::ListenerConfig>& plans) {
    if (proxy.from.options.url.empty() || proxy.to.to.empty()) {
        return;  // which was said
    }
    const auto from = endpoint::resolve_listener(proxy.from.options);
    for (const ListenerEntry& listener : config.listeners) {
        const auto plan = endpoint::resolve_listener(listener.options);
        if (from && plan && endpoint::share_queue(*from, *plan)) {
            return node.fail("takes the queue that is served by " + listener.path + " in line " +
                             std::to_string(listener.line) +
                             ": each would get requests of the other");
        }
    }
    if (const auto chosen = choose_buffer_file(proxy.from.options, proxy.to); !chosen) {
        return node.fail(chosen.error());
    }
    if (const auto problem = find_buffer_problem(proxy.to)) {
        return node.fail(*problem);
    }
    if (const auto added = endpoint::add_proxy(plans, proxy.from.options, proxy.to); !added) {
        node.fail(added.error().message);
    }
}

}  // namespace

void read_proxies(ConfigMap& root, Config& config) {
    const auto proxies = root.find("proxies");
    if (!proxies) {
        return;
    }
    if (config.server.replies == ServerReplies::mock) {
        proxies->fail("stands beside 'mock', but a proxy knows no method to make answers up for");
    }
    std::vector<endpoint::ListenerConfig> plans;
    for (const ConfigNode& item : proxies->items()) {
        std::optional<ConfigNode> target;
        ProxyEntry proxy = read_proxy(item, config, target);
        check_proxy(item, proxy, config, plans);
        config.proxies.push_back(std::move(proxy));
        if (target) {
            // Where it listens itself is taken, too.
            ProxyEntry& added = config.proxies.back();
            auto endpoints = published_endpoints(added.to.to);
            check_port(*target, endpoints, config);
            added.publishes = {std::move(endpoints), target->line(), target->path()};
        }
    }
}

}  // namespace warren::app
