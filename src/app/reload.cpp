#include "app/reload.hpp"

#include "app/config/changes.hpp"
#include "app/log.hpp"
#include "app/methods_loading.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace warren::app {
namespace {

std::string joined(const std::vector<std::string>& parts, const char* separator) {
    std::string text;
    for (const std::string& part : parts) {
        text += (text.empty() ? "" : separator) + part;
    }
    return text;
}

/// Where the modules are others nobody knows yet which methods there are.
bool has_modules_of(const Config& running, const Config& wanted) {
    return std::ranges::equal(running.modules, wanted.modules, {}, &DirectoryEntry::path,
                              &DirectoryEntry::path);
}

/// What a listener that runs becomes: its socket, if it was passed one, is in its hands, and what
/// it runs by is kept under its first path.
void take_listener(ListenerEntry& running, ListenerEntry wanted) {
    wanted.options.tcp.listening_socket = running.options.tcp.listening_socket;
    wanted.path = running.path;
    running = std::move(wanted);
}

/// Give each listener that runs what the other configuration has for its place.
void take_listeners(Config& running, Config wanted, const ConfigChanges& changes) {
    for (std::size_t index = 0; index < changes.listeners.size(); ++index) {
        const auto other = changes.listeners[index];
        if (!other) {
            continue;
        }
        const std::size_t listeners = running.listeners.size();
        if (index < listeners) {
            take_listener(running.listeners[index], std::move(wanted.listeners[*other]));
            continue;
        }
        ProxyEntry& proxy = running.proxies[index - listeners];
        ProxyEntry& to_be = wanted.proxies[*other - wanted.listeners.size()];
        take_listener(proxy.from, std::move(to_be.from));
        // A buffer's file is chosen when it is made.
        to_be.to.buffer = proxy.to.buffer;
        proxy.to = std::move(to_be.to);
    }
}

}  // namespace

std::vector<ListenerEntry*> listeners_of(Config& config) {
    std::vector<ListenerEntry*> all;
    all.reserve(config.listeners.size() + config.proxies.size());
    for (ListenerEntry& listener : config.listeners) {
        all.push_back(&listener);
    }
    for (ProxyEntry& proxy : config.proxies) {
        all.push_back(&proxy.from);
    }
    return all;
}

void Reload::run() {
    Log& log = serving_.log->of_handlers();
    const Config& running = serving_.config;
    auto wanted = load_config(running.file, serving_.virtual_host);
    std::vector<std::string> problems =
        wanted ? std::vector<std::string>{} : std::move(wanted.error());
    if (wanted && has_modules_of(running, *wanted)) {
        problems = find_methods(*wanted, serving_.server.methods());
    }
    if (!problems.empty()) {
        return log.error("not reloaded, nothing has changed: " + joined(problems, "; "));
    }
    try {
        take(std::move(*wanted));
    } catch (const Error& error) {
        log.error("not reloaded, nothing has changed: " + error.message());
    }
}

void Reload::take(Config wanted) {
    const ConfigChanges changes = compare(serving_.config, wanted);
    // All is made before anything is taken.
    Config next = serving_.config;
    Middleware middleware = serving_.middleware;
    middleware.set_of_all(wanted.middleware);
    next.middleware = wanted.middleware;
    next.log_level = wanted.log_level;
    next.server.drain_timeout = wanted.server.drain_timeout;
    next.values = changes.values;
    take_listeners(next, std::move(wanted), changes);
    std::vector<ListenerOptions> listeners;
    for (ListenerEntry* const listener : listeners_of(next)) {
        listener->options.interceptors =
            middleware.of(std::to_string(listeners.size()), listener->middleware);
        listeners.push_back(listener->options);
    }
    std::vector<ForwardOptions> forwards;
    std::ranges::transform(next.proxies, std::back_inserter(forwards), &ProxyEntry::to);
    show(*serving_.log, next.log_level);
    try {
        serving_.server.reload(std::move(listeners), std::move(forwards));
    } catch (...) {
        show(*serving_.log, serving_.config.log_level);
        throw;
    }
    serving_.middleware = std::move(middleware);
    serving_.config = std::move(next);
    Log& log = serving_.log->of_handlers();
    if (!changes.need_restart.empty()) {
        log.warning("not reloaded: " + joined(changes.need_restart, ", ") +
                    (changes.need_restart.size() == 1 ? " needs a restart" : " need a restart"));
    }
    log.info("reloaded: " + (changes.applied.empty() ? std::string{"nothing changed"}
                                                     : joined(changes.applied, ", ")));
}

}  // namespace warren::app
