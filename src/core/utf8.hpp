#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace warren::core {

/// Whether all bytes are below 0x80. Inline, because most texts are short and so.
/// cost O(bytes), eight at a time                                             thread any
inline bool is_ascii(std::string_view text) noexcept {
    constexpr std::uint64_t high_bits = 0x8080808080808080;
    const auto word_at = [text]<typename Word>(Word word, std::size_t at) {
        std::memcpy(&word, text.data() + at, sizeof word);
        return std::uint64_t{word};
    };
    const std::size_t size = text.size();
    std::uint64_t seen = 0;
    // The last word overlaps the one before.
    if (size >= sizeof(std::uint64_t)) {
        for (std::size_t at = 0; at + sizeof(std::uint64_t) < size; at += sizeof(std::uint64_t)) {
            seen |= word_at(std::uint64_t{}, at);
        }
        seen |= word_at(std::uint64_t{}, size - sizeof(std::uint64_t));
    } else if (size >= sizeof(std::uint32_t)) {
        seen = word_at(std::uint32_t{}, 0) | word_at(std::uint32_t{}, size - sizeof(std::uint32_t));
    } else {
        for (const char octet : text) {
            seen |= static_cast<unsigned char>(octet);
        }
    }
    return (seen & high_bits) == 0;
}

/// out  offset of the first byte that is not part of well-formed UTF-8; npos when all is
///      (overlong forms, surrogates and code points over U+10FFFF are not)  [Unicode 15, table 3-7]
/// cost O(bytes), eight ASCII bytes at a time                                 thread any
std::size_t utf8_invalid_at(std::string_view text) noexcept;

inline bool utf8_valid(std::string_view text) noexcept {
    constexpr std::size_t looked_at_here_max = 32;
    return (text.size() <= looked_at_here_max && is_ascii(text)) ||
           utf8_invalid_at(text) == std::string_view::npos;
}

/// Code points in a text.
/// in   valid UTF-8
/// cost O(bytes), eight at a time
std::size_t utf8_count(std::string_view text) noexcept;

/// A character of a text, or a byte that is part of none.
struct Utf8Character {
    std::uint32_t point = 0;  // the byte, where it is no character
    std::size_t size = 0;     // bytes, from 1
    bool is_valid = false;
};
/// in   at: below the size; where a character begins
Utf8Character utf8_character_at(std::string_view text, std::size_t at) noexcept;

/// Whether this character would let a peer's text break a line, a terminal or the order of reading.
bool is_unsafe_to_show(std::uint32_t point) noexcept;

/// Any bytes as one line that is safe to print, log and send: control characters (of C0, C1, line
/// and paragraph separators, and those that turn the direction of writing) and malformed bytes
/// become escapes such as \n, \x1b or \u202e, and a backslash becomes two.
/// in   bytes_max: of the result, without the "..." that marks a cut
/// out  valid UTF-8, cut between characters and escapes
/// cost O(min(bytes, bytes_max))
std::string text_for_display(std::string_view peer_text, std::size_t bytes_max = 512);

}  // namespace warren::core
