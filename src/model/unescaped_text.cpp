#include "model/unescaped_text.hpp"

#include <charconv>
#include <cstdint>
#include <optional>

namespace warren::model {
namespace {

struct Escape {
    std::uint32_t code_point;
    std::size_t size_bytes;
};

/// A backslash, a letter and so many hexadecimal digits.
std::optional<std::uint32_t> digits_of(std::string_view text, std::size_t at, char letter,
                                       std::size_t digits) {
    if (text.size() - at < digits + 2 || text[at] != '\\' || text[at + 1] != letter) {
        return std::nullopt;
    }
    std::uint32_t number = 0;
    const char* const end = text.data() + at + 2 + digits;
    const auto parsed = std::from_chars(text.data() + at + 2, end, number, 16);
    return parsed.ptr == end ? std::optional{number} : std::nullopt;
}

constexpr bool is_surrogate(std::uint32_t code_point, std::uint32_t first) {
    return code_point >= first && code_point < first + 0x400;
}

std::optional<Escape> escape_at(std::string_view text, std::size_t at) {
    constexpr std::string_view letters = "bfnrt\"\\/'";
    constexpr std::string_view characters = "\b\f\n\r\t\"\\/'";
    if (text[at] != '\\' || at + 1 == text.size()) {
        return std::nullopt;
    }
    if (const std::size_t letter = letters.find(text[at + 1]); letter != std::string_view::npos) {
        return Escape{static_cast<std::uint32_t>(characters[letter]), 2};
    }
    if (const auto number = digits_of(text, at, 'x', 2)) {
        return Escape{*number, 4};
    }
    const auto number = digits_of(text, at, 'u', 4);
    if (number && is_surrogate(*number, 0xd800)) {
        const auto second = digits_of(text, at + 6, 'u', 4);
        return second && is_surrogate(*second, 0xdc00)
                   ? std::optional{Escape{0x10000 + ((*number - 0xd800) << 10) + (*second - 0xdc00),
                                          12}}
                   : std::nullopt;
    }
    return number ? std::optional{Escape{*number, 6}} : std::nullopt;
}

void append_utf8(std::uint32_t code_point, std::string& out) {
    const auto append = [&out](std::uint32_t octet) { out += static_cast<char>(octet); };
    if (code_point < 0x80) {
        return append(code_point);
    }
    if (code_point < 0x800) {
        append(0xc0 | code_point >> 6);
    } else if (code_point < 0x10000) {
        append(0xe0 | code_point >> 12);
        append(0x80 | (code_point >> 6 & 0x3f));
    } else {
        append(0xf0 | code_point >> 18);
        append(0x80 | (code_point >> 12 & 0x3f));
        append(0x80 | (code_point >> 6 & 0x3f));
    }
    append(0x80 | (code_point & 0x3f));
}

}  // namespace

UnescapedText unescaped(const UnescapedText& escaped) {
    UnescapedText out;
    out.text.reserve(escaped.text.size());
    out.starts.reserve(escaped.text.size() + 1);
    for (std::size_t at = 0; at < escaped.text.size();) {
        const auto escape = escape_at(escaped.text, at);
        if (escape) {
            append_utf8(escape->code_point, out.text);
        } else {
            out.text += escaped.text[at];
        }
        out.starts.resize(out.text.size(), escaped.start_of(at));
        at += escape ? escape->size_bytes : 1;
    }
    out.starts.push_back(escaped.start_of(escaped.text.size()));
    return out;
}

}  // namespace warren::model
