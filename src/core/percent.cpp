#include "core/percent.hpp"

#include "core/digit.hpp"
#include "core/utf8.hpp"

namespace warren::core {
namespace {

constexpr int hex_value(char character) noexcept {
    if (is_digit(character)) {
        return character - '0';
    }
    const char lower = static_cast<char>(character | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

bool is_unreserved(char character) noexcept {
    const char lower = static_cast<char>(character | 0x20);
    return is_digit(character) || (lower >= 'a' && lower <= 'z') ||
           std::string_view{"-._~"}.contains(character);
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char character : text) {
        if (is_unreserved(character)) {
            encoded += character;
            continue;
        }
        const auto octet = static_cast<unsigned char>(character);
        encoded += '%';
        encoded += digits[octet >> 4];
        encoded += digits[octet & 0x0fU];
    }
    return encoded;
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            plain += text[at];
            continue;
        }
        if (text.size() - at < 3) {
            return std::nullopt;
        }
        const int high = hex_value(text[at + 1]);
        const int low = hex_value(text[at + 2]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        plain += static_cast<char>(high * 16 + low);
        at += 2;
    }
    if (plain.contains('\0') || !utf8_valid(plain)) {
        return std::nullopt;
    }
    return plain;
}

}  // namespace warren::core
