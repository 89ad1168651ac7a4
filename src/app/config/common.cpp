#include "app/config/sections.hpp"

#include "core/duration.hpp"
#include "endpoint/server_needs.hpp"

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
    if (const auto level = map.find("level")) {
        if (const auto word = level->one_of(level_words)) {
            config.log_level = static_cast<LogLevel>(*word);
        }
    }
    if (const auto format = map.find("format")) {
        if (const auto word = format->one_of(format_words)) {
            config.log_format = static_cast<LogFormat>(*word);
        }
    }
}

void read_limits(const ConfigNode& node, ServerOptions& server) {
    ConfigMap map{node};
    const auto read = [&map](const char* key, std::uint64_t greatest, std::size_t& target) {
        if (const auto found = map.find(key)) {
            target = found->whole_number(1, greatest).value_or(target);
        }
    };
    read("body_bytes_max", body_bytes_max, server.body_bytes_max);
    read("nesting_depth_max", depth_max, server.nesting_depth_max);
    read("value_count_max", count_max, server.value_count_max);
    read("lock_waiters_max", count_max, server.lock_waiters_max);
    read("queued_calls_max", count_max, server.queued_calls_max);
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
        read_admin(*admin, config.server);
    }
    if (const auto modules = root.find("modules")) {
        for (const ConfigNode& item : modules->items()) {
            if (auto directory = item.file_path()) {
                config.modules.push_back({std::move(*directory), item.place()});
            }
        }
    }
    if (const auto missing = root.find("methods_missing")) {
        if (const auto word = missing->one_of(missing_words)) {
            config.methods_missing = static_cast<MethodsMissing>(*word);
        }
    }
    if (const auto workers = root.find("workers")) {
        config.server.workers = workers->whole_number(1, threads_max).value_or(0);
    }
    if (const auto spin = root.find("spin_us")) {
        config.server.spin_max =
            std::chrono::microseconds{spin->whole_number(0, spin_us_max).value_or(0)};
    }
    if (const auto timeout = root.find("drain_timeout")) {
        config.server.drain_timeout = timeout->duration().value_or(std::chrono::milliseconds{0});
    }
    if (const auto mock = root.find("mock")) {
        config.server.answers =
            mock->boolean().value_or(false) ? ServerAnswers::made_up : ServerAnswers::by_handlers;
    }
    if (const auto log = root.find("log")) {
        read_log(*log, config);
    }
    if (const auto limits = root.find("limits")) {
        read_limits(*limits, config.server);
    }
}

}  // namespace warren::app
