#include "endpoint/log_repeats.hpp"

#include "core/digit.hpp"
#include "core/keyed_hash.hpp"

#include <algorithm>

namespace warren::endpoint {
namespace {

constexpr bool is_word(char character) noexcept {
    return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
           (character >= 'A' && character <= 'Z') || character == '-' || character == '_' ||
           static_cast<unsigned char>(character) >= 0x80;
}

/// The words without those that have digits.
void add_words(std::string_view text, std::string& shape) {
    while (!text.empty()) {
        const auto word_end = std::ranges::find_if_not(text, is_word);
        const auto length = static_cast<std::size_t>(word_end - text.begin());
        const std::string_view word = text.substr(0, std::max<std::size_t>(length, 1));
        if (std::ranges::any_of(word, core::is_digit)) {
            shape += '#';
        } else {
            shape += word;
        }
        text.remove_prefix(word.size());
    }
}

/// The line without what differs from one caller or call to the next. A caller's text may have
/// quotes in it, too: nothing counts from the first to the last.
std::string shape_of(std::string_view line) {
    const std::size_t first = std::min(line.find('\''), line.size());
    std::string shape;
    add_words(line.substr(0, first), shape);
    if (first != line.size()) {
        add_words(line.substr(line.rfind('\'')), shape);
    }
    return shape;
}

}  // namespace

std::size_t LogRepeats::kind_of(std::string_view line) {
    return core::KeyedHash{}(shape_of(line));
}

std::string LogRepeats::text_of(const Slot& slot) {
    return slot.line + " (" + std::to_string(slot.left_out) +
           (slot.left_out == 1 ? " line" : " lines") +
           (slot.is_mixed ? " of this and other kinds" : " of this kind") + " left out until now)";
}

}  // namespace warren::endpoint
