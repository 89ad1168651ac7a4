#pragma once

#include <warren/dynamic.hpp>

#include "app/text_table.hpp"

#include <CLI/CLI.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace warren::app {

/// How a command says what it has to say.
enum class OutputFormat : std::uint8_t { text, table, json, yaml };

struct OutputFormatRow {
    OutputFormat format;
    std::string_view name;  // of --output
    std::string_view about;
};

/// All of them, in the order of `OutputFormat`.
inline constexpr std::array output_formats{
    OutputFormatRow{OutputFormat::text, "text", "in sentences"},
    OutputFormatRow{OutputFormat::table, "table", "in columns"},
    OutputFormatRow{OutputFormat::json, "json", "JSON"},
    OutputFormatRow{OutputFormat::yaml, "yaml", "YAML"},
};

/// What the command line says of it.
struct OutputOptions {
    std::string output{};
    std::string color = "auto";
    bool is_json = false;  // --json: the same as --output json
};

/// Give a command --output, of these formats, and --color; it has the first one unless told.
/// in   json: what --json does there, another spelling of --output json; empty: there is none.
///      `options` outlives the parsing.
void add_output(CLI::App& command, OutputOptions& options,
                std::initializer_list<OutputFormat> formats, const std::string& json = {});

/// Standard output, in the format that was asked for. A terminal gets colours where it has some,
/// and no control characters of what others said.
/// thread one at a time
class Output {
public:
    explicit Output(const OutputOptions& options);

    OutputFormat format() const noexcept { return format_; }
    std::string_view name() const noexcept {
        return output_formats[static_cast<std::size_t>(format_)].name;
    }
    /// Whether what it says is for programs: records alone, and no tables.
    bool is_data() const noexcept {
        return format_ == OutputFormat::json || format_ == OutputFormat::yaml;
    }

    /// One of many: a line of JSON, or a document of YAML.
    /// out  whether it has such a form; otherwise nothing was written
    bool write_record(const Dynamic& record);
    /// The only one: JSON in lines, or a document of YAML.
    bool write_document(const Dynamic& document);
    void write_table(const Table& table) const;
    std::string table_text(const Table& table) const;
    /// in   text: a terminal may get it
    std::string paint(std::string_view text, Tone tone) const;

private:
    bool write_yaml(const Dynamic& document);

    OutputFormat format_;
    TablePlace place_;
    bool has_written_ = false;
};

/// Any data as a table: a list of maps has their keys as its heading, a map has a row for each key.
Table table_of(const Dynamic& data);

/// JSON without what no terminal should get: the same text, with more escapes.
std::string safe_json(std::string_view json);

}  // namespace warren::app
