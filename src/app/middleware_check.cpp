#include "app/config/suggest.hpp"
#include "app/middleware.hpp"
#include "endpoint/server/shutdown_method.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace warren::app {
namespace {

/// The names of methods that calls can be of.
struct Names {
    std::set<std::string, std::less<>> known{};
    bool are_any = false;  // a proxy forwards whatever is asked for
};

Names names_of(const ListenerEntry& listener, const Registry& registry) {
    Names names;
    for (const MethodEntry& method : listener.methods) {
        names.known.insert(method.name);
    }
    if (listener.methods.empty()) {
        for (const Method* const method : registry.all()) {
            names.known.insert(method->name);
        }
    }
    if (listener.options.zmq.allow_shutdown) {
        names.known.emplace(endpoint::shutdown_name);
    }
    return names;
}

Names forwarded_names_of(const ListenerEntry& from) {
    Names names{.are_any = from.options.methods.empty()};
    names.known.insert(from.options.methods.begin(), from.options.methods.end());
    return names;
}

class Check {
public:
    explicit Check(const Config& config) : config_{config} {}

    void check(const MiddlewareConfig& middleware, const Names& names) {
        check_methods(middleware.audit.methods, names, false);
        check_methods(middleware.allow.methods, names, true);
        check_methods(middleware.rate.methods, names, true);
    }
    /// Whether somebody may call each method.
    void check_allowed(const ListenerEntry& listener, const Names& names) {
        const auto& own = listener.middleware.allow;
        const auto& allow = own.is_said ? own : config_.middleware.allow;
        if (!allow.options || allow.options->dry_run || allow.options->methods.contains("*")) {
            return;
        }
        for (const std::string& name : names.known) {
            if (!allow.options->methods.contains(name)) {
                found_.notes.push_back(place(listener.line, listener.path) +
                                       ": nobody may call the method '" + name +
                                       "': 'allow' names neither it nor '*'");
            }
        }
    }
    MiddlewareFindings found() && { return std::move(found_); }

private:
    std::string place(std::size_t line, const std::string& path) const {
        return config_.file + ":" + std::to_string(line) + ": " + path;
    }
    void check_methods(const std::vector<MethodEntry>& methods, const Names& names,
                       bool has_others) {
        for (const MethodEntry& method : methods) {
            if (names.are_any || names.known.contains(method.name) ||
                (has_others && method.name == "*")) {
                continue;
            }
            const std::vector<std::string_view> known{names.known.begin(), names.known.end()};
            found_.problems.push_back(place(method.line, method.path) + ": the method '" +
                                      method.name + "' is not served here" +
                                      suggest(method.name, known) + ": name one that is" +
                                      (has_others ? ", or '*' for all others" : ""));
        }
    }

    const Config& config_;
    MiddlewareFindings found_;
};

}  // namespace

MiddlewareFindings check_middleware(const Config& config, const Registry& registry) {
    Check check{config};
    Names all;
    const auto look_at = [&](const ListenerEntry& listener, const Names& names) {
        check.check(listener.middleware, names);
        check.check_allowed(listener, names);
        all.known.insert(names.known.begin(), names.known.end());
        all.are_any |= names.are_any;
    };
    for (const ListenerEntry& listener : config.listeners) {
        look_at(listener, names_of(listener, registry));
    }
    for (const ProxyEntry& proxy : config.proxies) {
        look_at(proxy.from, forwarded_names_of(proxy.from));
    }
    check.check(config.middleware, all);
    return std::move(check).found();
}

}  // namespace warren::app
