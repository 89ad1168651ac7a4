#include "core/utf8.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace warren::core {
namespace {

constexpr std::uint64_t high_bits = 0x8080808080808080;

constexpr unsigned char byte_at(std::string_view text, std::size_t at) noexcept {
    return static_cast<unsigned char>(text[at]);
}

constexpr bool in_range(unsigned char octet, unsigned low, unsigned high) noexcept {
    return octet >= low && octet <= high;
}

/// The number of bytes of the well-formed sequence that starts here; 0 when there is none.
std::size_t sequence_size(std::string_view text, std::size_t at) noexcept {
    const unsigned char first = byte_at(text, at);
    if (first < 0x80) {
        return 1;
    }
    std::size_t size = 0;
    // The second byte's range excludes overlong forms, surrogates and what is over U+10FFFF.
    unsigned low = 0x80;
    unsigned high = 0xbf;
    if (in_range(first, 0xc2, 0xdf)) {
        size = 2;
    } else if (in_range(first, 0xe0, 0xef)) {
        size = 3;
        low = first == 0xe0 ? 0xa0 : low;
        high = first == 0xed ? 0x9f : high;
    } else if (in_range(first, 0xf0, 0xf4)) {
        size = 4;
        low = first == 0xf0 ? 0x90 : low;
        high = first == 0xf4 ? 0x8f : high;
    }
    if (size == 0 || text.size() - at < size || !in_range(byte_at(text, at + 1), low, high)) {
        return 0;
    }
    for (std::size_t next = 2; next < size; ++next) {
        if (!in_range(byte_at(text, at + next), 0x80, 0xbf)) {
            return 0;
        }
    }
    return size;
}

std::uint32_t code_point_at(std::string_view text, std::size_t at, std::size_t size) noexcept {
    constexpr std::array<unsigned, 5> mask{0, 0x7f, 0x1f, 0x0f, 0x07};
    std::uint32_t point = byte_at(text, at) & mask[size];
    for (std::size_t next = 1; next < size; ++next) {
        point = point << 6 | (byte_at(text, at + next) & 0x3fU);
    }
    return point;
}

std::string escape_of(std::uint32_t point) {
    switch (point) {
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        return point < 0x100 ? fmt::format("\\x{:02x}", point) : fmt::format("\\u{:04x}", point);
    }
}

}  // namespace

bool is_unsafe_to_show(std::uint32_t point) noexcept {
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x61c ||
           (point >= 0x200e && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

Utf8Character utf8_character_at(std::string_view text, std::size_t at) noexcept {
    const std::size_t size = sequence_size(text, at);
    return size == 0 ? Utf8Character{.point = byte_at(text, at), .size = 1}
                     : Utf8Character{
                           .point = code_point_at(text, at, size), .size = size, .is_valid = true};
}

std::size_t utf8_invalid_at(std::string_view text) noexcept {
    std::size_t at = 0;
    while (at < text.size()) {
        while (text.size() - at >= sizeof(std::uint64_t)) {
            std::uint64_t word = 0;
            std::memcpy(&word, text.data() + at, sizeof word);
            if ((word & high_bits) != 0) {
                break;
            }
            at += sizeof word;
        }
        // The rest of a short text, or what stands before the next sequence.
        while (at < text.size() && byte_at(text, at) < 0x80) {
            ++at;
        }
        if (at == text.size()) {
            break;
        }
        const std::size_t size = sequence_size(text, at);
        if (size == 0) {
            return at;
        }
        at += size;
    }
    return std::string_view::npos;
}

std::size_t utf8_count(std::string_view text) noexcept {
    constexpr std::uint64_t low_bits = high_bits >> 7;
    std::size_t continuing = 0;
    std::size_t at = 0;
    for (; text.size() - at >= sizeof(std::uint64_t); at += sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + at, sizeof word);
        // Bytes of 10xxxxxx, each as a one, and their sum in the highest byte.
        continuing += (((word & ~(word << 1)) >> 7 & low_bits) * low_bits) >> 56;
    }
    for (; at < text.size(); ++at) {
        continuing += (byte_at(text, at) & 0xc0U) == 0x80 ? 1 : 0;
    }
    return text.size() - continuing;
}

std::string text_for_display(std::string_view peer_text, std::size_t bytes_max) {
    std::string shown;
    std::size_t at = 0;
    while (at < peer_text.size()) {
        const Utf8Character character = utf8_character_at(peer_text, at);
        std::string piece;
        if (!character.is_valid) {
            piece = fmt::format("\\x{:02x}", character.point);
        } else if (peer_text[at] == '\\') {
            piece = "\\\\";
        } else if (is_unsafe_to_show(character.point)) {
            piece = escape_of(character.point);
        } else {
            piece = peer_text.substr(at, character.size);
        }
        if (piece.size() > bytes_max - shown.size()) {
            return shown + "...";
        }
        shown += piece;
        at += character.size;
    }
    return shown;
}

}  // namespace warren::core
