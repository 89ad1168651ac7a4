#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace warren::app {

/// What the program's options and arguments take, as --help calls it. Completion and man pages know
/// by it what may stand there.
namespace value_name {
inline constexpr const char* file = "FILE";
inline constexpr const char* directory = "DIR";
inline constexpr const char* place = "PLACE";      // a file, a directory or an address
inline constexpr const char* address = "ADDRESS";  // @FILE: from a file
inline constexpr const char* secret = "SECRET";    // @FILE: from a file
inline constexpr const char* json = "JSON";        // @FILE: from a file
inline constexpr const char* method = "METHOD";    // of the server at the address
inline constexpr const char* duration = "DURATION";
inline constexpr const char* command = "COMMAND";
inline constexpr const char* profile = "PROFILE";
}  // namespace value_name

/// An option, or an argument by position.
struct OptionRow {
    std::vector<std::string> names{};  // "--config"; of a positional one its name alone
    std::string value{};               // what it takes; empty: it takes nothing
    std::vector<std::string> words{};  // all that it takes; none: anything
    std::string range{};               // how CLI11 says what numbers it takes
    std::string standard{};            // what it is when it is not given; empty: nothing is said
    std::string environment{};         // the variable that stands in for it
    std::string about{};
    bool is_positional = false;
    bool is_required = false;
    bool is_repeated = false;
};

/// A sub-command as the command line is parsed with it: what is written of it from here (man pages,
/// completion) cannot say otherwise than --help does.
struct CommandRow {
    std::vector<std::string> path{};  // {"dead", "list"}; of the program itself: empty
    std::string about{};
    std::vector<OptionRow> options{};      // what may stand anywhere
    std::vector<OptionRow> positionals{};  // in order
    std::vector<CommandRow> commands{};    // below it

    std::string path_text(std::string_view separator = " ") const;
};

/// All of a program that is no secret: what is of no group is for programs.
CommandRow command_table(const CLI::App& program);

}  // namespace warren::app
