#include "app/command_table.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/other_contract.hpp"
#include "app/output.hpp"
#include "contract/diff.hpp"

#include <cstdio>
#include <memory>
#include <string>

namespace warren::app {
namespace {

struct ContractDiffOptions {
    std::string before;
    std::string after;
    OutputOptions output;
};

int diff_contracts(const ContractDiffOptions& options) {
    const auto before = read_other_contract(options.before);
    const auto after = read_other_contract(options.after);
    if (!before || !after) {
        return before ? after.error() : before.error();
    }
    const contract::Diff changes = contract::diff(*before, *after);
    Output output{options.output};
    if (output.format() == OutputFormat::yaml) {
        output.write_document(Dynamic::from_json(contract::to_json(changes)));
    } else {
        const std::string text =
            output.is_data() ? safe_json(contract::to_json(changes)) : contract::to_text(changes);
        std::fwrite(text.data(), 1, text.size(), stdout);
    }
    if (std::fflush(stdout) != 0) {
        std::perror("error: the changes cannot be written");
        return exit_failed;
    }
    return changes.breaking == 0 ? exit_success : exit_failed;
}

}  // namespace

void add_contract_diff(CLI::App& contract, Action& action) {
    CLI::App* command = contract.add_subcommand(
        "diff", "What a new contract is to those who were built from the old one.");
    const auto options = std::make_shared<ContractDiffOptions>();
    command
        ->add_option("old", options->before,
                     "A contract document, a directory of modules, or a server's address")
        ->type_name(value_name::place)
        ->required();
    command->add_option("new", options->after, "The one to hold against it")
        ->type_name(value_name::place)
        ->required();
    add_output(*command, options->output,
               {OutputFormat::text, OutputFormat::json, OutputFormat::yaml}, "All of it");
    command->callback(
        [&action, options] { action = [options] { return diff_contracts(*options); }; });
}

}  // namespace warren::app
