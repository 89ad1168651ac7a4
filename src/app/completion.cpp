#include "app/completion.hpp"

#include "app/commands.hpp"
#include "app/exit_code.hpp"

#include <cstdio>
#include <memory>
#include <string>

namespace warren::app {

void add_completion(CLI::App& program, Action& action) {
    CLI::App* command = program.add_subcommand(
        "completion",
        "Print what completes this command line in a shell; an installed Warren has it in place.");
    const auto shell = std::make_shared<std::string>();
    command->add_option("shell", *shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    command->callback([&action, &program, shell] {
        action = [&program, shell] {
            const CommandRow table = command_table(program);
            const std::string script = *shell == "bash"  ? bash_completion(table)
                                       : *shell == "zsh" ? zsh_completion(table)
                                                         : fish_completion(table);
            std::fputs(script.c_str(), stdout);
            return exit_success;
        };
    });
}

}  // namespace warren::app
