#include "docs/html.hpp"

#include "core/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace warren::docs {
namespace {

struct CodePoint {
    char32_t number;
    std::size_t size_bytes;
};

/// in  well-formed UTF-8 that is not empty
CodePoint first_code_point(std::string_view text) {
    const auto octet = [text](std::size_t at) {
        return static_cast<char32_t>(static_cast<unsigned char>(text[at]));
    };
    const char32_t lead = octet(0);
    if (lead < 0x80) {
        return {lead, 1};
    }
    if (lead < 0xE0) {
        return {(lead & 0x1F) << 6 | (octet(1) & 0x3F), 2};
    }
    if (lead < 0xF0) {
        return {(lead & 0x0F) << 12 | (octet(1) & 0x3F) << 6 | (octet(2) & 0x3F), 3};
    }
    return {
        (lead & 0x07) << 18 | (octet(1) & 0x3F) << 12 | (octet(2) & 0x3F) << 6 | (octet(3) & 0x3F),
        4};
}

struct CodePoints {
    char32_t first;
    char32_t last;
};

// Controls but tab and line feed; what has no width; what turns the direction of writing
// [Unicode 15, UAX #9 2]; separators of lines; tags; what is no character.
constexpr std::array unseen{
    CodePoints{0x00, 0x08},       CodePoints{0x0B, 0x1F},     CodePoints{0x7F, 0x9F},
    CodePoints{0xAD, 0xAD},       CodePoints{0x61C, 0x61C},   CodePoints{0x180E, 0x180E},
    CodePoints{0x200B, 0x200F},   CodePoints{0x2028, 0x202E}, CodePoints{0x2060, 0x206F},
    CodePoints{0xFEFF, 0xFEFF},   CodePoints{0xFFF9, 0xFFFB}, CodePoints{0xFFFE, 0xFFFF},
    CodePoints{0xE0000, 0xE0FFF},
};

bool is_unseen(char32_t number) {
    const auto* const range = std::ranges::lower_bound(unseen, number, {}, &CodePoints::last);
    return range != unseen.end() && number >= range->first;
}

/// ASCII that needs nothing done: most texts are that alone.
bool is_plain(std::string_view text) {
    return std::ranges::all_of(text, [](char character) {
        return character == '\n' || character == '\t' || (character >= ' ' && character < 0x7F);
    });
}

void append_visible(std::string& out, std::string_view well_formed) {
    while (!well_formed.empty()) {
        const CodePoint point = first_code_point(well_formed);
        if (is_unseen(point.number)) {
            out += point.number < 0x10000 ? fmt::format("\\u{:04x}", std::uint32_t{point.number})
                                          : fmt::format("\\u{{{:x}}}", std::uint32_t{point.number});
        } else {
            out += well_formed.substr(0, point.size_bytes);
        }
        well_formed.remove_prefix(point.size_bytes);
    }
}

void append_escaped(std::string& out, std::string_view text) {
    for (const char character : text) {
        switch (character) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        case '\'':
            out += "&#39;";
            break;
        default:
            out += character;
        }
    }
}

}  // namespace

std::string visible(std::string_view text) {
    if (is_plain(text)) {
        return std::string{text};
    }
    std::string out;
    for (;;) {
        const std::size_t bad = core::utf8_invalid_at(text);
        append_visible(out, text.substr(0, bad));
        if (bad == std::string_view::npos) {
            return out;
        }
        out += "\uFFFD";
        text.remove_prefix(bad + 1);
    }
}

bool is_visible(std::string_view text) {
    return is_plain(text) || visible(text) == text;
}

Html& Html::text(std::string_view said) {
    append_escaped(out_, is_plain(said) ? said : std::string_view{visible(said)});
    return *this;
}

Html& Html::number(std::size_t count) {
    out_ += std::to_string(count);
    return *this;
}

Html& Html::attribute(Markup name, std::string_view value) {
    out_ += ' ';
    out_ += name.text();
    out_ += "=\"";
    text(value);
    out_ += '"';
    return *this;
}

}  // namespace warren::docs
