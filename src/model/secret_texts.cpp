#include "model/secret_texts.hpp"

#include "core/base64.hpp"
#include "format/json/json.hpp"
#include "model/unescaped_text.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace warren::model {
namespace {

bool is_word(char character) {
    return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
           (character >= 'A' && character <= 'Z');
}

/// Whether a text that is short, and so in many others by chance, stands there by itself.
bool stands_alone(std::string_view text, std::size_t at, std::size_t size) {
    constexpr std::size_t chance_bytes_max = 3;
    const bool joined_before = at > 0 && is_word(text[at - 1]);
    const bool joined_after = at + size < text.size() && is_word(text[at + size]);
    return size > chance_bytes_max || (!joined_before && !joined_after);
}

/// Of a text, from one byte to before another.
struct TextRange {
    std::size_t start;
    std::size_t end;
};

/// Where secrets stand.
void add_ranges(const std::vector<std::string>& secrets, const UnescapedText& shown,
                std::vector<TextRange>& ranges) {
    for (const std::string& secret : secrets) {
        std::size_t at = 0;
        while ((at = shown.text.find(secret, at)) != std::string::npos) {
            if (stands_alone(shown.text, at, secret.size())) {
                ranges.push_back({shown.start_of(at), shown.start_of(at + secret.size())});
                at += secret.size();
            } else {
                ++at;
            }
        }
    }
}

std::string without_ranges(std::string_view text, std::vector<TextRange> ranges,
                           std::string_view instead) {
    std::ranges::sort(ranges, {}, &TextRange::start);
    std::string out;
    std::size_t done = 0;
    for (const TextRange& range : ranges) {
        if (range.start >= done) {
            out.append(text.substr(done, range.start - done)).append(instead);
        }
        done = std::max(done, range.end);
    }
    return out.append(text.substr(done));
}

}  // namespace

std::string secret_text_of(const Value& value) {
    if (value.is_text()) {
        return std::string{value.as_text()};
    }
    if (value.kind() == Value::Kind::bytes) {
        return core::base64_encode(value.as_bytes());
    }
    std::string text;
    return format::json_encode(value, text) ? text : std::string{};
}

void SecretTexts::add(const Value& secret) {
    std::string text = secret_text_of(secret);
    if (secret.is_null() || secret.kind() == Value::Kind::boolean || text.empty()) {
        return;
    }
    const auto place = std::ranges::lower_bound(texts_, text);
    if (place == texts_.end() || *place != text) {
        texts_.insert(place, std::move(text));
    }
}

bool SecretTexts::contains(std::string_view text) const noexcept {
    return std::ranges::find(texts_, text) != texts_.end();
}

std::string SecretTexts::without(std::string_view text, std::string_view shown) const {
    constexpr int strings_in_strings_max = 3;
    if (texts_.empty()) {
        return std::string{text};
    }
    std::vector<TextRange> ranges;
    UnescapedText plain{std::string{text}};
    add_ranges(texts_, plain, ranges);
    for (int depth = 0; depth < strings_in_strings_max && plain.text.contains('\\'); ++depth) {
        plain = unescaped(plain);
        add_ranges(texts_, plain, ranges);
    }
    return without_ranges(text, std::move(ranges), shown);
}

}  // namespace warren::model
