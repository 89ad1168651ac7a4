#pragma once

#include "app/command_table.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace warren::app {

/// Scripts that complete the command line of a program with these sub-commands in a shell. They ask
/// the program itself for what the table cannot say: the methods of the server that the line names,
/// and the profiles.
std::string bash_completion(const CommandRow& program);
std::string zsh_completion(const CommandRow& program);
std::string fish_completion(const CommandRow& program);

/// What the scripts of bash and zsh know of the table, as functions that both understand:
/// _warren_commands AT, _warren_options AT, _warren_takes AT OPTION and _warren_position AT NUMBER,
/// where AT is a sub-command such as "dead list". A line for each; of words with a fixed set one
/// line of "=" and all of them.
/// in   is_told: after each sub-command and option a colon, and what it is for
std::string shell_tables(const CommandRow& program, bool is_told);

/// All sub-commands, the program itself first.
std::vector<const CommandRow*> all_commands(const CommandRow& program);

/// The beginning of what something is for, as short as a menu wants it.
std::string short_about(std::string_view about);

/// "=text json", or the name of the value; empty: an option without one.
std::string taken_text(const OptionRow& option);

}  // namespace warren::app
