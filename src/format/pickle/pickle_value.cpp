#include "format/pickle/pickle_value.hpp"

#include <algorithm>
#include <array>

namespace warren::format {
namespace {

constexpr std::byte sign_of(std::byte highest) noexcept {
    return (highest & std::byte{0x80}) == std::byte{0} ? std::byte{0} : std::byte{0xff};
}

}  // namespace

std::span<const std::byte> pickle_shortest(std::span<const std::byte> number) noexcept {
    while (number.size() > 1 && number.back() == sign_of(number[number.size() - 2])) {
        number = number.first(number.size() - 1);
    }
    return number;
}

PickleValue PickleValue::integer(std::span<const std::byte> little_endian) noexcept {
    if (little_endian.empty()) {
        return integer(std::int64_t{0});
    }
    const auto number = pickle_shortest(little_endian);
    if (number.size() > sizeof(std::int64_t)) {
        return octets_of(Kind::big_integer, number);
    }
    std::uint64_t bits = sign_of(number.back()) == std::byte{0} ? 0 : ~std::uint64_t{0};
    for (std::size_t at = number.size(); at != 0; --at) {
        bits = bits << 8 | std::to_integer<std::uint64_t>(number[at - 1]);
    }
    return integer(static_cast<std::int64_t>(bits));
}

PickleValue PickleValue::of(Kind kind, std::span<const PickleValue> items, Arena& arena) {
    const std::span<PickleParts> parts = arena.array<PickleParts>(1);
    parts[0] = {};
    if (!items.empty()) {
        const std::span<PickleValue> copied = arena.array<PickleValue>(items.size());
        std::ranges::copy(items, copied.begin());
        parts[0].items = copied.data();
        parts[0].size = parts[0].room = static_cast<std::uint32_t>(items.size());
    }
    return compound(kind, parts[0]);
}

PickleValue PickleValue::instance(const PickleClass& of_class, PickleValue state, Arena& arena) {
    const PickleValue made = of(Kind::instance, {&state, 1}, arena);
    made.parts().of_class = &of_class;
    return made;
}

PickleValue PickleValue::exception(std::string_view type, PickleValue args, Arena& arena) {
    const std::array parts{text(type), args, none()};
    return of(Kind::exception, parts, arena);
}

const PickleValue* PickleValue::find(std::string_view key) const noexcept {
    const PickleValue& dict = kind_ == Kind::instance ? state() : *this;
    if (!dict.is(Kind::dict)) {
        return nullptr;
    }
    const auto keys_and_values = dict.items();
    for (std::size_t at = keys_and_values.size(); at != 0; at -= 2) {
        const PickleValue& candidate = keys_and_values[at - 2];
        if (candidate.is(Kind::text) && candidate.as_text() == key) {
            return &keys_and_values[at - 1];
        }
    }
    return nullptr;
}

std::string_view name_of(PickleValue::Kind kind) noexcept {
    switch (kind) {
    case PickleValue::Kind::none:
        return "None";
    case PickleValue::Kind::boolean:
        return "bool";
    case PickleValue::Kind::integer:
    case PickleValue::Kind::big_integer:
        return "int";
    case PickleValue::Kind::float64:
        return "float";
    case PickleValue::Kind::text:
        return "str";
    case PickleValue::Kind::bytes:
        return "bytes";
    case PickleValue::Kind::byte_array:
        return "bytearray";
    case PickleValue::Kind::list:
        return "list";
    case PickleValue::Kind::tuple:
        return "tuple";
    case PickleValue::Kind::dict:
        return "dict";
    case PickleValue::Kind::set:
        return "set";
    case PickleValue::Kind::frozen_set:
        return "frozenset";
    case PickleValue::Kind::instance:
        return "instance";
    case PickleValue::Kind::exception:
        return "exception";
    case PickleValue::Kind::callable:
        return "callable";
    }
    return {};
}

}  // namespace warren::format
