#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace warren::core {

/// out  offset of the first byte that is not part of well-formed UTF-8; npos when all is
///      (overlong forms, surrogates and code points over U+10FFFF are not)  [Unicode 15, table 3-7]
/// cost O(bytes), eight ASCII bytes at a time                                 thread any
std::size_t utf8_invalid_at(std::string_view text) noexcept;

inline bool utf8_valid(std::string_view text) noexcept {
    return utf8_invalid_at(text) == std::string_view::npos;
}

/// Code points in a text.
/// in   valid UTF-8
/// cost O(bytes)
std::size_t utf8_count(std::string_view text) noexcept;

/// Any bytes as one line that is safe to print, log and send: control characters (of C0, C1, line
/// and paragraph separators, and those that turn the direction of writing) and malformed bytes
/// become escapes such as \n, \x1b or \u202e, and a backslash becomes two.
/// in   bytes_max: of the result, without the "..." that marks a cut
/// out  valid UTF-8, cut between characters and escapes
/// cost O(min(bytes, bytes_max))
std::string text_for_display(std::string_view peer_text, std::size_t bytes_max = 512);

}  // namespace warren::core
