#include "core/base64.hpp"

#include <array>

namespace warren::core {
namespace {

constexpr std::string_view digits_common =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

constexpr std::uint8_t not_a_digit = 0xff;

using EncodeTable = std::array<char, 64>;
using DecodeTable = std::array<std::uint8_t, 256>;

constexpr EncodeTable encode_table(char digit62, char digit63) {
    EncodeTable table{};
    for (std::size_t at = 0; at < digits_common.size(); ++at) {
        table[at] = digits_common[at];
    }
    table[62] = digit62;
    table[63] = digit63;
    return table;
}

constexpr DecodeTable decode_table(std::string_view digits62, std::string_view digits63) {
    DecodeTable table{};
    table.fill(not_a_digit);
    for (std::size_t at = 0; at < digits_common.size(); ++at) {
        table[static_cast<unsigned char>(digits_common[at])] = static_cast<std::uint8_t>(at);
    }
    for (const char digit : digits62) {
        table[static_cast<unsigned char>(digit)] = 62;
    }
    for (const char digit : digits63) {
        table[static_cast<unsigned char>(digit)] = 63;
    }
    return table;
}

constexpr EncodeTable encode_standard = encode_table('+', '/');
constexpr EncodeTable encode_url_safe = encode_table('-', '_');
constexpr DecodeTable decode_standard = decode_table("+", "/");
constexpr DecodeTable decode_url_safe = decode_table("-", "_");
constexpr DecodeTable decode_any = decode_table("+-", "/_");

const DecodeTable& table_of(Base64Alphabet alphabet) noexcept {
    switch (alphabet) {
    case Base64Alphabet::standard:
        return decode_standard;
    case Base64Alphabet::url_safe:
        return decode_url_safe;
    case Base64Alphabet::any:
        return decode_any;
    }
    return decode_standard;
}

/// The text without its padding, which must be as asked for.
std::expected<std::string_view, Base64Error> unpadded(std::string_view text,
                                                      Base64Padding padding) noexcept {
    std::string_view digits = text;
    while (digits.ends_with('=') && text.size() - digits.size() < 2) {
        digits.remove_suffix(1);
    }
    const bool has_padding = digits.size() != text.size();
    if (has_padding && padding == Base64Padding::none) {
        return std::unexpected{Base64Error{digits.size(), "padding is not allowed here"}};
    }
    if (digits.size() % 4 == 1) {
        return std::unexpected{Base64Error{text.size(), "the text is cut short"}};
    }
    if ((has_padding || padding == Base64Padding::required) && text.size() % 4 != 0) {
        return std::unexpected{
            Base64Error{text.size(), "the length with padding is not a multiple of four"}};
    }
    return digits;
}

Base64Error first_wrong(std::string_view digits, std::size_t from,
                        const DecodeTable& table) noexcept {
    while (table[static_cast<unsigned char>(digits[from])] != not_a_digit) {
        ++from;
    }
    return {from, "a character is not of the base64 alphabet"};
}

}  // namespace

void base64_append(std::string& out, std::span<const std::byte> octets, Base64Alphabet alphabet,
                   Base64Padding padding) {
    const EncodeTable& table =
        alphabet == Base64Alphabet::url_safe ? encode_url_safe : encode_standard;
    const std::size_t start = out.size();
    out.resize(start + base64_size(octets.size()));
    char* target = out.data() + start;
    const std::byte* from = octets.data();
    std::size_t left = octets.size();
    const auto put = [&target, &table](std::uint32_t bits, int digits) {
        for (int digit = 0; digit < digits; ++digit) {
            *target++ = table[bits >> (18 - 6 * digit) & 0x3fU];
        }
    };
    for (; left >= 3; left -= 3, from += 3) {
        put(std::to_integer<std::uint32_t>(from[0]) << 16 |
                std::to_integer<std::uint32_t>(from[1]) << 8 |
                std::to_integer<std::uint32_t>(from[2]),
            4);
    }
    if (left == 0) {
        return;
    }
    std::uint32_t bits = std::to_integer<std::uint32_t>(from[0]) << 16;
    if (left == 2) {
        bits |= std::to_integer<std::uint32_t>(from[1]) << 8;
    }
    put(bits, static_cast<int>(left) + 1);
    if (padding == Base64Padding::none) {
        out.resize(static_cast<std::size_t>(target - out.data()));
        return;
    }
    for (; left < 3; ++left) {
        *target++ = '=';
    }
}

std::string base64_encode(std::span<const std::byte> octets, Base64Alphabet alphabet,
                          Base64Padding padding) {
    std::string text;
    base64_append(text, octets, alphabet, padding);
    return text;
}

std::string base64_encode(std::string_view octets, Base64Alphabet alphabet, Base64Padding padding) {
    return base64_encode(std::as_bytes(std::span{octets.data(), octets.size()}), alphabet, padding);
}

std::expected<std::size_t, Base64Error> base64_decode_to(std::string_view text,
                                                         std::span<std::byte> target,
                                                         Base64Alphabet alphabet,
                                                         Base64Padding padding) noexcept {
    const auto digits = unpadded(text, padding);
    if (!digits) {
        return std::unexpected{digits.error()};
    }
    const DecodeTable& table = table_of(alphabet);
    const auto digit_at = [&table, &digits](std::size_t at) -> std::uint32_t {
        return table[static_cast<unsigned char>((*digits)[at])];
    };
    std::byte* to = target.data();
    std::size_t at = 0;
    for (; digits->size() - at >= 4; at += 4) {
        const std::uint32_t first = digit_at(at);
        const std::uint32_t second = digit_at(at + 1);
        const std::uint32_t third = digit_at(at + 2);
        const std::uint32_t fourth = digit_at(at + 3);
        if (((first | second | third | fourth) & 0xc0U) != 0) [[unlikely]] {
            return std::unexpected{first_wrong(*digits, at, table)};
        }
        const std::uint32_t bits = first << 18 | second << 12 | third << 6 | fourth;
        *to++ = static_cast<std::byte>(bits >> 16);
        *to++ = static_cast<std::byte>(bits >> 8 & 0xffU);
        *to++ = static_cast<std::byte>(bits & 0xffU);
    }
    const std::size_t left = digits->size() - at;  // 0, 2 or 3
    if (left != 0) {
        const std::uint32_t first = digit_at(at);
        const std::uint32_t second = digit_at(at + 1);
        const std::uint32_t third = left == 3 ? digit_at(at + 2) : 0;
        if (((first | second | third) & 0xc0U) != 0) {
            return std::unexpected{first_wrong(*digits, at, table)};
        }
        const std::uint32_t bits = first << 18 | second << 12 | third << 6;
        if ((bits & (left == 3 ? 0xffU : 0xffffU)) != 0) {
            return std::unexpected{Base64Error{digits->size() - 1,
                                               "the last character holds bits that are left over"}};
        }
        *to++ = static_cast<std::byte>(bits >> 16);
        if (left == 3) {
            *to++ = static_cast<std::byte>(bits >> 8 & 0xffU);
        }
    }
    return static_cast<std::size_t>(to - target.data());
}

std::expected<std::string, Base64Error> base64_decode(std::string_view text,
                                                      Base64Alphabet alphabet,
                                                      Base64Padding padding) {
    std::string octets(base64_decoded_size_max(text.size()), '\0');
    const auto size =
        base64_decode_to(text, std::as_writable_bytes(std::span{octets}), alphabet, padding);
    if (!size) {
        return std::unexpected{size.error()};
    }
    octets.resize(*size);
    return octets;
}

}  // namespace warren::core
