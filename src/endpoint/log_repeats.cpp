#include "endpoint/log_repeats.hpp"

#include <algorithm>
#include <functional>

namespace warren::endpoint {
namespace {

constexpr bool is_word(char character) noexcept {
    return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
           (character >= 'A' && character <= 'Z') || character == '-' || character == '_' ||
           static_cast<unsigned char>(character) >= 0x80;
}

constexpr bool is_digit(char character) noexcept {
    return character >= '0' && character <= '9';
}

/// The line without what differs from one caller or call to the next.
std::string shape_of(std::string_view line) {
    std::string shape;
    while (!line.empty()) {
        if (line.front() == '\'') {
            const std::size_t end = line.find('\'', 1);
            line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
            shape += '\'';
            continue;
        }
        const auto word_end = std::ranges::find_if_not(line, is_word);
        const auto length = static_cast<std::size_t>(word_end - line.begin());
        const std::string_view word = line.substr(0, std::max<std::size_t>(length, 1));
        if (std::ranges::any_of(word, is_digit)) {
            shape += '#';
        } else {
            shape += word;
        }
        line.remove_prefix(word.size());
    }
    return shape;
}

}  // namespace

std::size_t LogRepeats::kind_of(LogLevel level, std::string_view line) noexcept {
    return std::hash<std::string>{}(shape_of(line)) ^ static_cast<std::size_t>(level);
}

std::string LogRepeats::text_of(const Kind& known) {
    return known.line + " (" + std::to_string(known.left_out) +
           (known.left_out == 1 ? " line" : " lines") + " of this kind left out until now)";
}

}  // namespace warren::endpoint
