#pragma once

#include <CLI/CLI.hpp>

#include <functional>

namespace warren::app {

/// What the chosen sub-command does, once the command line is understood.
using Action = std::function<int()>;

// Each sub-command is a file of its own; it adds itself, and sets `action` when it is chosen.
void add_serve(CLI::App& program, Action& action);
void add_call(CLI::App& program, Action& action);
void add_proxy(CLI::App& program, Action& action);
void add_check(CLI::App& program, Action& action);
void add_methods(CLI::App& program, Action& action);
void add_models(CLI::App& program, Action& action);
void add_contract(CLI::App& program, Action& action);
void add_docs(CLI::App& program, Action& action);
void add_contract_diff(CLI::App& contract, Action& action);  // below `contract`
void add_keygen(CLI::App& program, Action& action);
void add_buffer(CLI::App& program, Action& action);
void add_dead(CLI::App& program, Action& action);
void add_audit(CLI::App& program, Action& action);
void add_doctor(CLI::App& program, Action& action);
void add_ps(CLI::App& program, Action& action);
void add_top(CLI::App& program, Action& action);
void add_tail(CLI::App& program, Action& action);
void add_log_server(CLI::App& program, Action& action);
void add_profiles(CLI::App& program, Action& action);
void add_init(CLI::App& program, Action& action);
// These tell of all that the program has, whenever it was added.
void add_help(CLI::App& program, Action& action);
void add_completion(CLI::App& program, Action& action);

}  // namespace warren::app
