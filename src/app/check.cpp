#include "app/command_table.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/methods_loading.hpp"
#include "app/module_settings.hpp"
#include "app/output.hpp"
#include "core/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace warren::app {
namespace {

struct CheckOptions {
    std::string file;
    std::optional<std::string> virtual_host;
    std::vector<std::string> modules;
    OutputOptions output;
};

/// What is wrong with the modules, and what is only wrong for those who look ahead.
/// in  is_broken: the configuration is known to have problems; without its directories of modules
///     every method would be missing, which says nothing more
std::vector<std::string> load_problems(Config& config, const CheckOptions& options, bool is_broken,
                                       Registry& registry) {
    std::vector<std::string> problems;
    if (!is_broken || !config.modules.empty() || !options.modules.empty()) {
        problems = load_methods(config, options.modules, registry);
        if (problems.empty()) {
            problems = bind_settings(config, registry);
        }
    }
    const auto add = [&problems](const ListenerEntry& listener) {
        problems.insert(problems.end(), listener.warnings.begin(), listener.warnings.end());
    };
    std::ranges::for_each(config.listeners, add);
    std::ranges::for_each(config.proxies, add, &ProxyEntry::from);
    return problems;
}

Dynamic texts_of(const std::vector<std::string>& texts) {
    Dynamic list = Dynamic::list({});
    for (const std::string& text : texts) {
        list.push_back(Dynamic{core::text_for_display(text, SIZE_MAX)});
    }
    return list;
}

Dynamic record_of(const CheckOptions& options, const Config& config,
                  const std::vector<std::string>& problems, std::size_t methods) {
    return Dynamic::map({{"file", options.file},
                         {"fine", problems.empty()},
                         {"problems", texts_of(problems)},
                         {"notes", texts_of(config.notes)},
                         {"listeners", config.listeners.size()},
                         {"proxies", config.proxies.size()},
                         {"methods", methods}});
}

int check(const CheckOptions& options) {
    std::vector<std::string> problems;
    Config config = read_config(options.file, options.virtual_host, problems);
    Registry registry;
    for (std::string& problem : load_problems(config, options, !problems.empty(), registry)) {
        problems.push_back(std::move(problem));
    }
    if (Output output{options.output}; output.is_data()) {
        output.write_record(record_of(options, config, problems, registry.all().size()));
        return problems.empty() ? exit_success : exit_failed;
    }
    for (const std::string& note : config.notes) {
        std::fprintf(stderr, "note: %s\n", note.c_str());
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
    std::printf("%s: fine: %s, %s%s\n", options.file.c_str(),
                counted(config.listeners.size(), "listener", "listeners").c_str(),
                config.proxies.empty()
                    ? ""
                    : (counted(config.proxies.size(), "proxy", "proxies") + ", ").c_str(),
                counted(registry.all().size(), "method", "methods").c_str());
    return exit_success;
}

}  // namespace

void add_check(CLI::App& program, Action& action) {
    CLI::App* command = program.add_subcommand(
        "check", "Report everything that is wrong with a configuration and its modules.");
    const auto options = std::make_shared<CheckOptions>();
    command->add_option("file", options->file, "The configuration")
        ->required()
        ->type_name(value_name::file);
    command->add_option("--virtual-host-name", options->virtual_host, "Check this one alone");
    command->add_option("--modules", options->modules, "A further directory of modules")
        ->type_name(value_name::directory)
        ->allow_extra_args(false);
    add_output(*command, options->output,
               {OutputFormat::text, OutputFormat::json, OutputFormat::yaml});
    command->callback([&action, options] { action = [options] { return check(*options); }; });
}

}  // namespace warren::app
