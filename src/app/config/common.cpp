#include "app/config/sections.hpp"
#include "core/duration.hpp"
#include "endpoint/server/server_sizing.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace warren::app {
namespace {

constexpr std::uint64_t threads_max = 4096;
constexpr std::uint64_t spin_us_max = 1000;
constexpr std::uint64_t body_bytes_max = std::uint64_t{2} << 30;
constexpr std::uint64_t depth_max = 10'000;
constexpr std::uint64_t count_max = std::uint64_t{1} << 30;

constexpr std::array<std::string_view, 2> missing_words{"refuse", "skip"};
constexpr std::array<std::string_view, 4> level_words{"debug", "info", "warning", "error"};
constexpr std::array<std::string_view, 2> format_words{"text", "json"};

void read_log(const ConfigNode& node, Config& config) {
    ConfigMap map{node};
    map.read_word("level", config.log_level, level_words);
    map.read_word("format", config.log_format, format_words);
}

void read_limits(const ConfigNode& node, ServerOptions& server) {
    ConfigMap map{node};
    map.read_count("body_bytes_max", server.body_bytes_max, body_bytes_max);
    map.read_count("nesting_depth_max", server.nesting_depth_max, depth_max);
    map.read_count("value_count_max", server.value_count_max, count_max);
    map.read_count("lock_waiters_max", server.lock_waiters_max, count_max);
    map.read_count("queued_calls_max", server.queued_calls_max, count_max);
    if (const auto ahead = map.find("auth_clock_ahead_max")) {
        server.auth_clock_ahead_max = ahead->duration().value_or(server.auth_clock_ahead_max);
        if (server.auth_clock_ahead_max > endpoint::auth_clock_ahead_limit) {
            ahead->fail("must be at most " + core::to_string(std::chrono::milliseconds{
                                                 endpoint::auth_clock_ahead_limit}));
        }
    }
}

}  // namespace

void read_common(ConfigMap& root, Config& config) {
    if (const auto admin = root.find("admin")) {
        read_admin(*admin, config);
    }
    if (const auto store = root.find("store")) {
        read_store(*store, config.server);
    }
    if (const auto docs = root.find("docs")) {
        read_docs(*docs, config);
    }
    if (const auto modules = root.find("modules")) {
        for (const ConfigNode& item : modules->items()) {
            if (auto directory = item.file_path()) {
                config.modules.push_back({std::move(*directory), item.source_location()});
            }
        }
    }
    if (const auto settings = root.find("settings")) {
        for (const auto& [name, section] : ConfigMap{*settings}.take_all()) {
            config.settings.push_back({name, section.yaml(), section.path()});
        }
    }
    root.read_word("methods_missing", config.methods_missing, missing_words);
    root.read_count("workers", config.server.workers, threads_max);
    if (const auto spin = root.find("spin_us")) {
        config.server.spin_max =
            std::chrono::microseconds{spin->whole_number(0, spin_us_max).value_or(0)};
    }
    root.read("drain_delay", config.server.drain_delay, &ConfigNode::duration);
    root.read("drain_timeout", config.server.drain_timeout, &ConfigNode::duration);
    if (const auto mock = root.find("mock")) {
        config.server.replies =
            mock->boolean().value_or(false) ? ServerReplies::mock : ServerReplies::by_handlers;
    }
    if (const auto log = root.find("log")) {
        read_log(*log, config);
    }
    read_middleware(root, config.middleware);
    if (const auto tracing = root.find("tracing")) {
        read_tracing(*tracing, config);
    }
    if (const auto log_server = root.find("log_server"); log_server && !log_server->is_null()) {
        read_log_server(*log_server, config);
    }
    if (const auto limits = root.find("limits")) {
        read_limits(*limits, config.server);
    }
}

}  // namespace warren::app
