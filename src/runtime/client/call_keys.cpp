#include "runtime/client/call_keys.hpp"

#include <algorithm>

namespace warren::runtime {
namespace {

// Of base64url, so that a key is one word in every log and address.       [RFC 4648 section 5]
constexpr std::string_view key_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr unsigned key_digit_bits = 6;
static_assert(key_digits.size() == 1U << key_digit_bits);

}  // namespace

CallKeys::CallKeys(const std::array<std::uint8_t, 16>& random) noexcept {
    unsigned bits = 0;
    unsigned bit_count = 0;
    auto end = prefix_.begin();
    for (const std::uint8_t octet : random) {
        bits = bits << 8 | octet;
        for (bit_count += 8; bit_count >= key_digit_bits; bit_count -= key_digit_bits) {
            *end++ = key_digits[bits >> (bit_count - key_digit_bits) & (key_digits.size() - 1)];
        }
    }
    *end++ = key_digits[bits << (key_digit_bits - bit_count) & (key_digits.size() - 1)];
    *end = '.';
}

std::string_view CallKeys::next(Text& text) noexcept {
    auto end = std::ranges::copy(prefix_, text.begin()).out;
    std::uint64_t rest = ++count_;
    do {
        *end++ = key_digits[rest & (key_digits.size() - 1)];
        rest >>= key_digit_bits;
    } while (rest != 0);
    return {text.begin(), end};
}

}  // namespace warren::runtime
