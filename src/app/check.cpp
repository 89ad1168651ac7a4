#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/methods_loading.hpp"

namespace warren::app {
namespace {

struct CheckOptions {
    std::string file;
    std::optional<std::string> virtual_host;
    std::vector<std::string> modules;
};

int check(const CheckOptions& options) {
    std::vector<std::string> problems;
    auto config = load_config(options.file, options.virtual_host);
    Registry registry;
    if (!config) {
        problems = std::move(config.error());
    } else {
        problems = load_methods(*config, options.modules, registry);
        for (const ConfiguredListener& listener : config->listeners) {
            problems.insert(problems.end(), listener.warnings.begin(), listener.warnings.end());
        }
        for (const std::string& note : config->notes) {
            std::fprintf(stderr, "note: %s\n", note.c_str());
        }
    }
    for (const std::string& problem : problems) {
        std::printf("%s\n", problem.c_str());
    }
    if (!problems.empty()) {
        return exit_failed;
    }
    const auto counted = [](std::size_t count, const std::string& one, const std::string& many) {
        return std::to_string(count) + " " + (count == 1 ? one : many);
    };
    std::printf("%s: fine: %s, %s%zu methods\n", options.file.c_str(),
                counted(config->listeners.size(), "listener", "listeners").c_str(),
                config->proxies.empty()
                    ? ""
                    : (counted(config->proxies.size(), "proxy", "proxies") + ", ").c_str(),
                registry.all().size());
    return exit_success;
}

}  // namespace

void add_check(CLI::App& program, Action& action) {
    CLI::App* command = program.add_subcommand(
        "check", "Report everything that is wrong with a configuration and its modules.");
    const auto options = std::make_shared<CheckOptions>();
    command->add_option("file", options->file, "The configuration")->required();
    command->add_option("--virtual-host-name", options->virtual_host, "Check this one alone");
    command->add_option("--modules", options->modules, "A further directory of modules")
        ->allow_extra_args(false);
    command->callback([&action, options] { action = [options] { return check(*options); }; });
}

}  // namespace warren::app
