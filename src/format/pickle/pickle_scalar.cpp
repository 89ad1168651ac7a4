#include "core/utf8.hpp"
#include "format/pickle/pickle_machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace warren::format {
namespace {

std::span<const std::byte> octets_of(std::string_view characters) noexcept {
    return std::as_bytes(std::span{characters});
}

/// The digits as little-endian limbs: at most `digits` / 9 times as many multiplications.
std::vector<std::uint32_t> limbs_of(std::string_view digits) {
    constexpr std::size_t digits_at_once = 9;
    std::vector<std::uint32_t> limbs;
    while (!digits.empty()) {
        const std::string_view part = digits.substr(0, digits_at_once);
        std::uint64_t carry = 0;
        std::uint64_t scale = 1;
        for (const char digit : part) {
            carry = carry * 10 + static_cast<std::uint64_t>(digit - '0');
            scale *= 10;
        }
        for (std::uint32_t& limb : limbs) {
            carry += limb * scale;
            limb = static_cast<std::uint32_t>(carry);
            carry >>= 32;
        }
        if (carry != 0) {
            limbs.push_back(static_cast<std::uint32_t>(carry));
        }
        digits.remove_prefix(part.size());
    }
    return limbs;
}

void append_utf8(std::string& out, std::uint32_t code_point) {
    const auto rest = [&out, code_point](int shift) {
        out.push_back(static_cast<char>(0x80 | (code_point >> shift & 0x3f)));
    };
    if (code_point < 0x80) {
        out.push_back(static_cast<char>(code_point));
    } else if (code_point < 0x800) {
        out.push_back(static_cast<char>(0xc0 | code_point >> 6));
        rest(0);
    } else if (code_point < 0x10000) {
        out.push_back(static_cast<char>(0xe0 | code_point >> 12));
        rest(6);
        rest(0);
    } else {
        out.push_back(static_cast<char>(0xf0 | (code_point >> 18 & 0x07)));
        rest(12);
        rest(6);
        rest(0);
    }
}

/// out  the number that all of `digits` are; nullopt when they are not
std::optional<std::uint32_t> number_of(std::string_view digits, std::size_t size, int base) {
    std::uint32_t number = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stopped, fault] = std::from_chars(digits.data(), end, number, base);
    return digits.size() == size && fault == std::errc{} && stopped == end ? std::optional{number}
                                                                           : std::nullopt;
}

/// Python's codec raw-unicode-escape: Latin-1 with \uXXXX and \UXXXXXXXX.
/// out  nullopt for an escape that is none, or is past the last code point
std::optional<std::string> unescape_unicode(std::string_view line) {
    constexpr std::uint32_t code_point_max = 0x10ffff;
    std::string out;
    for (std::size_t at = 0; at < line.size(); ++at) {
        const char next = at + 1 < line.size() ? line[at + 1] : '\0';
        if (line[at] != '\\' || (next != 'u' && next != 'U' && next != '\\')) {
            append_utf8(out, static_cast<unsigned char>(line[at]));
            continue;
        }
        if (next == '\\') {
            out.append("\\\\");
            ++at;
            continue;
        }
        const std::size_t digits = next == 'u' ? 4 : 8;
        const auto code_point = number_of(line.substr(at + 2, digits), digits, 16);
        if (!code_point || *code_point > code_point_max) {
            return std::nullopt;
        }
        append_utf8(out, *code_point);
        at += 1 + digits;
    }
    return out;
}

constexpr std::string_view escaped_pairs = "\\\\''\"\"a\ab\bf\fn\nr\rt\tv\v";

/// One escape of a Python 2 string, from after its backslash on.
/// out  how many characters it has; 0 when it is none
std::size_t unescape_one(std::string_view rest, std::string& out) {
    if (rest.starts_with('x')) {
        const auto octet = number_of(rest.substr(1, 2), 2, 16);
        out.push_back(static_cast<char>(octet.value_or(0)));
        return octet ? 3 : 0;
    }
    const std::size_t octal =
        std::min(std::min(rest.find_first_not_of("01234567"), rest.size()), std::size_t{3});
    if (octal != 0) {
        out.push_back(static_cast<char>(number_of(rest.substr(0, octal), octal, 8).value_or(0)));
        return octal;
    }
    for (std::size_t at = 0; at < escaped_pairs.size() && !rest.empty(); at += 2) {
        if (escaped_pairs[at] == rest[0]) {
            out.push_back(escaped_pairs[at + 1]);
            return 1;
        }
    }
    return 0;
}

/// A string as Python 2 shows it, in its quotes.
std::optional<std::string> unquote(std::string_view line) {
    if (line.size() < 2 || line.front() != line.back() ||
        (line.front() != '\'' && line.front() != '"')) {
        return std::nullopt;
    }
    std::string_view rest = line.substr(1, line.size() - 2);
    std::string out;
    while (!rest.empty()) {
        const char next = rest[0];
        rest.remove_prefix(1);
        if (next != '\\') {
            out.push_back(next);
            continue;
        }
        const std::size_t size = unescape_one(rest, out);
        if (size == 0) {
            return std::nullopt;
        }
        rest.remove_prefix(size);
    }
    return out;
}

}  // namespace

bool PickleMachine::integer_line(std::string_view line) {
    const bool negative = line.starts_with('-');
    const std::string_view digits = line.substr(negative || line.starts_with('+') ? 1 : 0);
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
        return invalid("an integer that is none");
    }
    // A decimal digit is more than three bits.
    if (digits.size() / 3 > limits_.integer_bytes_max) {
        return integer_over_limit();
    }
    std::vector<std::uint32_t> limbs = limbs_of(digits);
    limbs.push_back(0);
    if (negative) {
        bool carry = true;
        for (std::uint32_t& limb : limbs) {
            limb = ~limb + (carry ? 1U : 0U);
            carry = carry && limb == 0;
        }
    }
    return integer_bytes(arena_.copy(std::as_bytes(std::span{limbs})));
}

bool PickleMachine::integer_bytes(std::span<const std::byte> little_endian) {
    const PickleValue number = PickleValue::integer(little_endian);
    if (number.is(Kind::big_integer) && number.as_bytes().size() > limits_.integer_bytes_max) {
        return integer_over_limit();
    }
    return push(number);
}

bool PickleMachine::integer_over_limit() {
    return refuse("int_over_limit",
                  fmt::format("an integer of more than {} bytes", limits_.integer_bytes_max));
}

bool PickleMachine::number_line(std::string_view line) {
    double number = 0;
    const char* const end = line.data() + line.size();
    const auto [stopped, fault] = std::from_chars(line.data(), end, number);
    if (fault != std::errc{} || stopped != end) {
        return invalid("a float that is none");
    }
    return push(PickleValue::floating(number));
}

bool PickleMachine::text(std::span<const std::byte> utf8) {
    const std::string_view characters{reinterpret_cast<const char*>(utf8.data()), utf8.size()};
    if (!core::utf8_valid(characters)) {
        return refuse("text_not_utf8", "malformed UTF-8, or half of a surrogate pair");
    }
    return push(PickleValue::text(characters));
}

bool PickleMachine::text_line(std::string_view line) {
    const auto unescaped = unescape_unicode(line);
    return unescaped ? text(octets_of(arena_.copy(std::string_view{*unescaped})))
                     : invalid("a malformed escape in a text");
}

bool PickleMachine::string_of_2(std::span<const std::byte> characters) {
    const std::string_view text{reinterpret_cast<const char*>(characters.data()),
                                characters.size()};
    return push(core::utf8_valid(text) ? PickleValue::text(text) : PickleValue::bytes(characters));
}

bool PickleMachine::string_of_2_line(std::string_view line) {
    const auto unquoted = unquote(line);
    return unquoted ? string_of_2(octets_of(arena_.copy(std::string_view{*unquoted})))
                    : invalid("a malformed string");
}

bool PickleMachine::index_of(std::string_view line, std::uint32_t& index) {
    const auto number = number_of(line, line.size(), 10);
    index = number.value_or(0);
    return number || invalid("a memo's place that is no number");
}

}  // namespace warren::format
