#include "app/commands.hpp"
#include "app/contract_source.hpp"
#include "app/exit_code.hpp"

#include <cstdio>
#include <memory>

namespace warren::app {
namespace {

int show_contract(const ContractSource& source) {
    const auto document = read_contract(source);
    if (!document) {
        return document.error();
    }
    const std::string text = contract::to_json(*document);
    std::fwrite(text.data(), 1, text.size(), stdout);
    return std::fflush(stdout) == 0 ? exit_success : exit_failed;
}

}  // namespace

void add_contract(CLI::App& program, Action& action) {
    CLI::App* command = program.add_subcommand(
        "contract", "What a server offers, as one document: all else is a view of it.");
    command->require_subcommand(1);
    CLI::App* show = command->add_subcommand(
        "show", "Print the contract document, as JSON that is the same every time.");
    const auto source = std::make_shared<ContractSource>();
    add_contract_source(*show, *source);
    show->callback([&action, source] { action = [source] { return show_contract(*source); }; });
    add_contract_diff(*command, action);
}

}  // namespace warren::app
