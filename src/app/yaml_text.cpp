#include "app/yaml_text.hpp"

#include "core/base64.hpp"
#include "core/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace warren::app {
namespace {

constexpr std::size_t indent = 2;
// Of a key on one line with its value; PyYAML and yaml-cpp read no longer one.
constexpr std::size_t short_key_bytes_max = 1000;

constexpr bool is_letter(char each) noexcept {
    return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z');
}

/// Words that some reader takes for something else than a text.           [YAML 1.1, bool, null]
bool is_reserved(std::string_view text) {
    constexpr auto words = std::to_array<std::string_view>(
        {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"});
    constexpr std::size_t longest = 5;
    std::string lower{text.substr(0, longest + 1)};
    std::ranges::transform(lower, lower.begin(), [](char each) {
        return each >= 'A' && each <= 'Z' ? static_cast<char>(each - 'A' + 'a') : each;
    });
    return std::ranges::find(words, lower) != words.end();
}

/// Few texts need no quotes for sure: they begin as a word does, and have nothing in them that
/// YAML knows.
bool is_plain(std::string_view text) {
    constexpr std::string_view others = "0123456789_-./@+= ";
    if (text.empty() || !is_letter(text.front()) || text.back() == ' ' || is_reserved(text)) {
        return false;
    }
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool is_colon_in_word =
            text[at] == ':' && at + 1 < text.size() && text[at + 1] != ' ';
        if (!is_letter(text[at]) && !others.contains(text[at]) && !is_colon_in_word) {
            return false;
        }
    }
    return true;
}

/// Not readable by everybody, though it is a character: no YAML has them as they are.
constexpr bool is_no_yaml(std::uint32_t point) noexcept {
    return (point & 0xfffeU) == 0xfffeU || (point >= 0xe0000 && point <= 0xe0fff);
}

std::string escaped(std::uint32_t point) {
    switch (point) {
    case '\n':
        return "\\n";
    case '\t':
        return "\\t";
    case '\r':
        return "\\r";
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    default:
        return point < 0x100     ? fmt::format("\\x{:02x}", point)
               : point < 0x10000 ? fmt::format("\\u{:04x}", point)
                                 : fmt::format("\\U{:08x}", point);
    }
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (std::size_t at = 0; at < text.size();) {
        const core::Utf8Character character = core::utf8_character_at(text, at);
        if (text[at] == '"' || text[at] == '\\' || core::is_unsafe_to_show(character.point) ||
            is_no_yaml(character.point)) {
            out += escaped(character.point);
        } else {
            out += text.substr(at, character.size);
        }
        at += character.size;
    }
    return out + '"';
}

/// With a point, and a sign in the exponent, without which YAML 1.1 takes it for a text.
std::string float_text(double number) {
    if (!std::isfinite(number)) {
        return std::isnan(number) ? ".nan" : (number < 0 ? "-.inf" : ".inf");
    }
    std::string text = fmt::format("{}", number);
    const std::size_t exponent = text.find('e');
    if (!text.contains('.')) {
        text.insert(std::min(exponent, text.size()), ".0");
    }
    return text;
}

class YamlWriter {
public:
    explicit YamlWriter(std::string& out) noexcept : out_{out} {}

    const std::string& problem() const noexcept { return problem_; }

    /// A document, or what stands on a line of its own.
    void write_root(const Value& value) {
        if (is_block(value)) {
            write_block(value, 0, true);
        } else {
            write_scalar(value);
            out_ += '\n';
        }
    }

private:
    static bool is_block(const Value& value) noexcept {
        return (value.is_list() && !value.as_list().empty()) ||
               (value.is_map() && !value.as_map().empty());
    }

    void write_scalar(const Value& value) {
        switch (value.kind()) {
        case Value::Kind::null:
            out_ += "null";
            return;
        case Value::Kind::boolean:
            out_ += value.as_boolean() ? "true" : "false";
            return;
        case Value::Kind::int64:
            out_ += std::to_string(value.as_int64());
            return;
        case Value::Kind::uint64:
            out_ += std::to_string(value.as_uint64());
            return;
        case Value::Kind::float64:
            out_ += float_text(value.as_float64());
            return;
        case Value::Kind::text:
            write_text(value.as_text());
            return;
        case Value::Kind::bytes:
            out_ += "!!binary \"" + core::base64_encode(value.as_bytes()) + '"';
            return;
        case Value::Kind::list:
            out_ += "[]";
            return;
        case Value::Kind::map:
            out_ += "{}";
            return;
        }
        std::unreachable();
    }

    void write_text(std::string_view text) {
        if (!core::utf8_valid(text)) {
            problem_ = "a text that is no UTF-8";
        }
        out_ += is_plain(text) ? std::string{text} : quoted(text);
    }

    /// in   is_at_start: the line has its indent already
    void write_block(const Value& value, std::size_t depth, bool is_at_start) {
        const auto begin_line = [&] {
            if (!std::exchange(is_at_start, false)) {
                out_.append(depth * indent, ' ');
            }
        };
        if (value.is_list()) {
            for (const Value& item : value.as_list()) {
                begin_line();
                out_ += "- ";
                write_item(item, depth);
            }
            return;
        }
        for (const Member& member : value.as_map()) {
            begin_line();
            write_member(member, depth);
        }
    }

    /// After "- ", "? " or ": ", which are as wide as an indent.
    void write_item(const Value& item, std::size_t depth) {
        if (is_block(item)) {
            write_block(item, depth + 1, true);
        } else {
            write_scalar(item);
            out_ += '\n';
        }
    }

    void write_member(const Member& member, std::size_t depth) {
        if (member.key.is_list() || member.key.is_map()) {
            problem_ = "a key that is a list or a map";
            return;
        }
        const std::size_t begin = out_.size();
        write_scalar(member.key);
        if (out_.size() - begin > short_key_bytes_max) {
            out_.insert(begin, "? ");
            out_ += '\n' + std::string(depth * indent, ' ') + ": ";
            return write_item(member.value, depth);
        }
        out_ += ':';
        if (is_block(member.value)) {
            out_ += '\n';
            write_block(member.value, depth + 1, false);
        } else {
            out_ += ' ';
            write_scalar(member.value);
            out_ += '\n';
        }
    }

    std::string& out_;
    std::string problem_;
};

}  // namespace

std::expected<void, std::string> yaml_append(const Value& value, std::string& out) {
    const std::size_t before = out.size();
    YamlWriter writer{out};
    writer.write_root(value);
    if (!writer.problem().empty()) {
        out.resize(before);
        return std::unexpected{writer.problem()};
    }
    return {};
}

}  // namespace warren::app
