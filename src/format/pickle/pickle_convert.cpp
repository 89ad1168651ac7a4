#include "core/utf8.hpp"
#include "format/json/json_keys.hpp"
#include "format/pickle/pickle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

namespace warren::format {
namespace {

using Kind = PickleValue::Kind;

/// A key for people, such as "the int 7".
std::string shown(const PickleValue& key) {
    switch (key.kind()) {
    case Kind::none:
        return "None";
    case Kind::boolean:
        return key.as_boolean() ? "True" : "False";
    case Kind::integer:
        return "the int " + std::to_string(key.as_integer());
    case Kind::float64:
        return fmt::format("the float {}", key.as_float64());
    default:
        return "of type " + std::string{name_of(key.kind())};
    }
}

class Converter {
public:
    explicit Converter(Arena& arena) noexcept : arena_{arena} {}

    std::optional<Value> value(const PickleValue& from);
    EncodeError take_error() {
        std::ranges::reverse(error_.location);
        return std::move(error_);
    }

private:
    std::optional<Value> list(std::span<const PickleValue> from);
    std::optional<Value> map(std::span<const PickleValue> keys_and_values);
    std::optional<Value> exception(const PickleValue& from);
    std::optional<Value> unsigned_integer(std::span<const std::byte> little_endian);
    std::nullopt_t refuse(std::string_view type, std::string_view message) {
        error_ = {.message = std::string{message}, .type = type};
        return std::nullopt;
    }

    Arena& arena_;
    EncodeError error_;
};

std::optional<Value> Converter::value(const PickleValue& from) {
    switch (from.kind()) {
    case Kind::none:
        return Value::null();
    case Kind::boolean:
        return Value::boolean(from.as_boolean());
    case Kind::integer:
        return Value::integer(from.as_integer());
    case Kind::big_integer:
        return unsigned_integer(from.as_bytes());
    case Kind::float64:
        return Value::floating(from.as_float64());
    case Kind::text:
        return Value::text(from.as_text());
    case Kind::bytes:
    case Kind::byte_array:
        return Value::bytes(from.as_bytes());
    case Kind::list:
    case Kind::tuple:
    case Kind::set:
    case Kind::frozen_set:
        return list(from.items());
    case Kind::dict:
        return map(from.items());
    case Kind::exception:
        return exception(from);
    case Kind::instance:
    case Kind::callable:
        break;
    }
    return refuse("instance_nested", "An instance of a class is not plain data");
}

std::optional<Value> Converter::list(std::span<const PickleValue> from) {
    const std::span<Value> items = arena_.array<Value>(from.size());
    for (std::size_t at = 0; at != from.size(); ++at) {
        const auto item = value(from[at]);
        if (!item) [[unlikely]] {
            error_.location.emplace_back(at);
            return std::nullopt;
        }
        items[at] = *item;
    }
    return Value::list(items);
}

std::optional<Value> Converter::map(std::span<const PickleValue> keys_and_values) {
    const std::span<Member> members = arena_.array<Member>(keys_and_values.size() / 2);
    for (std::size_t at = 0; at != members.size(); ++at) {
        const PickleValue& key = keys_and_values[2 * at];
        if (!key.is(Kind::text)) {
            return refuse("key_not_text", "A dict's key is not a str but " + shown(key));
        }
        const auto item = value(keys_and_values[2 * at + 1]);
        if (!item) [[unlikely]] {
            error_.location.emplace_back(core::text_for_display(key.as_text()));
            return std::nullopt;
        }
        members[at] = {.key = Value::text(key.as_text()), .value = *item};
    }
    if (const Value* twice = key_twice(members)) {
        refuse("key_twice", "The key \"" + core::text_for_display(twice->as_text()) +
                                "\" stands twice in one dict");
        error_.location.emplace_back(core::text_for_display(twice->as_text()));
        return std::nullopt;
    }
    return Value::map(members);
}

std::optional<Value> Converter::exception(const PickleValue& from) {
    const auto args = list(from.exception_args());
    if (!args) {
        error_.location.emplace_back("args");
        return std::nullopt;
    }
    const std::array members{Member{Value::text("type"), Value::text(from.exception_type())},
                             Member{Value::text("args"), *args}};
    return Value::map(arena_.copy(std::span<const Member>{members}));
}

/// The numbers between the largest int64 and the largest uint64 have nine bytes, the last one 0.
std::optional<Value> Converter::unsigned_integer(std::span<const std::byte> little_endian) {
    if (little_endian.size() != sizeof(std::uint64_t) + 1 || little_endian.back() != std::byte{0}) {
        return refuse("int_out_of_range", "An integer does not fit into 64 bits");
    }
    std::uint64_t number = 0;
    for (std::size_t at = sizeof number; at != 0; --at) {
        number = number << 8 | std::to_integer<std::uint64_t>(little_endian[at - 1]);
    }
    return Value::unsigned_integer(number);
}

PickleValue of_unsigned(std::uint64_t number, Arena& arena) {
    const std::array words{number, std::uint64_t{0}};
    return PickleValue::integer(arena.copy(std::as_bytes(std::span{words})));
}

}  // namespace

std::expected<Value, EncodeError> pickle_to_value(const PickleValue& value, Arena& arena) {
    Converter converter{arena};
    if (const auto converted = converter.value(value)) {
        return *converted;
    }
    return std::unexpected{converter.take_error()};
}

PickleValue pickle_from_value(const Value& value, Arena& arena) {
    switch (value.kind()) {
    case Value::Kind::null:
        return PickleValue::none();
    case Value::Kind::boolean:
        return PickleValue::boolean(value.as_boolean());
    case Value::Kind::int64:
        return PickleValue::integer(value.as_int64());
    case Value::Kind::uint64:
        return of_unsigned(value.as_uint64(), arena);
    case Value::Kind::float64:
        return PickleValue::floating(value.as_float64());
    case Value::Kind::text:
        return PickleValue::text(value.as_text());
    case Value::Kind::bytes:
        return PickleValue::bytes(value.as_bytes());
    case Value::Kind::list:
    case Value::Kind::map:
        break;
    }
    const std::size_t size = value.is_list() ? value.as_list().size() : 2 * value.as_map().size();
    const std::span<PickleValue> items = arena.array<PickleValue>(size);
    auto next = items.begin();
    if (value.is_list()) {
        for (const Value& item : value.as_list()) {
            *next++ = pickle_from_value(item, arena);
        }
        return PickleValue::list(items, arena);
    }
    for (const Member& member : value.as_map()) {
        *next++ = pickle_from_value(member.key, arena);
        *next++ = pickle_from_value(member.value, arena);
    }
    return PickleValue::dict(items, arena);
}

}  // namespace warren::format
