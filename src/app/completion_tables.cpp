#include "app/completion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>

namespace warren::app {
namespace {

std::string shell_quoted(std::string_view text) {
    std::string quoted = "'";
    for (const char each : text) {
        quoted += each == '\'' ? std::string{"'\\''"} : std::string{each};
    }
    return quoted + "'";
}

/// A branch of a `case`; none if there is nothing to say.
std::string branch(const std::string& pattern, const std::vector<std::string>& lines) {
    if (lines.empty()) {
        return {};
    }
    std::string text = "    " + shell_quoted(pattern) + ") printf '%s\\n'";
    for (const std::string& line : lines) {
        text += " " + shell_quoted(line);
    }
    return text + " ;;\n";
}

std::string function(std::string_view name, std::string_view subject, const std::string& branches) {
    return std::string{name} + "() {\n    case " + std::string{subject} + " in\n" + branches +
           "    esac\n}\n\n";
}

void add_commands(std::vector<const CommandRow*>& all, const CommandRow& from) {
    all.push_back(&from);
    for (const CommandRow& below : from.commands) {
        add_commands(all, below);
    }
}

std::vector<std::string> command_lines(const CommandRow& at, bool is_told) {
    std::vector<std::string> lines;
    lines.reserve(at.commands.size());
    for (const CommandRow& below : at.commands) {
        lines.push_back(below.path.back() + (is_told ? ":" + short_about(below.about) : ""));
    }
    return lines;
}

std::vector<std::string> option_lines(const CommandRow& at, bool is_told) {
    std::vector<std::string> lines;
    for (const OptionRow& option : at.options) {
        for (const std::string& name : option.names) {
            lines.push_back(name + (is_told ? ":" + short_about(option.about) : ""));
        }
    }
    return lines;
}

}  // namespace

std::vector<const CommandRow*> all_commands(const CommandRow& program) {
    std::vector<const CommandRow*> all;
    add_commands(all, program);
    return all;
}

std::string short_about(std::string_view about) {
    constexpr std::size_t bytes_max = 70;
    constexpr std::array<std::string_view, 5> ends{"; ", ": ", ". ", " (", "\n"};
    for (const std::string_view end : ends) {
        about = about.substr(0, about.find(end));
    }
    if (about.size() > bytes_max) {
        about = about.substr(0, about.rfind(' ', bytes_max));
    }
    about = about.substr(0, about.find_last_not_of(" .,") + 1);
    return std::string{about};
}

std::string taken_text(const OptionRow& option) {
    if (option.words.empty()) {
        return option.value;
    }
    std::string words;
    for (const std::string& word : option.words) {
        words += (words.empty() ? "=" : " ") + word;
    }
    return words;
}

std::string shell_tables(const CommandRow& program, bool is_told) {
    std::string commands;
    std::string options;
    std::string taken;
    std::string positions;
    for (const CommandRow* const at : all_commands(program)) {
        const std::string path = at->path_text();
        commands += branch(path, command_lines(*at, is_told));
        options += branch(path, option_lines(*at, is_told));
        for (const OptionRow& option : at->options) {
            for (const std::string& name : option.names) {
                if (const std::string takes = taken_text(option); !takes.empty()) {
                    taken += branch(fmt::format("{} {}", path, name), {takes});
                }
            }
        }
        for (std::size_t number = 1; number <= at->positionals.size(); ++number) {
            positions += branch(path + " " + std::to_string(number),
                                {taken_text(at->positionals[number - 1])});
        }
    }
    return function("_warren_commands", "$1", commands) +
           function("_warren_options", "$1", options) +
           function("_warren_takes", "\"$1 $2\"", taken) +
           function("_warren_position", "\"$1 $2\"", positions);
}

}  // namespace warren::app
