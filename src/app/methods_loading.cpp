#include "app/methods_loading.hpp"

#include "app/config/suggest.hpp"
#include "app/middleware.hpp"
#include "endpoint/modules/modules.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace warren::app {
namespace {

std::vector<std::string_view> names_of(const Registry& registry) {
    std::vector<std::string_view> names;
    for (const Method* method : registry.all()) {
        names.push_back(method->name);
    }
    return names;
}

/// The names of one listener that nobody registered; in `skip` mode they are taken out.
void check_methods(Config& config, ListenerEntry& listener, const Registry& registry,
                   std::vector<std::string>& problems) {
    const bool skip = config.methods_missing == MethodsMissing::skip;
    for (const MethodEntry& method : listener.methods) {
        if (registry.find(method.name) != nullptr) {
            continue;
        }
        const std::vector<std::string_view> known = names_of(registry);
        const std::string text = config.file + ":" + std::to_string(method.line) + ": " +
                                 method.path + ": no module offers the method '" + method.name +
                                 "'" + suggest(method.name, known);
        if (!skip) {
            problems.push_back(text);
            continue;
        }
        config.notes.push_back(text + "; it is not served");
        std::erase(listener.options.methods, method.name);
        std::erase_if(listener.options.queue.exchanges, [&](const ListenerExchange& exchange) {
            return exchange.name == method.name;
        });
    }
    // An empty list would mean every method.
    if (skip && listener.options.methods.empty() && !listener.methods.empty()) {
        problems.push_back(config.file + ":" + std::to_string(listener.line) + ": " +
                           listener.path + ": no method is left to serve");
    }
}

std::vector<DirectoryEntry> module_directories_default() {
    std::error_code error;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error) {
        return {};
    }
    for (const char* folder : {"modules", "../lib/warren/modules"}) {
        const auto directory = (program.parent_path() / folder).lexically_normal();
        if (std::filesystem::is_directory(directory, error)) {
            return {{directory.string(), "modules beside the program"}};
        }
    }
    return {};
}

/// What stands around calls names methods, too.
std::vector<std::string> middleware_problems(Config& config, const Registry& registry) {
    MiddlewareFindings found = check_middleware(config, registry);
    config.notes.insert(config.notes.end(), found.notes.begin(), found.notes.end());
    return std::move(found.problems);
}

}  // namespace

std::vector<DirectoryEntry> module_directories(std::vector<DirectoryEntry> configured,
                                               const std::vector<std::string>& of_command_line) {
    for (const std::string& path : of_command_line) {
        configured.push_back({path, "--modules"});
    }
    return configured.empty() ? module_directories_default() : std::move(configured);
}

std::vector<std::string> load_modules(const std::vector<DirectoryEntry>& directories,
                                      Registry& registry) {
    std::vector<std::string> paths;
    std::ranges::transform(directories, std::back_inserter(paths), &DirectoryEntry::path);
    std::vector<std::string> problems;
    for (const endpoint::ModuleProblem& problem : endpoint::load_modules(paths, registry)) {
        const std::string text = problem.file + ": " + problem.reason;
        const auto directory = std::ranges::find(directories, problem.file, &DirectoryEntry::path);
        const bool is_directory = directory != directories.end();
        problems.push_back(is_directory ? directory->source_location + ": " + text : text);
    }
    return problems;
}

std::vector<std::string> find_methods(Config& config, const Registry& registry) {
    std::vector<std::string> problems;
    for (ListenerEntry& listener : config.listeners) {
        check_methods(config, listener, registry, problems);
    }
    // What is missing is said.
    return problems.empty() ? middleware_problems(config, registry) : problems;
}

std::vector<std::string> load_methods(Config& config,
                                      const std::vector<std::string>& more_directories,
                                      Registry& registry) {
    std::vector<std::string> problems;
    if (config.listeners.empty() && config.modules.empty() && more_directories.empty()) {
        return middleware_problems(config, registry);  // proxies alone need no methods
    }
    const bool skip = config.methods_missing == MethodsMissing::skip;
    const auto unloaded =
        load_modules(module_directories(config.modules, more_directories), registry);
    auto& told = skip ? config.notes : problems;
    told.insert(told.end(), unloaded.begin(), unloaded.end());
    for (ListenerEntry& listener : config.listeners) {
        // Methods of what was not loaded would be missing, which says nothing more.
        if (skip || unloaded.empty()) {
            check_methods(config, listener, registry, problems);
        }
    }
    if (registry.all().empty() && problems.empty() && !config.listeners.empty()) {
        problems.push_back(config.file +
                           ": there is no module, so no method to serve: give "
                           "directories of modules with 'modules' or --modules");
    }
    // What is missing is said.
    return problems.empty() ? middleware_problems(config, registry) : problems;
}

}  // namespace warren::app
