#include "app/commands.hpp"
#include "app/completion.hpp"
#include "app/config/suggest.hpp"
#include "app/exit_code.hpp"
#include "app/man_page.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <expected>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace warren::app {
namespace {

struct HelpOptions {
    std::vector<std::string> words;
    std::string share;
    bool is_man = false;
};

/// out  null: there is none of this name, which was said
CLI::App* find_command(CLI::App& program, const std::vector<std::string>& words) {
    CLI::App* found = &program;
    for (const std::string& word : words) {
        const std::vector<CLI::App*> below = found->get_subcommands({});
        std::vector<std::string> names;
        std::ranges::transform(below, std::back_inserter(names), &CLI::App::get_name);
        const auto at = std::ranges::find(names, word);
        if (at == names.end()) {
            const std::vector<std::string_view> known{names.begin(), names.end()};
            std::fprintf(stderr, "error: there is no sub-command '%s'%s\n", word.c_str(),
                         known.empty() ? "" : suggest(word, known).c_str());
            return nullptr;
        }
        found = below[static_cast<std::size_t>(at - names.begin())];
    }
    return found;
}

std::string man_page(const CommandRow& program, const std::vector<std::string>& words) {
    const auto command =
        words.empty() ? program.commands.end()
                      : std::ranges::find(program.commands, words.front(),
                                          [](const CommandRow& row) { return row.path.front(); });
    return command == program.commands.end() ? program_man_page(program)
                                             : command_man_page(*command);
}

/// err  what to tell the user
std::expected<void, std::string> write_share(const std::filesystem::path& directory,
                                             const CommandRow& program) {
    std::vector<std::pair<std::string, std::string>> files{
        {"bash-completion/completions/warren", bash_completion(program)},
        {"zsh/site-functions/_warren", zsh_completion(program)},
        {"fish/vendor_completions.d/warren.fish", fish_completion(program)},
        {"man/man1/warren.1", program_man_page(program)}};
    for (const CommandRow& command : program.commands) {
        files.emplace_back("man/man1/warren-" + command.path.front() + ".1",
                           command_man_page(command));
    }
    for (const auto& [name, text] : files) {
        const std::filesystem::path file = directory / name;
        std::error_code error;
        std::filesystem::create_directories(file.parent_path(), error);
        std::ofstream stream{file, std::ios::binary};
        if (!(stream << text).flush()) {
            return std::unexpected{file.string() +
                                   " cannot be written: " + std::generic_category().message(errno)};
        }
    }
    return {};
}

int help(CLI::App& program, const HelpOptions& options) {
    if (!options.share.empty()) {
        const auto written = write_share(options.share, command_table(program));
        if (!written) {
            std::fprintf(stderr, "error: %s\n", written.error().c_str());
            return exit_failed;
        }
        return exit_success;
    }
    const CLI::App* const command = find_command(program, options.words);
    if (command == nullptr) {
        return exit_usage;
    }
    std::string before = options.words.empty() ? "" : "warren";
    for (std::size_t at = 0; at + 1 < options.words.size(); ++at) {
        before += " " + options.words[at];
    }
    // The program's own help would be that of `help`, which was chosen.
    const std::string text =
        options.is_man ? man_page(command_table(program), options.words)
        : options.words.empty()
            ? program.get_formatter()->make_help(&program, "warren", CLI::AppFormatMode::Normal)
            : command->help(before);
    std::fputs(text.c_str(), stdout);
    return exit_success;
}

}  // namespace

void add_help(CLI::App& program, Action& action) {
    CLI::App* command = program.add_subcommand("help", "Say what a sub-command takes.");
    const auto options = std::make_shared<HelpOptions>();
    command->add_option("command", options->words, "The sub-command, such as: dead list")
        ->type_name(value_name::command);
    command->add_flag("--man", options->is_man, "As a manual page: warren help --man | man -l -");
    // Of the build: it installs what is written there.
    command->add_option("--share", options->share, "Write manual pages and completion below it")
        ->type_name(value_name::directory)
        ->group("");
    command->callback([&action, &program, options] {
        action = [&program, options] { return help(program, *options); };
    });
}

}  // namespace warren::app
