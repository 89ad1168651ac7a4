#include "docs/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace warren::docs {
namespace {

constexpr std::size_t comment_columns_max = 100;

bool is_letter(char character) noexcept {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

bool is_name_character(char character) noexcept {
    return is_letter(character) || (character >= '0' && character <= '9') || character == '_';
}

std::string lower_case(std::string_view name) {
    std::string lower{name};
    for (char& character : lower) {
        character = static_cast<char>(character >= 'A' && character <= 'Z' ? character - 'A' + 'a'
                                                                           : character);
    }
    return lower;
}

/// One character of a text, and the bytes it has there.
struct Character {
    char32_t code = 0xFFFD;
    std::string_view bytes;
    bool is_valid = false;
};

Character take_character(std::string_view& text) noexcept {
    const auto byte = [text](std::size_t at) {
        return static_cast<unsigned char>(at < text.size() ? text[at] : 0);
    };
    const unsigned char lead = byte(0);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t code = size == 1 ? lead : lead & (0xFFU >> (size + 1));
    bool is_valid = size == 1 || (lead >= 0xC2 && lead < 0xF5);
    for (std::size_t at = 1; at < size && is_valid; ++at) {
        is_valid = (byte(at) & 0xC0U) == 0x80;
        code = code << 6 | (byte(at) & 0x3FU);
    }
    const Character taken{is_valid ? code : 0xFFFD, text.substr(0, is_valid ? size : 1), is_valid};
    text.remove_prefix(taken.bytes.size());
    return taken;
}

/// Controls, separators of lines, marks without a width, of the direction of writing, and tags.
bool is_unseen_in_code(char32_t code) noexcept {
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0xAD || code == 0x61C ||
           (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2060 && code <= 0x206F) || (code >= 0xD800 && code < 0xE000) ||
           code == 0xFEFF || code == 0xFFFE || code == 0xFFFF ||
           (code >= 0xE0000 && code <= 0xE0FFF);
}

void append_escape(std::string& out, const Character& character, Language language) {
    const auto end = std::back_inserter(out);
    const auto code = static_cast<std::uint32_t>(character.code);
    if (language == Language::cpp) {
        for (const char byte : character.bytes) {  // three digits: none that follows belongs to it
            fmt::format_to(end, "\\{:03o}", static_cast<unsigned char>(byte));
        }
    } else if (code < 0x10000) {
        fmt::format_to(end, "\\u{:04x}", code);
    } else if (language == Language::python) {
        fmt::format_to(end, "\\U{:08x}", code);
    } else {
        fmt::format_to(end, "\\u{{{:x}}}", code);
    }
}

/// The next line of a comment: up to a line's end, and where it is long up to a blank.
std::string_view take_line(std::string_view& text, std::size_t columns_max) noexcept {
    std::size_t end = std::min(text.find('\n'), text.size());
    std::size_t next = end + 1;
    if (end > columns_max) {
        const std::size_t blank = text.rfind(' ', columns_max);
        if (blank != std::string_view::npos && blank != 0) {
            end = blank;
            next = blank + 1;
        }
    }
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(next, text.size()));
    return line;
}

}  // namespace

std::string identifier_of(std::string_view name, std::string_view otherwise) {
    std::string result;
    for (const char character : name) {
        const bool fits = is_name_character(character);
        if (!result.empty() || is_letter(character)) {
            result += fits ? character : '_';
        } else if (fits && character != '_') {
            (result = otherwise) += character;  // a digit
        }
    }
    return result.empty() ? std::string{otherwise} : result;
}

std::string camel_case(std::string_view name) {
    std::string result;
    bool start = true;
    for (const char character : name) {
        const bool is_part = is_name_character(character) && character != '_';
        if (is_part) {
            const bool is_small = character >= 'a' && character <= 'z';
            result += start && is_small ? static_cast<char>(character - 'a' + 'A') : character;
        }
        start = !is_letter(character);
    }
    return result;
}

bool is_identifier(std::string_view name) noexcept {
    return !name.empty() && std::ranges::all_of(name, is_name_character) &&
           (is_letter(name.front()) || name.front() == '_');
}

std::vector<std::string_view> split_words(std::string_view text) {
    std::vector<std::string_view> words;
    while (true) {
        const std::size_t begin = text.find_first_not_of(" \n");
        if (begin == std::string_view::npos) {
            return words;
        }
        const std::size_t end = std::min(text.find_first_of(" \n", begin), text.size());
        words.push_back(text.substr(begin, end - begin));
        text.remove_prefix(end);
    }
}

ScopeNames::ScopeNames(std::span<const std::string_view> reserved, LetterCase letter_case)
    : letter_case_{letter_case} {
    for (const std::string_view word : reserved) {
        take(std::string{word});
    }
}

bool ScopeNames::take(const std::string& name) {
    return taken_.insert(letter_case_ == LetterCase::counts ? name : lower_case(name)).second;
}

std::string ScopeNames::choose(const std::string& wanted) {
    if (take(wanted)) {
        return wanted;
    }
    std::string name = wanted + "_";
    for (int number = 2; !take(name); ++number) {
        name = fmt::format("{}_{}", wanted, number);
    }
    return name;
}

std::string literal_of(std::string_view text, Language language) {
    std::string out = "\"";
    bool after_question = false;
    while (!text.empty()) {
        const Character character = take_character(text);
        const bool is_question = character.code == '?';
        if (character.code == '"' || character.code == '\\' ||
            (language == Language::cpp && is_question && after_question)) {  // no trigraph
            (out += '\\').append(character.bytes);
        } else if (character.code == '\n') {
            out += "\\n";
        } else if (!character.is_valid || is_unseen_in_code(character.code)) {
            append_escape(out, character, language);
        } else {
            out.append(character.bytes);
        }
        after_question = is_question;
    }
    return out += '"';
}

void append_comment(std::string& out, std::string_view prefix, std::string_view text) {
    const std::size_t columns =
        comment_columns_max - std::min(prefix.size(), comment_columns_max / 2);
    while (!text.empty()) {
        std::string_view line = take_line(text, columns);
        std::string shown;
        while (!line.empty()) {
            const Character character = take_character(line);
            if (character.code == '\t') {
                shown += ' ';
            } else if (!character.is_valid || is_unseen_in_code(character.code)) {
                append_escape(shown, character, Language::python);
            } else {
                const bool ends = character.code == '/' && shown.ends_with('*');
                const bool begins = character.code == '*' && shown.ends_with('/');
                shown.append(ends || begins ? " " : "").append(character.bytes);
            }
        }
        // A backslash at the end would take the next line in.
        while (shown.ends_with(' ')) {
            shown.pop_back();
        }
        shown += shown.ends_with('\\') || shown.ends_with("\?\?/") ? " ." : "";
        out.append(prefix);
        while (shown.empty() && out.ends_with(' ')) {
            out.pop_back();
        }
        out.append(shown) += '\n';
    }
}

}  // namespace warren::docs
