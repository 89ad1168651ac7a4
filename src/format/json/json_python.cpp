#include "format/json/json_python.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>

namespace warren::format {
namespace {

// Of Python's `repr`: what is from the first on and under the second has no exponent.
constexpr int exponent_min = -4;
constexpr int exponent_end = 16;

/// What stands after the backslash; 0 for what becomes \u or stays as it is.
constexpr char short_escape(char octet) noexcept {
    switch (octet) {
    case '"':
    case '\\':
        return octet;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

constexpr bool is_plain(char octet) noexcept {
    return octet >= ' ' && octet <= '~' && octet != '"' && octet != '\\';
}

void append_unit(std::string& out, std::uint32_t unit) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) {
        out += digits[unit >> shift & 0xfU];
    }
}

/// The code point that `text` starts with, which is removed.
/// in  valid UTF-8, not empty
std::uint32_t take_code_point(std::string_view& text) noexcept {
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    std::uint32_t code_point = size == 1 ? first : first & (0x7fU >> size);
    for (const char octet : text.substr(1, size - 1)) {
        code_point = code_point << 6 | (static_cast<unsigned char>(octet) & 0x3fU);
    }
    text.remove_prefix(size);
    return code_point;
}

void append_escaped(std::string& out, std::uint32_t code_point) {
    constexpr std::uint32_t beyond_units = 0x10000;
    if (code_point < beyond_units) {
        append_unit(out, code_point);
        return;
    }
    const std::uint32_t rest = code_point - beyond_units;
    append_unit(out, 0xd800U + (rest >> 10));
    append_unit(out, 0xdc00U + (rest & 0x3ffU));
}

}  // namespace

void json_append_python_string(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        std::size_t plain = 0;
        while (plain < text.size() && is_plain(text[plain])) {
            ++plain;
        }
        out.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) {
            break;
        }
        if (const char escape = short_escape(text.front()); escape != 0) {
            out += '\\';
            out += escape;
            text.remove_prefix(1);
        } else {
            append_escaped(out, take_code_point(text));
        }
    }
    out += '"';
}

void json_append_python_float(std::string& out, double number) {
    std::array<char, 32> digits{};
    char* const first = digits.data();
    char* const last = first + digits.size();
    const char* end = std::to_chars(first, last, number, std::chars_format::scientific).ptr;
    const std::string_view scientific{first, end};
    const char* exponent_at = first + scientific.find('e') + 1;
    int exponent = 0;
    // It has a sign, of which from_chars takes the minus only.
    std::from_chars(*exponent_at == '+' ? exponent_at + 1 : exponent_at, end, exponent);
    if (exponent < exponent_min || exponent >= exponent_end) {
        out.append(scientific);
        return;
    }
    end = std::to_chars(first, last, number, std::chars_format::fixed).ptr;
    const std::string_view fixed{first, end};
    out.append(fixed);
    if (fixed.find('.') == std::string_view::npos) {
        out += ".0";
    }
}

}  // namespace warren::format
