#include "app/commands.hpp"
#include "app/contract_source.hpp"
#include "app/exit_code.hpp"
#include "app/output.hpp"

#include <cstdio>
#include <memory>

namespace warren::app {
namespace {

struct ContractOptions {
    ContractSource source;
    OutputOptions output;
};

int show_contract(const ContractOptions& options) {
    const auto document = read_contract(options.source);
    if (!document) {
        return document.error();
    }
    const std::string text = contract::to_json(*document);
    if (Output output{options.output}; output.format() == OutputFormat::yaml) {
        output.write_document(Dynamic::from_json(text));
    } else {
        std::fwrite(text.data(), 1, text.size(), stdout);
    }
    return std::fflush(stdout) == 0 ? exit_success : exit_failed;
}

}  // namespace

void add_contract(CLI::App& program, Action& action) {
    CLI::App* command = program.add_subcommand(
        "contract", "What a server offers, as one document: all else is a view of it.");
    command->require_subcommand(1);
    CLI::App* show = command->add_subcommand(
        "show", "Print the contract document, as JSON that is the same every time.");
    const auto options = std::make_shared<ContractOptions>();
    add_contract_source(*show, options->source);
    add_output(*show, options->output, {OutputFormat::json, OutputFormat::yaml});
    show->callback([&action, options] { action = [options] { return show_contract(*options); }; });
    add_contract_diff(*command, action);
}

}  // namespace warren::app
