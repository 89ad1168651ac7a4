#include "app/config/changes.hpp"
#include "app/config/config.hpp"
#include "app/config/document.hpp"
#include "app/config/node.hpp"
#include "app/config/sections.hpp"

#include <cstdlib>
#include <utility>

namespace warren::app {
namespace {

void read_root(const YAML::Node& node, const std::optional<std::string>& virtual_host,
               ConfigProblems& problems, Config& config) {
    const bool has_virtual_hosts = node.IsMap() && (node["virtual_hosts"] || node["server"]);
    if (has_virtual_hosts) {
        problems.tolerate();  // as the server does that this shape comes from
    }
    ConfigMap root{ConfigNode{node, "", problems}};
    if (!root.node().is_map()) {
        return;
    }
    if (has_virtual_hosts && root.has("listeners")) {
        root.node().fail(
            "'listeners' and 'server' with 'virtual_hosts' are two shapes: use one of them");
    }
    read_common(root, config);
    if (has_virtual_hosts) {
        read_virtual_hosts(root, virtual_host, config);
        root.find("listeners");
    } else {
        if (virtual_host) {
            root.node().fail(
                "a virtual host's name was given, but there are no 'virtual_hosts': serve these "
                "listeners without one (as a service: warren.service)");
        }
        read_listeners(root, config);
    }
    read_proxies(root, config);
    if (virtual_host) {
        config.proxies.clear();  // that host alone
    }
}

}  // namespace

std::string config_file(const std::optional<std::string>& given) {
    if (given) {
        return *given;
    }
    const char* named = std::getenv("CONFIG_FILE_PATH");
    return named != nullptr && *named != '\0' ? named : config_file_default;
}

Config read_config(const std::string& file, const std::optional<std::string>& virtual_host,
                   std::vector<std::string>& problems) {
    ConfigProblems found{file};
    Config config{.file = file};
    if (const auto node = read_yaml_document(found)) {
        read_root(*node, virtual_host, found, config);
        config.values = config_values(*node, file);
        set_places(config);
    }
    problems = found.lines();
    config.notes.insert(config.notes.end(), found.notes().begin(), found.notes().end());
    return config;
}

std::expected<Config, std::vector<std::string>> load_config(
    const std::string& file, const std::optional<std::string>& virtual_host) {
    std::vector<std::string> problems;
    Config config = read_config(file, virtual_host, problems);
    if (!problems.empty()) {
        return std::unexpected{std::move(problems)};
    }
    return config;
}

}  // namespace warren::app
