#include "core/base64.hpp"
#include "core/keyed_hash.hpp"
#include "core/utf8.hpp"
#include "format/json/json.hpp"
#include "format/json/json_python.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <unordered_set>

namespace warren::format {
namespace {

enum class Style : std::uint8_t { compact, pretty, python };

// What stands after the backslash; 'u' for \u00xx, 0 for a byte that stays as it is.
constexpr std::array<char, 256> escapes = [] {
    std::array<char, 256> table{};
    std::fill_n(table.begin(), 0x20, 'u');
    table['\b'] = 'b';
    table['\f'] = 'f';
    table['\n'] = 'n';
    table['\r'] = 'r';
    table['\t'] = 't';
    table['"'] = '"';
    table['\\'] = '\\';
    return table;
}();

/// Whether one of eight bytes needs an escape: is under 0x20, a quote or a backslash. Bytes from
/// 0x80 on never report; a byte after one that reports may do so wrongly, which costs only time.
constexpr bool has_escape(std::uint64_t word) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101;
    constexpr std::uint64_t highs = 0x8080808080808080;
    const std::uint64_t quote = word ^ (ones * '"');
    const std::uint64_t backslash = word ^ (ones * '\\');
    const std::uint64_t low = (word - ones * 0x20) & ~word;
    return ((low | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash)) & highs) != 0;
}

/// The next byte from `at` on that needs an escape, or the end.
std::size_t plain_until(std::string_view text, std::size_t at) noexcept {
    while (text.size() - at >= sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + at, sizeof word);
        if (has_escape(word)) {
            break;
        }
        at += sizeof word;
    }
    while (at < text.size() && escapes[static_cast<unsigned char>(text[at])] == 0) {
        ++at;
    }
    return at;
}

template <typename Number>
void append_number(std::string& out, Number number) {
    std::array<char, 32> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out.append(digits.data(), end);
}

void append_integer(std::string& out, const Value& integer) {
    if (integer.kind() == Value::Kind::int64) {
        append_number(out, integer.as_int64());
    } else {
        append_number(out, integer.as_uint64());
    }
}

void append_float(std::string& out, double number) {
    const std::size_t start = out.size();
    append_number(out, number);
    if (out.find_first_of(".e", start) == std::string::npos) {
        out += ".0";
    }
}

class Writer {
public:
    Writer(std::string& out, const JsonLimits& limits, Style style)
        : out_{out},
          depth_max_{limits.depth_max},
          style_{style},
          numbers_{style == Style::python ? JsonNumbers::python : limits.numbers} {}

    bool write(const Value& value);
    EncodeError take_error() {
        std::ranges::reverse(error_.location);
        return std::move(error_);
    }

private:
    bool refuse(std::string_view type, std::string message) {
        error_ = {.location = {}, .message = std::move(message), .type = type};
        return false;
    }

    /// The location is collected from the inside out, while the recursion ends.
    bool refused_in(PathStep step) {
        error_.location.push_back(std::move(step));
        return false;
    }

    bool write_word(double number) {
        if (numbers_ == JsonNumbers::finite) {
            return refuse("float_not_finite", "JSON has no form for NaN and the infinities");
        }
        out_ += std::isnan(number) ? "NaN" : number < 0 ? "-Infinity" : "Infinity";
        return true;
    }
    bool write_text(std::string_view text);
    bool write_key(const Value& key);
    bool write_list(std::span<const Value> items);
    bool write_map(std::span<const Member> members);
    bool keys_differ(std::span<const Member> members);

    bool enter(char open) {
        if (depth_ == depth_max_) {
            return refuse(
                "depth_over_limit",
                fmt::format("The value is nested deeper than {} levels (nesting_depth_max)",
                            depth_max_));
        }
        ++depth_;
        out_ += open;
        return true;
    }

    void leave(char close, std::size_t count) {
        --depth_;
        if (count != 0 && style_ == Style::pretty) {
            new_line();
        }
        out_ += close;
    }

    void separate(std::size_t at) {
        if (at != 0) {
            out_ += style_ == Style::python ? ", " : ",";
        }
        if (style_ == Style::pretty) {
            new_line();
        }
    }

    void new_line() {
        out_ += '\n';
        out_.append(2 * depth_, ' ');
    }

    std::string& out_;
    std::size_t depth_max_;
    Style style_;
    JsonNumbers numbers_;
    std::size_t depth_ = 0;
    EncodeError error_;
};

bool Writer::write(const Value& value) {
    switch (value.kind()) {
    case Value::Kind::null:
        out_ += "null";
        return true;
    case Value::Kind::boolean:
        out_ += value.as_boolean() ? "true" : "false";
        return true;
    case Value::Kind::int64:
    case Value::Kind::uint64:
        append_integer(out_, value);
        return true;
    case Value::Kind::float64:
        if (!std::isfinite(value.as_float64())) {
            return write_word(value.as_float64());
        }
        if (style_ == Style::python) {
            json_append_python_float(out_, value.as_float64());
        } else {
            append_float(out_, value.as_float64());
        }
        return true;
    case Value::Kind::text:
        return write_text(value.as_text());
    case Value::Kind::bytes:
        out_ += '"';
        core::base64_append(out_, value.as_bytes());
        out_ += '"';
        return true;
    case Value::Kind::list:
        return write_list(value.as_list());
    case Value::Kind::map:
        return write_map(value.as_map());
    }
    return false;
}

bool Writer::write_text(std::string_view text) {
    if (!core::utf8_valid(text)) {
        return refuse("text_not_utf8", "The text is not valid UTF-8");
    }
    if (style_ == Style::python) {
        json_append_python_string(out_, text);
    } else {
        json_append_string(out_, text);
    }
    return true;
}

bool Writer::write_key(const Value& key) {
    if (key.is_text()) {
        return write_text(key.as_text());
    }
    if (!key.is_integer()) {
        return refuse("key_not_text",
                      fmt::format("JSON has no form for a key that is a {}", name_of(key.kind())));
    }
    out_ += '"';
    append_integer(out_, key);
    out_ += '"';
    return true;
}

bool Writer::write_list(std::span<const Value> items) {
    if (!enter('[')) {
        return false;
    }
    for (std::size_t at = 0; at < items.size(); ++at) {
        separate(at);
        if (!write(items[at])) {
            return refused_in(at);
        }
    }
    leave(']', items.size());
    return true;
}

/// A decoded map has no key twice, but 1 and "1" are one key in JSON.
bool Writer::keys_differ(std::span<const Member> members) {
    std::unordered_set<std::string_view, core::KeyedHash> texts;
    for (const Member& member : members) {
        if (member.key.is_text()) {
            texts.insert(member.key.as_text());
        }
    }
    for (const Member& member : members) {
        if (!member.key.is_integer() || texts.empty()) {
            continue;
        }
        std::string digits;
        append_integer(digits, member.key);
        if (texts.contains(digits)) {
            return refuse("key_twice",
                          fmt::format("The key {} stands in the map both as an integer "
                                      "and as text",
                                      digits));
        }
    }
    return true;
}

bool Writer::write_map(std::span<const Member> members) {
    if (!enter('{')) {
        return false;
    }
    bool keys_are_text = true;
    for (std::size_t at = 0; at < members.size(); ++at) {
        const Member& member = members[at];
        separate(at);
        keys_are_text = keys_are_text && member.key.is_text();
        if (!write_key(member.key)) {
            return false;
        }
        out_ += style_ == Style::compact ? ":" : ": ";
        if (!write(member.value)) {
            std::string name;
            if (member.key.is_text()) {
                name = member.key.as_text();
            } else {
                append_integer(name, member.key);
            }
            return refused_in(std::move(name));
        }
    }
    leave('}', members.size());
    return keys_are_text || keys_differ(members);
}

std::expected<void, EncodeError> encode(const Value& value, std::string& out,
                                        const JsonLimits& limits, Style style) {
    const std::size_t size_before = out.size();
    Writer writer{out, limits, style};
    if (!writer.write(value)) {
        out.resize(size_before);
        return std::unexpected{writer.take_error()};
    }
    return {};
}

}  // namespace

std::expected<void, EncodeError> json_encode(const Value& value, std::string& out,
                                             const JsonLimits& limits) {
    return encode(value, out, limits, Style::compact);
}

std::expected<void, EncodeError> json_encode_pretty(const Value& value, std::string& out,
                                                    const JsonLimits& limits) {
    return encode(value, out, limits, Style::pretty);
}

std::expected<void, EncodeError> json_encode_python(const Value& value, std::string& out,
                                                    const JsonLimits& limits) {
    return encode(value, out, limits, Style::python);
}

void json_append_string(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += '"';
    std::size_t at = 0;
    while (true) {
        const std::size_t end = plain_until(text, at);
        out.append(text.substr(at, end - at));
        if (end == text.size()) {
            break;
        }
        const auto octet = static_cast<unsigned char>(text[end]);
        out += '\\';
        out += escapes[octet];
        if (escapes[octet] == 'u') {
            out += "00";
            out += digits[octet >> 4];
            out += digits[octet & 0x0fU];
        }
        at = end + 1;
    }
    out += '"';
}

}  // namespace warren::format
