#include "app/command_table.hpp"
#include "app/commands.hpp"
#include "app/contract_source.hpp"
#include "app/exit_code.hpp"
#include "docs/cpp_models.hpp"
#include "docs/files.hpp"
#include "docs/python_models.hpp"
#include "docs/typescript_models.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace warren::app {
namespace {

struct ModelsOptions {
    ContractSource source{};
    std::string language{};
    std::string directory{};
    int pydantic = 1;
};

int refuse_models(const Failure& failure) {
    std::fprintf(stderr, "error: %s\n", failure.message.c_str());
    return exit_failed;
}

std::vector<docs::OutputFile> python_files(const contract::Document& document, int pydantic) {
    return docs::python_models(document, pydantic == 1 ? docs::Pydantic::v1 : docs::Pydantic::v2);
}

int write_models(const ModelsOptions& options) {
    const auto document = read_contract(options.source);
    if (!document) {
        return document.error();
    }
    const auto files = options.language == "python" ? python_files(*document, options.pydantic)
                       : options.language == "typescript" ? docs::typescript_models(*document)
                                                          : docs::cpp_models(*document);
    if (const auto written = docs::write_files(options.directory, files); !written) {
        return refuse_models(written.error());
    }
    return exit_success;
}

/// As the documentation server of the cyberfusion consumer had it: a new directory, whose name it
/// prints.
int create_client_models(const ModelsOptions& options) {
    const auto document = read_contract(options.source);
    if (!document) {
        return document.error();
    }
    std::error_code error;
    std::string directory =
        (std::filesystem::temp_directory_path(error) / "client-models-XXXXXX").native();
    if (error || ::mkdtemp(directory.data()) == nullptr) {
        std::fprintf(stderr, "error: there is no directory for temporary files (TMPDIR)\n");
        return exit_failed;
    }
    const auto written = docs::write_files(directory, python_files(*document, options.pydantic));
    if (!written) {
        std::filesystem::remove(directory, error);
        return refuse_models(written.error());
    }
    std::printf("%s\n", directory.c_str());
    return exit_success;
}

void add_pydantic(CLI::App& command, ModelsOptions& options) {
    command
        .add_option("--pydantic", options.pydantic,
                    "Which version of pydantic the models of Python are for")
        ->check(CLI::IsMember({1, 2}))
        ->capture_default_str();
}

}  // namespace

void add_models(CLI::App& program, Action& action) {
    CLI::App* command = program.add_subcommand(
        "models", "Write the requests and responses of a contract as types of a language.");
    const auto options = std::make_shared<ModelsOptions>();
    add_contract_source(*command, options->source);
    command->add_option("--language", options->language, "python, typescript or cpp")
        ->required()
        ->check(CLI::IsMember({"python", "typescript", "cpp"}));
    command->add_option("--out", options->directory, "A directory that is not there yet, or empty")
        ->type_name(value_name::directory)
        ->required();
    add_pydantic(*command, *options);
    command->callback(
        [&action, options] { action = [options] { return write_models(*options); }; });

    CLI::App* original = program.add_subcommand(
        "create-client-models",
        "Write models of Python to a new temporary directory, and print its name.");
    const auto python = std::make_shared<ModelsOptions>();
    add_contract_source(*original, python->source);
    add_pydantic(*original, *python);
    original->callback(
        [&action, python] { action = [python] { return create_client_models(*python); }; });
}

}  // namespace warren::app
