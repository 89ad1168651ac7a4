#include "format/json/json_words.hpp"

#include <limits>

namespace warren::format {
namespace {

constexpr std::string_view nan_word = "NaN";
constexpr std::string_view infinity_word = "Infinity";

bool is_before_value(std::string_view text, std::size_t at) noexcept {
    return at == 0 || std::string_view{"[:, \t\r\n"}.contains(text[at - 1]);
}

bool is_behind_value(std::string_view text, std::size_t at) noexcept {
    return at == text.size() || std::string_view{"]}, \t\r\n"}.contains(text[at]);
}

/// The end of the string that begins before `at`.
std::size_t string_end(std::string_view text, std::size_t at) noexcept {
    while (at < text.size() && text[at] != '"') {
        at += text[at] == '\\' ? 2 : 1;
    }
    return at;
}

}  // namespace

JsonWords json_number_words(std::string_view text) {
    JsonWords found{.words = {}, .text = std::string{text}};
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '"') {
            at = string_end(text, at + 1);
            continue;
        }
        const bool is_negative = text[at] == '-';
        const std::size_t word_at = at + (is_negative ? 1 : 0);
        const std::string_view rest = text.substr(word_at);
        const std::string_view word = rest.starts_with(infinity_word)              ? infinity_word
                                      : rest.starts_with(nan_word) && !is_negative ? nan_word
                                                                                   : "";
        if (word.empty() || !is_before_value(text, at) ||
            !is_behind_value(text, word_at + word.size())) {
            continue;
        }
        const double number = word == nan_word ? std::numeric_limits<double>::quiet_NaN()
                                               : std::numeric_limits<double>::infinity();
        found.words.push_back({.offset = at, .number = is_negative ? -number : number});
        found.text.replace(word_at, word.size(),
                           std::string{"0."} + std::string(word.size() - 2, '0'));
        at = word_at + word.size() - 1;
    }
    return found;
}

}  // namespace warren::format
