#include "app/output.hpp"

#include "app/yaml_text.hpp"
#include "core/utf8.hpp"
#include "format/json/json.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace warren::app {
namespace {

/// However deep it is, whoever read it has looked at that; NaN as Python writes it.
constexpr format::JsonLimits any_json{.depth_max = std::numeric_limits<std::size_t>::max(),
                                      .value_count_max = std::numeric_limits<std::size_t>::max(),
                                      .numbers = format::JsonNumbers::python};

bool has_variable(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

/// Of text for people.                                                          [no-color.org]
bool wants_color(const std::string& color, bool is_terminal) {
    if (color != "auto") {
        return color == "always";
    }
    const char* const kind = std::getenv("TERM");
    return is_terminal && !has_variable("NO_COLOR") && kind != nullptr &&
           std::string_view{kind} != "dumb";
}

/// out  0: it is no terminal
std::size_t terminal_columns(bool is_terminal) {
    if (!is_terminal) {
        return 0;
    }
    constexpr std::size_t usual = 80;
    winsize size{};
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : usual;
}

std::string cell_text(const Value& value) {
    if (value.is_text()) {
        return std::string{value.as_text()};
    }
    std::string text;
    return value.kind() != Value::Kind::null && format::json_encode(value, text, any_json)
               ? text
               : std::string{};
}

bool is_list_of_maps(const Value& data) {
    return data.is_list() && !data.as_list().empty() &&
           std::ranges::all_of(data.as_list(), &Value::is_map);
}

Table table_of_maps(std::span<const Value> maps) {
    std::vector<std::string> names;
    for (const Value& map : maps) {
        for (const Member& member : map.as_map()) {
            if (std::string name = cell_text(member.key);
                std::ranges::find(names, name) == names.end()) {
                names.push_back(std::move(name));
            }
        }
    }
    Table table{{names.begin(), names.end()}};
    for (const Value& map : maps) {
        std::vector<Cell>& row = table.emplace_back();
        for (const std::string& name : names) {
            const auto members = map.as_map();
            const auto found = std::ranges::find_if(
                members, [&](const Member& member) { return cell_text(member.key) == name; });
            row.emplace_back(found == members.end() ? std::string{} : cell_text(found->value));
        }
    }
    return table;
}

}  // namespace

void add_output(CLI::App& command, OutputOptions& options,
                std::initializer_list<OutputFormat> formats, const std::string& json) {
    std::vector<std::string> names;
    std::string about = "What it is shown as:";
    for (const OutputFormat format : formats) {
        const OutputFormatRow& row = output_formats[static_cast<std::size_t>(format)];
        about += fmt::format("{} {} ({})", names.empty() ? "" : ",", row.name, row.about);
        names.emplace_back(row.name);
    }
    options.output = names.front();
    auto* const output = command.add_option("--output", options.output, about)
                             ->check(CLI::IsMember(names))
                             ->capture_default_str();
    if (!json.empty()) {
        command.add_flag("--json", options.is_json, json + ": the same as --output json")
            ->excludes(output);
    }
    command
        .add_option("--color", options.color,
                    "Colours in what people read: auto is on a terminal, unless NO_COLOR is set")
        ->check(CLI::IsMember({"auto", "always", "never"}))
        ->capture_default_str();
}

Output::Output(const OutputOptions& options)
    : format_{
          options.is_json
              ? OutputFormat::json
              : std::ranges::find(output_formats, options.output, &OutputFormatRow::name)->format} {
    const bool is_terminal = isatty(STDOUT_FILENO) == 1;
    place_ = {.columns = terminal_columns(is_terminal),
              .has_color = !is_data() && wants_color(options.color, is_terminal)};
}

bool Output::write_yaml(const Dynamic& document) {
    std::string text = has_written_ ? "---\n" : "";
    if (!yaml_append(document.value(), text)) {
        return false;
    }
    has_written_ = true;
    std::fwrite(text.data(), 1, text.size(), stdout);
    return true;
}

bool Output::write_record(const Dynamic& record) {
    if (format_ == OutputFormat::yaml) {
        return write_yaml(record);
    }
    std::string text;
    if (!format::json_encode(record.value(), text, any_json)) {
        return false;
    }
    text = safe_json(text) + '\n';
    std::fwrite(text.data(), 1, text.size(), stdout);
    return true;
}

bool Output::write_document(const Dynamic& document) {
    if (format_ == OutputFormat::yaml) {
        return write_yaml(document);
    }
    std::string text;
    if (!format::json_encode_pretty(document.value(), text, any_json)) {
        return false;
    }
    text = safe_json(text) + '\n';
    std::fwrite(text.data(), 1, text.size(), stdout);
    return true;
}

std::string Output::table_text(const Table& table) const {
    return text_table(table, place_);
}

void Output::write_table(const Table& table) const {
    const std::string text = table_text(table);
    std::fwrite(text.data(), 1, text.size(), stdout);
}

std::string Output::paint(std::string_view text, Tone tone) const {
    return painted(text, tone, place_.has_color);
}

Table table_of(const Dynamic& data) {
    if (is_list_of_maps(data.value())) {
        return table_of_maps(data->as_list());
    }
    Table table{{"KEY", "VALUE"}};
    if (data->is_map()) {
        for (const Member& member : data->as_map()) {
            table.push_back({cell_text(member.key), cell_text(member.value)});
        }
        return table;
    }
    table.front() = {"VALUE"};
    if (data->is_list()) {
        for (const Value& item : data->as_list()) {
            table.push_back({cell_text(item)});
        }
    } else {
        table.push_back({cell_text(data.value())});
    }
    return table;
}

std::string safe_json(std::string_view json) {
    std::string safe;
    safe.reserve(json.size());
    for (std::size_t at = 0; at < json.size();) {
        const core::Utf8Character character = core::utf8_character_at(json, at);
        // Control characters of JSON's own are its newlines; all others stand in strings.
        if (character.point >= 0x7f && core::is_unsafe_to_show(character.point)) {
            fmt::format_to(std::back_inserter(safe), "\\u{:04x}", character.point);
        } else {
            safe += json.substr(at, character.size);
        }
        at += character.size;
    }
    return safe;
}

}  // namespace warren::app
