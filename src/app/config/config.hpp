#pragma once

#include <warren/call_log.hpp>
#include <warren/context.hpp>
#include <warren/forward.hpp>
#include <warren/listener.hpp>
#include <warren/middleware.hpp>
#include <warren/server.hpp>
#include <warren/tracing.hpp>

#include "app/config/problems.hpp"
#include "app/config/values.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace warren::app {

enum class MethodsMissing : std::uint8_t { refuse, skip };
enum class LogFormat : std::uint8_t { text, json };

/// Where a method's name stands, for what can only be checked once modules are loaded.
struct MethodEntry {
    std::string name{};
    std::size_t line = 0;
    std::string path{};
};

/// One part of what stands around calls, as one place says it.
template <typename Options>
struct MiddlewarePart {
    bool is_said = false;
    std::optional<Options> options{};    // none: there is no such part
    std::vector<MethodEntry> methods{};  // that it names
};

/// What stands around calls, outermost first: of a listener, or of all that say nothing of it.
struct MiddlewareConfig {
    std::optional<bool> access_log{};
    MiddlewarePart<AuditOptions> audit{};
    MiddlewarePart<AllowOptions> allow{};
    MiddlewarePart<RateOptions> rate{};
};

struct ListenerEntry {
    ListenerOptions options{};
    std::vector<MethodEntry> methods{};
    std::size_t line = 0;
    std::string path{};
    std::vector<std::string> warnings{};  // as problems, of what can be served all the same
    std::string virtual_host{};           // of the shape of virtual hosts: its key there
    std::string socket_name{};            // of a socket that systemd passes; empty: of no such
    MiddlewareConfig middleware{};
    std::string place{};  // by which it is known again in another configuration: see `set_places`
};

/// Where a proxy publishes on this machine.
struct PublishingEntry {
    std::vector<std::string> endpoints{};  // as `listened_endpoints`
    std::size_t line = 0;
    std::string path{};
};

/// A listener whose calls are forwarded.
struct ProxyEntry {
    ListenerEntry from;
    ForwardOptions to;
    PublishingEntry publishes{};
};

/// What calls from the pages of the documentation come to.
enum class TryWay : std::uint8_t { mock, call };

/// Where the documentation of what is served is served.
struct DocsEntry {
    std::string host = "127.0.0.1";  // "*": every address of this machine
    std::uint16_t port = 9012;       // 0: a free one
    std::string title{};             // empty: the default
    std::optional<TryWay> try_it{};  // none: nothing can be called from the pages
    std::vector<std::string> public_hosts{};
    std::string source_location{};  // as that of `DirectoryEntry`
};

struct DirectoryEntry {
    std::string path{};
    std::string source_location{};  // where it was said, such as "warren.yml:1: modules[0]"
};

/// What a configuration says to one module: `settings: {NAME: ...}`.
struct SettingsEntry {
    std::string name{};
    YAML::Node node{};
    std::string path{};
};

/// What `warren serve` is to do, from one file.
struct Config {
    std::string file{};
    std::vector<DirectoryEntry> modules{};  // none: see `module_directories_default`
    MethodsMissing methods_missing = MethodsMissing::refuse;
    std::vector<ListenerEntry> listeners{};
    std::vector<ProxyEntry> proxies{};
    ServerOptions server{};
    std::string admin_socket_name{};  // as that of `ListenerEntry`
    MiddlewareConfig middleware{};
    std::optional<TracerOptions> tracing{};      // none: there is none
    std::optional<CallLogOptions> log_server{};  // none: calls are recorded nowhere
    std::optional<DocsEntry> docs{};
    std::vector<SettingsEntry> settings{};
    LogLevel log_level = LogLevel::info;
    LogFormat log_format = LogFormat::text;
    std::vector<std::string> notes{};  // what is accepted and has no effect
    ConfigValues values{};             // what all of that was read from
};

inline constexpr char config_file_default[] = "/etc/warren/warren.yml";

/// The file to read: the one given, or CONFIG_FILE_PATH's, or the default.
std::string config_file(const std::optional<std::string>& given);

/// As `load_config`; a configuration with problems is read as far as it could be.
Config read_config(const std::string& file, const std::optional<std::string>& virtual_host,
                   std::vector<std::string>& problems);

/// Read a configuration in either shape: Warren's own (`listeners`), or that of virtual hosts
/// (`server` and `virtual_hosts`).
/// in   virtual_host: the only one to serve, of the second shape
/// err  every problem at once, a line of text each
std::expected<Config, std::vector<std::string>> load_config(
    const std::string& file, const std::optional<std::string>& virtual_host = std::nullopt);

}  // namespace warren::app
