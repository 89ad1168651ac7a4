#include "app/commands.hpp"
#include "app/config/config.hpp"
#include "app/exit_code.hpp"
#include "app/methods_loading.hpp"
#include "app/type_text.hpp"
#include "contract/registered.hpp"
#include "docs/schemas.hpp"
#include "format/json/json.hpp"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::app {
namespace {

struct MethodsOptions {
    std::vector<std::string> modules;
    std::optional<std::string> config_file;
    bool json = false;
};

std::string lock_text(const Method& method) {
    switch (method.locking) {
    case Locking::none:
        return {};
    case Locking::field:
        return method.lock_field->name;
    case Locking::alone:
        return "(runs alone)";
    }
    return {};
}

void print_text(const Method& method) {
    std::printf("%s\n", method.name.c_str());
    if (!method.description.empty()) {
        std::printf("    %s\n", method.description.c_str());
    }
    std::printf("    module: %s\n", method.origin.c_str());
    if (const std::string lock = lock_text(method); !lock.empty()) {
        std::printf("    lock: %s\n", lock.c_str());
    }
    std::printf("    request: %s", describe_type(*method.request).c_str());
    std::printf("    response: %s", describe_type(*method.response).c_str());
}

Dynamic to_data(const Method& method, const contract::Document& document) {
    const contract::MethodDocument& told = *document.find_method(method.name);
    const std::string lock = lock_text(method);
    return Dynamic::map({{"name", method.name},
                         {"description", method.description},
                         {"module", method.origin},
                         {"lock", lock.empty() ? Dynamic{} : Dynamic{lock}},
                         {"idempotent", method.idempotent},
                         {"request_model", docs::schema_of(document, told.request)},
                         {"response_model", docs::schema_of(document, told.response)}});
}

int methods(const MethodsOptions& options) {
    std::vector<DirectoryEntry> configured;
    if (options.config_file) {
        auto config = load_config(*options.config_file);
        if (!config) {
            for (const std::string& problem : config.error()) {
                std::fprintf(stderr, "error: %s\n", problem.c_str());
            }
            return exit_configuration;
        }
        configured = std::move(config->modules);
    }

    Registry registry;
    const auto problems =
        load_modules(module_directories(std::move(configured), options.modules), registry);
    for (const LoadingProblem& problem : problems) {
        std::fprintf(stderr, "error: %s\n", problem.text.c_str());
    }
    const contract::Document document = contract::document_of(registry.all());
    std::vector<Value> items;
    std::vector<Dynamic> data;
    for (const Method* method : registry.all()) {
        if (options.json) {
            items.push_back(data.emplace_back(to_data(*method, document)).value());
        } else {
            print_text(*method);
        }
    }
    if (options.json) {
        std::string text;
        if (!format::json_encode_pretty(Value::list(items), text)) {
            std::fprintf(stderr, "error: internal: some schema has no form in JSON\n");
            return exit_internal;
        }
        std::printf("%s\n", text.c_str());
    }
    return problems.empty() ? exit_success : exit_configuration;
}

}  // namespace

void add_methods(CLI::App& program, Action& action) {
    CLI::App* command =
        program.add_subcommand("methods", "List what modules offer, with requests and responses.");
    const auto options = std::make_shared<MethodsOptions>();
    command->add_option("--modules", options->modules, "A directory of modules; may be repeated")
        ->allow_extra_args(false);
    command->add_option("--config,--config-file-path", options->config_file,
                        "Take the modules' directories from this configuration, too");
    command->add_flag("--json", options->json, "As JSON, the models as JSON Schemas");
    command->callback([&action, options] { action = [options] { return methods(*options); }; });
}

}  // namespace warren::app
