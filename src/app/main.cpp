#include <warren/error.hpp>
#include <warren/version.hpp>

#include "app/commands.hpp"
#include "app/config/suggest.hpp"
#include "app/exit_code.hpp"
#include "app/inheritance.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <iterator>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

/// In an address there may be a password.
bool is_address(std::string_view argument) {
    return argument.contains("://");
}

/// What is wrong with the command line, without the addresses in it.
std::string shown(std::string message, int argument_count, char** arguments) {
    for (const std::string_view argument :
         std::span{arguments, static_cast<std::size_t>(argument_count)}) {
        for (std::size_t at = 0;
             is_address(argument) && (at = message.find(argument, at)) != std::string::npos;) {
            message.replace(at, argument.size(), "(an address)");
        }
    }
    return message;
}

/// What to say of a first argument that is neither an option nor a sub-command.
std::optional<std::string> unknown_command(CLI::App& program, int argument_count,
                                           char** arguments) {
    if (argument_count < 2 || arguments[1][0] == '-') {
        return std::nullopt;
    }
    const std::vector<CLI::App*> commands = program.get_subcommands({});
    std::vector<std::string> names;
    std::ranges::transform(commands, std::back_inserter(names), &CLI::App::get_name);
    const std::vector<std::string_view> known{names.begin(), names.end()};
    if (std::ranges::find(known, std::string_view{arguments[1]}) != known.end()) {
        return std::nullopt;
    }
    if (is_address(arguments[1])) {
        return "an address is no sub-command";
    }
    return "there is no sub-command '" + std::string{arguments[1]} + "'" +
           warren::app::suggest(arguments[1], known);
}

}  // namespace

int main(int argument_count, char** arguments) {
    using namespace warren::app;
    settle_in();
    CLI::App program{"Warren: RPC over message brokers, over TCP and TLS, and in one process.",
                     "warren"};
    program.set_version_flag("--version", "warren " WARREN_VERSION);
    program.require_subcommand(1);

    Action action;
    add_serve(program, action);
    add_call(program, action);
    add_proxy(program, action);
    add_check(program, action);
    add_methods(program, action);
    add_models(program, action);
    add_contract(program, action);
    add_docs(program, action);
    add_keygen(program, action);
    add_buffer(program, action);
    add_dead(program, action);
    add_audit(program, action);
    add_doctor(program, action);
    add_ps(program, action);
    add_top(program, action);
    add_tail(program, action);
    add_log_server(program, action);
    add_profiles(program, action);
    add_init(program, action);
    add_help(program, action);
    add_completion(program, action);

    if (const auto mistaken = unknown_command(program, argument_count, arguments)) {
        std::fprintf(stderr, "error: %s\n", mistaken->c_str());
        return exit_usage;
    }
    try {
        program.parse(argument_count, arguments);
    } catch (const CLI::ParseError& error) {
        std::ostringstream message;
        const int code = program.exit(error, std::cout, message);
        std::cerr << shown(message.str(), argument_count, arguments);
        return code == 0 ? exit_success : exit_usage;
    }
    try {
        const int code = action();
        // What was asked for and could not be written was not given.
        if (code == exit_success && (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)) {
            std::fprintf(stderr, "error: the output cannot be written\n");
            return exit_failed;
        }
        return code;
    } catch (const warren::Error& error) {
        std::fprintf(stderr, "error: %s\n", error.what());  // it begins with its code
        return exit_internal;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "error: internal: %s\n", error.what());
        return exit_internal;
    }
}
