#include "app/man_page.hpp"

#include <warren/version.hpp>

#include "app/completion.hpp"
#include "app/exit_code.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

namespace warren::app {
namespace {

struct Notice {
    std::string_view name;
    std::string_view about;
};

constexpr std::array program_files{
    Notice{"/etc/warren/warren.yml",
           "The configuration of `warren serve` and `warren check`, unless another one is named."},
    Notice{"../lib/warren/modules",
           "From where the program stands: the modules that are served when none are named."},
    Notice{
        "~/.local/state/warren",
        "Buffers of proxies that name no file; systemd's STATE_DIRECTORY comes first, then warren "
        "in XDG_STATE_HOME."},
};

constexpr std::array program_environment{
    Notice{"CONFIG_FILE_PATH", "The configuration, where --config does not name it."},
    Notice{"XDG_STATE_HOME, STATE_DIRECTORY", "Where the state is kept: see FILES."},
};

/// Text as troff takes it: nothing in it is an escape, a request or a hyphen that may be parted.
std::string roff(std::string_view text) {
    std::string out;
    for (const char each : text) {
        switch (each) {
        case '\\':
            out += "\\e";
            break;
        case '-':
            out += "\\-";
            break;
        case '\'':
            out += "\\(aq";
            break;
        case '`':
            out += "\\(ga";
            break;
        case '~':
            out += "\\(ti";
            break;
        case '^':
            out += "\\(ha";
            break;
        case '.':
            out += out.empty() ? "\\&." : ".";
            break;
        case '\n':
            out += ' ';
            break;
        default:
            out += each;
        }
    }
    return out;
}

std::string bold(std::string_view text) {
    return "\\fB" + roff(text) + "\\fR";
}

std::string italic(std::string_view text) {
    return "\\fI" + roff(text) + "\\fR";
}

std::string upper(std::string text) {
    std::ranges::transform(text, text.begin(), [](char letter) {
        return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
    });
    return text;
}

std::string page_name(const CommandRow& row) {
    return row.path.empty() ? "warren" : "warren-" + row.path.front();
}

std::string heading(const CommandRow& row) {
    const std::string name = page_name(row);
    return fmt::format(".TH {} 1 \"\" \"Warren {}\" \"Warren\"\n.SH NAME\n{} \\- {}\n",
                       roff(upper(name)), WARREN_VERSION, roff(name),
                       roff(row.about.substr(0, row.about.find_last_not_of('.') + 1)));
}

std::string synopsis(const CommandRow& row) {
    std::string line = bold("warren" + (row.path.empty() ? "" : " " + row.path_text()));
    if (!row.commands.empty()) {
        return line + " " + italic("COMMAND") + " ...\n";
    }
    for (const OptionRow& option : row.options) {
        if (option.is_required) {
            line += " " + bold(option.names.back()) + " " + italic(option.value);
        }
    }
    line += " [" + italic("OPTIONS") + "]";
    for (const OptionRow& each : row.positionals) {
        const std::string name = italic(upper(each.names.front())) +
                                 (each.is_repeated ? std::string{" ..."} : std::string{});
        line += each.is_required ? " " + name : " [" + name + "]";
    }
    return line + "\n";
}

/// "One of mock, call. Default: 60s." and what else the table says.
std::string limits_of(const OptionRow& option) {
    std::string text;
    const auto add = [&text](const std::string& sentence) { text += " " + sentence + "."; };
    if (!option.words.empty()) {
        std::string words;
        for (const std::string& word : option.words) {
            words += (words.empty() ? "" : ", ") + word;
        }
        add("One of: " + words);
    }
    if (!option.range.empty()) {
        add("It is " + option.range);
    }
    if (!option.standard.empty()) {
        add("Default: " + option.standard);
    }
    if (!option.environment.empty()) {
        add("Environment: " + option.environment);
    }
    if (option.is_required) {
        add("Required");
    }
    return text;
}

std::string item(const std::string& head, std::string_view text) {
    return ".TP\n" + head + "\n" + roff(text) + "\n";
}

std::string option_item(const OptionRow& option) {
    std::string head;
    for (const std::string& name : option.names) {
        head += (head.empty() ? "" : ", ") + bold(option.is_positional ? upper(name) : name);
    }
    if (!option.is_positional && !option.value.empty()) {
        head += " " + italic(option.value);
    }
    std::string about = option.about;
    about += about.ends_with('.') ? "" : ".";
    return item(head, about + limits_of(option));
}

std::string items_of(const CommandRow& row) {
    std::string text;
    for (const OptionRow& each : row.positionals) {
        text += option_item(each);
    }
    for (const OptionRow& each : row.options) {
        text += option_item(each);
    }
    return text;
}

std::string environment_of(const CommandRow& page) {
    std::map<std::string, std::string> variables;
    for (const CommandRow* const row : all_commands(page)) {
        for (const OptionRow& option : row->options) {
            if (!option.environment.empty()) {
                variables[option.environment] =
                    "What " + option.names.back() + " takes, where it is not given.";
            }
        }
    }
    std::string text = ".SH ENVIRONMENT\n";
    for (const auto& [name, about] : variables) {
        text += item(bold(name), about);
    }
    for (const Notice& each : program_environment) {
        text += item(bold(each.name), each.about);
    }
    return text;
}

std::string ends_of(const CommandRow& page) {
    std::string text = environment_of(page) + ".SH EXIT STATUS\n";
    for (const ExitMeaning& each : exit_meanings) {
        text += item(bold(each.code), each.meaning);
    }
    text += ".SH FILES\n";
    for (const Notice& each : program_files) {
        text += item(italic(each.name), each.about);
    }
    return text;
}

std::string reference(const std::string& name) {
    return "\\fB" + roff(name) + "\\fR(1)";
}

}  // namespace

std::string program_man_page(const CommandRow& program) {
    std::string text = heading(program) + ".SH SYNOPSIS\n" + synopsis(program) + ".SH COMMANDS\n";
    std::string references;
    for (const CommandRow& command : program.commands) {
        text += item(bold(command.path_text()), command.about);
        references += (references.empty() ? "" : ",\n") + reference(page_name(command));
    }
    return text + ".SH OPTIONS\n" + items_of(program) + ends_of(program) + ".SH SEE ALSO\n" +
           references + "\n";
}

std::string command_man_page(const CommandRow& command) {
    std::string text = heading(command) + ".SH SYNOPSIS\n" + synopsis(command);
    text += ".SH DESCRIPTION\n" + roff(command.about) + "\n";
    for (const CommandRow& below : command.commands) {
        text += ".SH " + upper(roff(below.path_text())) + "\n" + synopsis(below) + ".PP\n" +
                roff(below.about) + "\n" + items_of(below);
    }
    return text + ".SH OPTIONS\n" + items_of(command) + ends_of(command) + ".SH SEE ALSO\n" +
           reference("warren") + "\n";
}

}  // namespace warren::app
