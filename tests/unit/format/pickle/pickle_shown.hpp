#pragma once

#include "format/pickle/pickle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace warren::format {

/// What these tests' pickles may be instances of.
inline constexpr std::array test_classes{PickleClass{"callme.protocol", "RpcRequest"},
                                         PickleClass{"callme.protocol", "RpcResponse"}};

/// A big integer in decimal, as Python shows it.
inline std::string shown_integer(std::span<const std::byte> little_endian) {
    std::vector<unsigned> digits;  // base 256
    const bool negative = (little_endian.back() & std::byte{0x80}) != std::byte{0};
    unsigned carry = negative ? 1 : 0;
    for (const std::byte octet : little_endian) {
        const unsigned digit = (negative ? 0xffU & ~std::to_integer<unsigned>(octet)
                                         : std::to_integer<unsigned>(octet)) +
                               carry;
        digits.push_back(digit & 0xff);
        carry = digit >> 8;
    }
    std::string decimal;
    while (std::ranges::any_of(digits, [](unsigned digit) { return digit != 0; })) {
        unsigned rest = 0;
        for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
            rest = rest << 8 | *digit;
            *digit = rest / 10;
            rest %= 10;
        }
        decimal.insert(decimal.begin(), static_cast<char>('0' + rest));
    }
    return negative ? "-" + decimal : decimal;
}

inline std::string shown_text(std::string_view text) {
    return text.contains('\'') ? fmt::format("\"{}\"", text) : fmt::format("'{}'", text);
}

inline std::string shown_octets(std::span<const std::byte> octets) {
    std::string shown = "b'";
    for (const std::byte octet : octets) {
        const char character = std::to_integer<char>(octet);
        shown += character >= ' ' && character < 127
                     ? std::string{character}
                     : fmt::format("\\x{:02x}", std::to_integer<unsigned>(octet));
    }
    return shown + "'";
}

std::string shown(const PickleValue& value);

inline std::string shown_items(std::span<const PickleValue> items) {
    std::string joined;
    for (const PickleValue& item : items) {
        joined += (joined.empty() ? "" : ", ") + shown(item);
    }
    return joined;
}

/// A dict's members between braces, or attributes between parentheses.
inline std::string shown_members(std::span<const PickleValue> members, std::string_view between) {
    std::string joined;
    for (std::size_t at = 0; at < members.size(); at += 2) {
        joined += joined.empty() ? "" : ", ";
        joined += between == "=" ? std::string{members[at].as_text()} : shown(members[at]);
        joined += std::string{between} + shown(members[at + 1]);
    }
    return joined;
}

inline std::string shown_state(const PickleValue& value) {
    return value.state().is(PickleValue::Kind::none) ? ""
                                                     : shown_members(value.state().items(), "=");
}

/// A value as Python shows it, and an instance as the call that would make it.
inline std::string shown(const PickleValue& value) {
    using Kind = PickleValue::Kind;
    switch (value.kind()) {
    case Kind::none:
        return "None";
    case Kind::boolean:
        return value.as_boolean() ? "True" : "False";
    case Kind::integer:
        return std::to_string(value.as_integer());
    case Kind::big_integer:
        return shown_integer(value.as_bytes());
    case Kind::float64:
        return fmt::format("{:#}", value.as_float64());
    case Kind::text:
        return shown_text(value.as_text());
    case Kind::bytes:
        return shown_octets(value.as_bytes());
    case Kind::byte_array:
        return fmt::format("bytearray({})", shown_octets(value.as_bytes()));
    case Kind::list:
        return fmt::format("[{}]", shown_items(value.items()));
    case Kind::tuple:
        return fmt::format("({}{})", shown_items(value.items()),
                           value.items().size() == 1 ? "," : "");
    case Kind::dict:
        return fmt::format("{{{}}}", shown_members(value.items(), ": "));
    case Kind::set:
        return fmt::format("{{{}}}", shown_items(value.items()));
    case Kind::frozen_set:
        return fmt::format("frozenset({{{}}})", shown_items(value.items()));
    case Kind::instance:
        return fmt::format("{}({})", value.instance_class().name, shown_state(value));
    case Kind::exception:
        return fmt::format("{}({}){}", value.exception_type(), shown_items(value.exception_args()),
                           shown_state(value));
    case Kind::callable:
        break;
    }
    return "callable";
}

}  // namespace warren::format
