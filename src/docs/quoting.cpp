#include "docs/quoting.hpp"

#include "core/base64.hpp"
#include "docs/html.hpp"
#include "format/json/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace warren::docs {
namespace {

constexpr std::size_t line_columns_max = 72;

bool is_shell_safe(char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') ||
           std::string_view{"_-./:,@%+="}.contains(character);
}

/// A text in which every byte that is not printable ASCII is an octal escape of three digits.
/// in  escaped: what stands for the quote
std::string octal_escaped(std::string_view text, char quote, std::string_view escaped) {
    std::string out;
    for (const char character : text) {
        if (character == '\\') {
            out += "\\\\";
        } else if (character == quote) {
            out += escaped;
        } else if (character >= ' ' && character < 0x7F) {
            out += character;
        } else {
            out += fmt::format("\\{:03o}", static_cast<unsigned char>(character));
        }
    }
    return out;
}

/// JSON's strings can hold anything as an escape, and nothing outside of them is invisible.
std::string with_json_escapes(std::string json) {
    if (is_visible(json)) {
        return json;
    }
    std::string out;
    std::size_t at = 0;
    while (at < json.size()) {
        std::size_t size = 1;
        while (at + size < json.size() && (json[at + size] & 0xC0) == 0x80) {
            ++size;
        }
        const std::string_view character = std::string_view{json}.substr(at, size);
        std::string shown = visible(character);
        if (shown.starts_with("\\u{")) {  // beyond what four digits can say
            const unsigned long number = std::stoul(shown.substr(3), nullptr, 16) - 0x10000;
            shown = fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (number >> 10),
                                0xDC00 + (number & 0x3FF));
        }
        out += shown;
        at += size;
    }
    return out;
}

std::string python_number(double number) {
    if (std::isnan(number)) {
        return "float(\"nan\")";
    }
    if (std::isinf(number)) {
        return number > 0 ? "float(\"inf\")" : "float(\"-inf\")";
    }
    return json_line(Value::floating(number));
}

std::string python_key(const Value& key) {
    return key.is_text() ? python_text(key.as_text()) : python_text(json_line(key));
}

class PythonWriter {
public:
    explicit PythonWriter(bool on_one_line) : on_one_line_{on_one_line} {}

    void write(const Value& value, const std::string& indent) {
        switch (value.kind()) {
        case Value::Kind::null:
            out_ += "None";
            return;
        case Value::Kind::boolean:
            out_ += value.as_boolean() ? "True" : "False";
            return;
        case Value::Kind::int64:
            out_ += std::to_string(value.as_int64());
            return;
        case Value::Kind::uint64:
            out_ += std::to_string(value.as_uint64());
            return;
        case Value::Kind::float64:
            out_ += python_number(value.as_float64());
            return;
        case Value::Kind::text:
            out_ += python_text(value.as_text());
            return;
        case Value::Kind::bytes:
            out_ += python_text(core::base64_encode(value.as_bytes()));
            return;
        case Value::Kind::list:
            write_all(
                '[', ']', value.as_list(), indent,
                [this](const Value& item, const std::string& deeper) { write(item, deeper); });
            return;
        case Value::Kind::map:
            write_all('{', '}', value.as_map(), indent,
                      [this](const Member& member, const std::string& deeper) {
                          out_ += python_key(member.key) + ": ";
                          write(member.value, deeper);
                      });
            return;
        }
    }
    std::string take() && { return std::move(out_); }

private:
    template <typename Items, typename WriteOne>
    void write_all(char open, char close, const Items& items, const std::string& indent,
                   const WriteOne& write_one) {
        const std::string deeper = indent + "    ";
        out_ += open;
        for (std::size_t at = 0; at < items.size(); ++at) {
            out_ += on_one_line_ ? (at == 0 ? "" : ", ") : "\n" + deeper;
            write_one(items[at], deeper);
            out_ += on_one_line_ ? "" : ",";
        }
        out_ += on_one_line_ || items.empty() ? "" : "\n" + indent;
        out_ += close;
    }

    const bool on_one_line_;
    std::string out_;
};

}  // namespace

std::string shell_word(std::string_view text) {
    if (!text.empty() && std::ranges::all_of(text, is_shell_safe)) {
        return std::string{text};
    }
    if (!is_visible(text) || text.contains('\n') || text.contains('\t')) {
        // A shell that knows no $'' ends a text at any ' in it, and runs what follows.
        return "$'" + octal_escaped(text, '\'', "\\047") + "'";
    }
    std::string out = "'";
    for (const char character : text) {
        out += character == '\'' ? std::string{"'\\''"} : std::string{character};
    }
    return out + "'";
}

std::string python_text(std::string_view text) {
    std::string out = "\"";
    for (std::size_t at = 0; at < text.size(); ++at) {
        std::size_t size = 1;
        while (at + size < text.size() && (text[at + size] & 0xC0) == 0x80) {
            ++size;
        }
        const std::string_view character = text.substr(at, size);
        std::string shown = visible(character);
        if (character == "\n" || character == "\t") {
            shown = character == "\n" ? "\\n" : "\\t";
        } else if (character == "\"" || character == "\\") {
            shown.insert(0, 1, '\\');
        } else if (shown.starts_with("\\u{")) {
            shown = fmt::format("\\U{:0>8}", shown.substr(3, shown.size() - 4));
        }
        out += shown;
        at += size - 1;
    }
    return out + '"';
}

std::string cpp_quoted(std::string_view text) {
    // Raw where that is easier to read, and says the same.
    if (text.contains('"') && is_visible(text) && !text.contains(")\"") && !text.contains('\n')) {
        return "R\"(" + std::string{text} + ")\"";
    }
    return '"' + octal_escaped(text, '"', "\\\"") + '"';
}

std::string json_line(const Value& value) {
    std::string text;
    if (!format::json_encode(value, text,
                             {.depth_max = std::numeric_limits<std::size_t>::max(),
                              .numbers = format::JsonNumbers::python})) {
        return "null";
    }
    return with_json_escapes(std::move(text));
}

std::string json_text(const Value& value) {
    if (std::string line = json_line(value); line.size() <= line_columns_max) {
        return line;
    }
    std::string text;
    if (!format::json_encode_pretty(value, text,
                                    {.depth_max = std::numeric_limits<std::size_t>::max(),
                                     .numbers = format::JsonNumbers::python})) {
        return "null";
    }
    return with_json_escapes(std::move(text));
}

std::string python_value(const Value& value, std::string_view indent) {
    for (const bool on_one_line : {true, false}) {
        PythonWriter writer{on_one_line};
        writer.write(value, std::string{indent});
        std::string text = std::move(writer).take();
        if (!on_one_line || text.size() + indent.size() <= line_columns_max) {
            return text;
        }
    }
    return {};
}

}  // namespace warren::docs
