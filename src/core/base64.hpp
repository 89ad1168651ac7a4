#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace warren::core {

enum class Base64Alphabet : std::uint8_t {
    standard,  // + and /   [RFC 4648 4]
    url_safe,  // - and _   [RFC 4648 5]
    any,       // decoding only: either of them
};

enum class Base64Padding : std::uint8_t { required, optional, none };

struct Base64Error {
    std::size_t offset = 0;     // of the first character that is wrong
    std::string_view reason{};  // our words; never holds a part of the input

    friend bool operator==(const Base64Error&, const Base64Error&) = default;
};

/// Characters that `size_bytes` bytes take with padding.
constexpr std::size_t base64_size(std::size_t size_bytes) noexcept {
    return (size_bytes + 2) / 3 * 4;
}

/// Bytes that are enough for decoding `size` characters.
constexpr std::size_t base64_decoded_size_max(std::size_t size) noexcept {
    return size / 4 * 3 + 2;
}

/// Append the base64 text of some bytes.
/// in   alphabet: standard or url_safe; padding: `optional` pads
/// cost O(bytes), one growth of `out`
void base64_append(std::string& out, std::span<const std::byte> octets,
                   Base64Alphabet alphabet = Base64Alphabet::standard,
                   Base64Padding padding = Base64Padding::required);

std::string base64_encode(std::span<const std::byte> octets,
                          Base64Alphabet alphabet = Base64Alphabet::standard,
                          Base64Padding padding = Base64Padding::required);
std::string base64_encode(std::string_view octets,
                          Base64Alphabet alphabet = Base64Alphabet::standard,
                          Base64Padding padding = Base64Padding::required);

/// Decode strictly: no white space, no line breaks, no bits left over, padding as asked for; so
/// every text that is accepted is the only one for its bytes (under one alphabet).
/// in   target: at least `base64_decoded_size_max(text.size())` bytes, where it is written to
/// out  the number of bytes written
/// err  Base64Error; the target's content is then unspecified
/// cost O(characters), no allocation       thread any
std::expected<std::size_t, Base64Error> base64_decode_to(
    std::string_view text, std::span<std::byte> target,
    Base64Alphabet alphabet = Base64Alphabet::standard,
    Base64Padding padding = Base64Padding::required) noexcept;

/// As `base64_decode_to`, into bytes of its own.
std::expected<std::string, Base64Error> base64_decode(
    std::string_view text, Base64Alphabet alphabet = Base64Alphabet::standard,
    Base64Padding padding = Base64Padding::required);

}  // namespace warren::core
