#include "app/config/sections.hpp"

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace warren::app {
namespace {

constexpr std::uint64_t rate_calls_max = std::numeric_limits<std::uint32_t>::max();

/// An identity, or `~` for who has none.
void add_caller(const ConfigNode& node, std::vector<std::string>& callers) {
    if (node.is_null()) {
        callers.emplace_back();
    } else if (auto caller = node.text()) {
        callers.push_back(std::move(*caller));
    }
}

/// Of `methods`: each with what is said of it.
template <typename Read>
void read_each_method(ConfigMap& map, std::vector<MethodEntry>& named, Read read) {
    const auto methods = map.require("methods");
    if (!methods) {
        return;
    }
    ConfigMap members{*methods};
    for (const auto& [name, value] : members.take_all()) {
        named.push_back({name, value.line(), value.path()});
        read(name, value);
    }
    if (methods->is_map() && named.empty()) {
        methods->fail("must not be empty");
    }
}

AllowOptions read_allow(const ConfigNode& node, std::vector<MethodEntry>& named) {
    ConfigMap map{node};
    AllowOptions options;
    read_each_method(map, named, [&](const std::string& name, const ConfigNode& callers) {
        std::vector<std::string>& allowed = options.methods[name];
        if (!callers.is_list()) {
            return add_caller(callers, allowed);
        }
        for (const ConfigNode& caller : callers.items()) {
            add_caller(caller, allowed);
        }
    });
    map.read("dry_run", options.dry_run, &ConfigNode::boolean);
    return options;
}

RateLimit read_limit(const ConfigNode& node) {
    ConfigMap map{node};
    RateLimit limit;
    map.require("calls");
    map.read_count("calls", limit.calls, rate_calls_max);
    map.read("per", limit.per, &ConfigNode::duration);
    map.read_count("burst", limit.burst, rate_calls_max);
    return limit;
}

RateOptions read_rate(const ConfigNode& node, std::vector<MethodEntry>& named) {
    ConfigMap map{node};
    RateOptions options;
    map.read_count("callers_max", options.callers_max, std::uint64_t{1} << 24);
    read_each_method(map, named, [&](const std::string& name, const ConfigNode& value) {
        options.methods[name] = read_limit(value);
        try {
            rate({.methods = {{name, options.methods[name]}}});
        } catch (const Error& error) {
            value.fail(error.message());
        }
    });
    return options;
}

AuditOptions read_audit(const ConfigNode& node, std::vector<MethodEntry>& named) {
    ConfigMap map{node};
    AuditOptions options;
    if (const auto file = map.find("file")) {
        options.file = file->file_path().value_or("");
        std::error_code error;
        const auto folder = std::filesystem::path{options.file}.parent_path();
        if (!folder.empty() && !std::filesystem::is_directory(folder, error)) {
            file->fail("there is no directory '" + folder.string() + "'");
        } else if (std::filesystem::is_directory(options.file, error)) {
            file->fail("is a directory");
        }
    }
    if (const auto methods = map.find("methods")) {
        for (const ConfigNode& item : methods->items()) {
            if (auto name = item.text()) {
                named.push_back({*name, item.line(), item.path()});
                options.methods.push_back(std::move(*name));
            }
        }
    }
    map.read_count("waiting_bytes_max", options.waiting_bytes_max, memory_bytes_max);
    return options;
}

/// Its details, or whether it is there at all.
template <typename Options, typename Read>
void read_part(ConfigMap& map, std::string_view key, MiddlewarePart<Options>& part, Read read) {
    const auto node = map.find(key);
    if (!node) {
        return;
    }
    part.is_said = true;
    if (node->is_map()) {
        part.options = read(*node, part.methods);
    } else if (node->boolean().value_or(false)) {
        if constexpr (std::is_same_v<Options, AuditOptions>) {
            part.options.emplace();
        } else {
            node->fail("needs its 'methods'");
        }
    }
}

}  // namespace

void read_middleware(ConfigMap& map, MiddlewareConfig& config) {
    map.read("access_log", config.access_log, &ConfigNode::boolean);
    read_part(map, "audit", config.audit, read_audit);
    read_part(map, "allow", config.allow, read_allow);
    read_part(map, "rate", config.rate, read_rate);
}

}  // namespace warren::app
