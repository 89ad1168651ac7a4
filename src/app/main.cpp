#include <warren/error.hpp>
#include <warren/version.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>

#include "app/commands.hpp"
#include "app/exit_code.hpp"

int main(int argument_count, char** arguments) {
    using namespace warren::app;
    CLI::App program{"Warren: RPC over message brokers, over TCP and TLS, and in one process.",
                     "warren"};
    program.set_version_flag("--version", "warren " WARREN_VERSION);
    program.require_subcommand(1);

    Action action;
    add_serve(program, action);
    add_call(program, action);
    add_check(program, action);
    add_methods(program, action);
    add_keygen(program, action);

    try {
        program.parse(argument_count, arguments);
    } catch (const CLI::ParseError& error) {
        return program.exit(error) == 0 ? exit_success : exit_usage;
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
