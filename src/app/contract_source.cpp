#include "app/contract_source.hpp"

#include <warren/client.hpp>

#include "app/address_option.hpp"
#include "app/command_table.hpp"
#include "app/configured_contract.hpp"
#include "app/exit_code.hpp"
#include "app/methods_loading.hpp"
#include "app/read_file.hpp"
#include "contract/registered.hpp"
#include "endpoint/server/describe_methods.hpp"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

namespace warren::app {
namespace {

constexpr std::size_t document_bytes_max = std::size_t{1} << 30;

void print_problem(const std::string& problem) {
    std::fprintf(stderr, "error: %s\n", problem.c_str());
}

void print_problem(const std::string& where, const Failure& failure) {
    print_problem(where + failure.message);
    for (const FieldError& error : failure.errors) {
        const std::string place = to_string(error.location);
        print_problem(where + place + (place.empty() ? "" : ": ") + error.message);
    }
}

std::expected<contract::Document, int> read_document(const std::string& file) {
    const auto text = read_file(file, document_bytes_max);
    if (!text) {
        print_problem(file + " cannot be read: " + text.error());
        return std::unexpected{exit_configuration};
    }
    if (text->size() > document_bytes_max) {
        print_problem(file + ": over 1 GiB: not a contract document");
        return std::unexpected{exit_configuration};
    }
    auto document = contract::from_json(*text);
    if (!document) {
        print_problem(file + ": ", document.error());
        return std::unexpected{exit_configuration};
    }
    return std::move(*document);
}

bool is_address(std::string_view place) {
    return place.contains("://") || place.starts_with("memory:");
}

/// in  address: with credentials perhaps, and so it is not shown
std::expected<contract::Document, int> ask(const std::string& address,
                                           std::chrono::milliseconds timeout,
                                           const std::vector<std::string>& auth_secrets = {}) {
    try {
        Client client{address, {.auth_secrets = auth_secrets}};
        CallOptions options;
        options.timeout = timeout;
        const Dynamic told = client.call(endpoint::describe_name, Dynamic::map({}), options);
        auto document = contract::from_json(told.to_json());
        if (document) {
            return std::move(*document);
        }
        print_problem("the server says: ", document.error());
    } catch (const Error& error) {
        // At a broker nobody may be bound to the name.
        const bool is_silent = error.code() == Code::no_such_method ||
                               (error.code() == Code::no_responder && address.starts_with("amqp"));
        print_problem({}, error.failure());
        if (is_silent) {
            print_problem(
                "a listener tells what it has with 'describe: true', and by itself only where "
                "this machine alone can ask");
        }
    }
    return std::unexpected{exit_failed};
}

std::expected<contract::Document, int> load(const std::vector<DirectoryEntry>& directories) {
    Registry registry;
    const auto problems = load_modules(directories, registry);
    for (const std::string& problem : problems) {
        print_problem(problem);
    }
    if (!problems.empty()) {
        return std::unexpected{exit_configuration};
    }
    if (registry.all().empty()) {
        for (const DirectoryEntry& directory : directories) {
            print_problem(directory.path + ": there is no module here, and so no method");
        }
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
        print_problem(problem);
    }
    if (!problems.empty()) {
        return std::unexpected{exit_configuration};
    }
    return configured_contract(config, registry);
}

}  // namespace

void add_contract_source(CLI::App& command, ContractSource& source) {
    auto* const place =
        command.add_option("place", source.place, "A contract document, or a directory of modules")
            ->type_name(value_name::place);
    auto* const modules =
        command.add_option("--modules", source.modules, "A directory of modules; may be repeated")
            ->type_name(value_name::directory)
            ->allow_extra_args(false);
    auto* const config = command
                             .add_option("--config,--config-file-path", source.config_file,
                                         "Take modules and listeners from this configuration")
                             ->type_name(value_name::file);
    auto* const from =
        command
            .add_option("--from", source.from,
                        "Ask a server that describes itself, by address; @FILE reads a file")
            ->type_name(value_name::address);
    place->excludes(modules);
    place->excludes(config);
    place->excludes(from);
    from->excludes(modules);
    from->excludes(config);
}

std::expected<contract::Document, int> read_contract(const ContractSource& source) {
    if (source.from) {
        const auto target = read_target(*source.from);
        if (!target) {
            print_problem("--from: " + target.error());
            return std::unexpected{exit_usage};
        }
        const std::string address = address_of(*target);
        return is_address(address) ? ask(address, source.timeout, target->auth_secrets)
                                   : read_contract(address);
    }
    if (source.place) {
        return is_address(*source.place) ? ask(*source.place, source.timeout)
                                         : read_contract(*source.place);
    }
    return source.config_file ? read_configured(source)
                              : load(module_directories({}, source.modules));
}

std::expected<contract::Document, int> read_contract(const std::string& place) {
    if (is_address(place)) {
        return ask(place, ContractSource{}.timeout);
    }
    std::error_code error;
    if (std::filesystem::is_directory(place, error)) {
        return load({{.path = place}});
    }
    return read_document(place);
}

}  // namespace warren::app
