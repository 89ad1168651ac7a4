#include "app/completion.hpp"

#include <fmt/format.h>

namespace warren::app {
namespace {

constexpr std::string_view fish_engine = R"sh(# Which sub-command the line is of: its words.
function __warren_path
    set -l path
    for word in (commandline -opc)[2..]
        set -l longer (string join -- ' ' $path $word)
        contains -- $longer $__warren_commands; or break
        set path $path $word
    end
    string join -- ' ' $path
end

function __warren_at
    set -l path (__warren_path)
    test "$path" = "$argv"
end

# The values of the line so far: "OPTION VALUE" of each option, "VALUE" of each argument.
function __warren_given
    set -l at (__warren_path)
    set -l words (commandline -opc)[2..]
    set -l depth (count (string split -n ' ' -- $at))
    set -l option ''
    for word in $words[(math $depth + 1)..]
        if test -n "$option"
            echo -- "$option $word"
            set option ''
        else if string match -q -- '--*=*' $word
            string replace -- = ' ' $word
        else if contains -- "$at $word" $__warren_valued
            set option $word
        else if not string match -q -- '-*' $word
            echo -- " $word"
        end
    end
end

# Whether the argument of this number comes next.
function __warren_next
    test (__warren_given | string match -- ' *' | count) -eq (math $argv[1] - 1)
end

# The address goes through a pipe: the list of processes is for everybody.
function __warren_methods
    set -l program (commandline -opc)[1]
    set -l server $WARREN_TO
    for given in (__warren_given)
        switch $given
            case '--to *' '--from *'
                set server (string replace -r -- '^\S+ ' '' $given)
            case '--profile *'
                set server @(string replace -r -- '^\S+ ' '' $given)
        end
    end
    switch "$server"
        case ''
        case '@*'
            $program methods --names --timeout 2s --from $server 2>/dev/null
        case '*'
            $program methods --names --timeout 2s --from @(printf '%s' $server | psub) 2>/dev/null
    end
end

function __warren_profiles
    set -l program (commandline -opc)[1]
    $program profiles --names 2>/dev/null
end

# With an at-sign, a file's name.
function __warren_files_at
    set -l begun (commandline -ct)
    if string match -q -- '@*' $begun
        string replace -r -- '^' @ (__fish_complete_path (string sub -s 2 -- $begun))
    end
end

)sh";

std::string fish_quoted(std::string_view text) {
    std::string quoted = "'";
    for (const char each : text) {
        if (each == '\'' || each == '\\') {
            quoted += '\\';
        }
        quoted += each;
    }
    return quoted + "'";
}

/// What completes a value.
std::string value_rule(const OptionRow& option) {
    if (!option.words.empty()) {
        return " -x -a " + fish_quoted(taken_text(option).substr(1));
    }
    const std::string_view value = option.value;
    if (value == value_name::file || value == value_name::place) {
        return " -r -F";
    }
    if (value == value_name::directory) {
        return " -x -a '(__fish_complete_directories)'";
    }
    if (value == value_name::method) {
        return " -x -a '(__warren_methods)'";
    }
    if (value == value_name::profile) {
        return " -x -a '(__warren_profiles)'";
    }
    if (value == value_name::address) {
        return " -x -a '(__warren_files_at) @(__warren_profiles)'";
    }
    if (value == value_name::secret || value == value_name::json) {
        return " -x -a '(__warren_files_at)'";
    }
    return value.empty() ? "" : " -x";
}

std::string lines_of(const CommandRow& command) {
    const std::string path = command.path_text();
    const std::string line = "complete -c warren -n ";
    const std::string at = "__warren_at " + path;
    std::string text;
    for (const CommandRow& below : command.commands) {
        text += line + fish_quoted(at) + " -a " + below.path.back() + " -d " +
                fish_quoted(short_about(below.about)) + "\n";
    }
    for (const OptionRow& option : command.options) {
        text += line + fish_quoted(at);
        for (const std::string& name : option.names) {
            text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        }
        text += value_rule(option) + " -d " + fish_quoted(short_about(option.about)) + "\n";
    }
    for (std::size_t number = 1; number <= command.positionals.size(); ++number) {
        if (const std::string rule = value_rule(command.positionals[number - 1]);
            rule.contains("-a") || rule.contains("-F")) {
            std::string condition = at;
            condition.append("; and __warren_next ").append(std::to_string(number));
            text.append(line).append(fish_quoted(condition)).append(rule).append("\n");
        }
    }
    return text;
}

}  // namespace

std::string fish_completion(const CommandRow& program) {
    std::string commands;
    std::string valued;
    std::string lines;
    for (const CommandRow* const command : all_commands(program)) {
        const std::string path = command->path_text();
        commands += path.empty() ? "" : " " + fish_quoted(path);
        for (const OptionRow& option : command->options) {
            for (const std::string& name : option.names) {
                valued +=
                    option.value.empty() ? "" : " " + fish_quoted(fmt::format("{} {}", path, name));
            }
        }
        lines += lines_of(*command);
    }
    return "# Completion for fish; `warren completion fish` writes it.\n\nset -g "
           "__warren_commands" +
           commands + "\nset -g __warren_valued" + valued + "\n\n" + std::string{fish_engine} +
           "complete -c warren -f\n" + lines;
}

}  // namespace warren::app
