#include "app/contract_source.hpp"

#include "app/config/config.hpp"
#include "app/contract_listeners.hpp"
#include "app/exit_code.hpp"
#include "app/methods_loading.hpp"
#include "app/read_file.hpp"
#include "contract/registered.hpp"

#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

namespace warren::app {
namespace {

constexpr std::size_t document_bytes_max = std::size_t{1} << 30;

void print(const std::string& problem) {
    std::fprintf(stderr, "error: %s\n", problem.c_str());
}

std::expected<contract::Document, int> read_document(const std::string& file) {
    const auto text = read_file(file, document_bytes_max);
    if (!text) {
        print(file + " cannot be read: " + text.error());
        return std::unexpected{exit_configuration};
    }
    if (text->size() > document_bytes_max) {
        print(file + ": over 1 GiB: not a contract document");
        return std::unexpected{exit_configuration};
    }
    auto document = contract::from_json(*text);
    if (!document) {
        print(file + ": " + document.error().message);
        for (const FieldError& error : document.error().errors) {
            const std::string place = to_string(error.location);
            print(file + ": " + place + (place.empty() ? "" : ": ") + error.message);
        }
        return std::unexpected{exit_configuration};
    }
    return std::move(*document);
}

std::expected<contract::Document, int> load(const std::vector<DirectoryEntry>& directories) {
    Registry registry;
    const auto problems = load_modules(directories, registry);
    for (const LoadingProblem& problem : problems) {
        print(problem.text);
    }
    if (!problems.empty()) {
        return std::unexpected{exit_configuration};
    }
    return contract::document_of(registry.all());
}

std::expected<contract::Document, int> read_configured(const ContractSource& source) {
    std::vector<std::string> problems;
    Config config = read_config(*source.config_file, std::nullopt, problems);
    Registry registry;
    if (problems.empty()) {
        problems = load_methods(config, source.modules, registry);
    }
    for (const std::string& problem : problems) {
        print(problem);
    }
    if (!problems.empty()) {
        return std::unexpected{exit_configuration};
    }
    contract::Document document = contract::document_of(registry.all());
    add_listeners(config, registry, document);
    return document;
}

}  // namespace

void add_contract_source(CLI::App& command, ContractSource& source) {
    auto* const place =
        command.add_option("place", source.place, "A contract document, or a directory of modules");
    auto* const modules =
        command.add_option("--modules", source.modules, "A directory of modules; may be repeated")
            ->allow_extra_args(false);
    auto* const config = command.add_option("--config,--config-file-path", source.config_file,
                                            "Take modules and listeners from this configuration");
    place->excludes(modules);
    place->excludes(config);
}

std::expected<contract::Document, int> read_contract(const ContractSource& source) {
    if (source.place) {
        return read_contract(*source.place);
    }
    return source.config_file ? read_configured(source)
                              : load(module_directories({}, source.modules));
}

std::expected<contract::Document, int> read_contract(const std::string& place) {
    std::error_code error;
    if (std::filesystem::is_directory(place, error)) {
        return load({{.path = place}});
    }
    return read_document(place);
}

}  // namespace warren::app
