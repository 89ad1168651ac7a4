#include "app/command_table.hpp"

#include <ranges>
#include <utility>

namespace warren::app {
namespace {

/// "TEXT:{mock,call}", "UINT:INT in [0 - 255]": what is taken, and what limits it.
void read_value(OptionRow& row, const std::string& type_name) {
    const std::size_t colon = type_name.find(':');
    row.value = type_name.substr(0, colon);
    if (colon == std::string::npos) {
        return;
    }
    std::string_view limit = std::string_view{type_name}.substr(colon + 1);
    if (!limit.starts_with('{') || !limit.ends_with('}')) {
        row.range = limit;
        return;
    }
    limit = limit.substr(1, limit.size() - 2);
    for (const auto word : std::views::split(limit, ',')) {
        row.words.emplace_back(std::string_view{word});
    }
}

OptionRow row_of(const CLI::Option& option) {
    const std::string standard = option.get_default_str();
    OptionRow row{.standard = standard == "[]" || standard == "\"\"" ? std::string{} : standard,
                  .environment = option.get_envname(),
                  .about = option.get_description(),
                  .is_positional = option.get_positional(),
                  .is_required = option.get_required(),
                  .is_repeated = option.get_items_expected_max() > 1};
    for (const std::string& name : option.get_snames()) {
        row.names.push_back("-" + name);
    }
    for (const std::string& name : option.get_lnames()) {
        row.names.push_back("--" + name);
    }
    if (row.is_positional) {
        row.names = {option.get_name(true)};
    }
    if (option.get_items_expected_max() != 0) {
        read_value(row, option.get_type_name());
    }
    return row;
}

CommandRow row_of(const CLI::App& command, std::vector<std::string> path) {
    CommandRow row{.path = std::move(path), .about = command.get_description()};
    for (const CLI::Option* const option : command.get_options()) {
        if (!option->get_group().empty()) {
            (option->get_positional() ? row.positionals : row.options).push_back(row_of(*option));
        }
    }
    for (const CLI::App* const below : command.get_subcommands(nullptr)) {
        if (!below->get_group().empty()) {
            std::vector<std::string> longer = row.path;
            longer.push_back(below->get_name());
            row.commands.push_back(row_of(*below, std::move(longer)));
        }
    }
    return row;
}

}  // namespace

std::string CommandRow::path_text(std::string_view separator) const {
    std::string text;
    for (const std::string& word : path) {
        text.append(text.empty() ? "" : separator).append(word);
    }
    return text;
}

CommandRow command_table(const CLI::App& program) {
    return row_of(program, {});
}

}  // namespace warren::app
