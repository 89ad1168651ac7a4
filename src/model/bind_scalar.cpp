#include "core/base64.hpp"
#include "core/path.hpp"
#include "core/timestamp.hpp"
#include "core/utf8.hpp"
#include "core/uuid.hpp"
#include "model/binder.hpp"
#include "model/check.hpp"
#include "model/duration.hpp"
#include "model/number.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace warren::model {
namespace {

std::string_view characters_of(std::span<const std::byte> octets) noexcept {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

}  // namespace

bool Binder::bind_boolean(const Value& value, void* target, const Location& at) {
    const auto truth = to_boolean(value);
    if (!truth) {
        return refuse(at, truth.error().type, truth.error().message);
    }
    *static_cast<bool*>(target) = *truth;
    return true;
}

bool Binder::bind_integer(const Type& type, const Value& value, void* target, const Location& at) {
    const auto integer = to_integer(value);
    if (!integer && integer.error().type != "int_out_of_range") {
        return refuse(at, integer.error().type, integer.error().message);
    }
    const IntegerRange range = range_of(type);
    if (!integer || !range.contains(*integer)) {
        errors_.add(at, "int_out_of_range", [&] {
            return fmt::format("Input should be from {} to {}", range.least, range.greatest);
        });
        return false;
    }
    store_integer(type, *integer, target);
    return true;
}

bool Binder::bind_floating(const Type& type, const Value& value, void* target, const Location& at) {
    const auto number = to_floating(value);
    if (!number) {
        return refuse(at, number.error().type, number.error().message);
    }
    if (type.size_bytes == sizeof(double)) {
        *static_cast<double*>(target) = *number;
        return true;
    }
    if (std::isfinite(*number) && std::abs(*number) > std::numeric_limits<float>::max()) {
        return refuse(at, "finite_number", "Input should be within the range of a 32-bit float");
    }
    *static_cast<float*>(target) = static_cast<float>(*number);
    return true;
}

bool Binder::bind_text(const Value& value, void* target, const Location& at) {
    auto& text = *static_cast<std::string*>(target);
    if (value.is_text()) {
        text.assign(value.as_text());
        return true;
    }
    if (value.kind() != Value::Kind::bytes) {
        return refuse(at, "string_type", "Input should be text");
    }
    const std::string_view characters = characters_of(value.as_bytes());
    if (!core::utf8_valid(characters)) {
        return refuse(at, "string_unicode", "Input should be text, or bytes that are UTF-8");
    }
    text.assign(characters);
    return true;
}

bool Binder::bind_bytes(const Value& value, void* target, const Location& at) {
    auto& bytes = *static_cast<Bytes*>(target);
    if (value.kind() == Value::Kind::bytes) {
        bytes.assign(value.as_bytes().begin(), value.as_bytes().end());
        return true;
    }
    if (!value.is_text()) {
        return refuse(at, "bytes_type", "Input should be bytes, or base64 text");
    }
    const std::string_view text = value.as_text();
    bytes.resize(core::base64_decoded_size_max(text.size()));
    const auto size = core::base64_decode_to(text, bytes, core::Base64Alphabet::any,
                                             core::Base64Padding::optional);
    if (!size) {
        bytes.clear();
        return refuse(at, "bytes_invalid_encoding", "Input should be base64 text");
    }
    bytes.resize(*size);
    return true;
}

bool Binder::bind_enumeration(const Type& type, const Value& value, void* target,
                              const Location& at) {
    if (value.is_text()) {
        const auto found = std::ranges::find(type.enumerators, value.as_text(), &Enumerator::name);
        if (found != type.enumerators.end()) {
            store_integer(type, Value::integer(found->number), target);
            return true;
        }
    }
    errors_.add(at, "enum", [&] { return "Input should be " + names_of(type.enumerators); });
    return false;
}

bool Binder::bind_uuid(const Value& value, void* target, const Location& at) {
    auto& uuid = *static_cast<Uuid*>(target);
    if (value.kind() == Value::Kind::bytes && value.as_bytes().size() == uuid.octets.size()) {
        std::ranges::transform(value.as_bytes(), uuid.octets.begin(), [](std::byte octet) {
            return std::to_integer<std::uint8_t>(octet);
        });
        return true;
    }
    if (!value.is_text()) {
        return refuse(at, "uuid_type", "Input should be a UUID as text");
    }
    const auto parsed = Uuid::parse(value.as_text());
    if (!parsed) {
        return refuse(at, "uuid_parsing",
                      "Input should be a UUID such as 67e55044-10b1-426f-9247-bb680e5fe0c8");
    }
    uuid = *parsed;
    return true;
}

bool Binder::bind_timestamp(const Value& value, void* target, const Location& at) {
    using Parsed = std::expected<Timestamp, std::string_view>;
    const auto parse = [](const Value& given) -> Parsed {
        switch (given.kind()) {
        case Value::Kind::int64:
            return core::timestamp_from_seconds(given.as_int64());
        case Value::Kind::uint64:
        case Value::Kind::float64:
            return core::timestamp_from_seconds(*to_floating(given));
        default:
            return core::parse_timestamp(given.as_text());
        }
    };
    Value given = value;
    if (value.is_text()) {
        // Seconds that were encrypted come as text, exact when they are whole.
        if (const auto whole = to_integer(value)) {
            given = *whole;
        } else if (const auto seconds = to_floating(value)) {
            given = Value::floating(*seconds);
        }
    } else if (value.kind() == Value::Kind::float64 && !std::isfinite(value.as_float64())) {
        return refuse(at, "finite_number", "Input should be a finite number of seconds");
    } else if (!value.is_integer() && value.kind() != Value::Kind::float64) {
        return refuse(at, "datetime_type",
                      "Input should be a date and time as text, or seconds since 1970");
    }
    const Parsed parsed = parse(given);
    if (!parsed) {
        errors_.add(at, "datetime_parsing", [&] {
            return fmt::format(
                "Input should be a date and time such as 2024-02-29T23:59:59Z; here {}",
                parsed.error());
        });
        return false;
    }
    *static_cast<Timestamp*>(target) = *parsed;
    return true;
}

bool Binder::bind_duration(const Type& type, const Value& value, void* target, const Location& at) {
    const auto count = to_duration(type, value);
    if (!count) {
        return refuse(at, count.error().type, count.error().message);
    }
    store_integer(type, Value::integer(*count), target);
    return true;
}

bool Binder::bind_path(const Type& type, const Value& value, void* target, const Location& at) {
    if (!value.is_text()) {
        return refuse(at, "string_type", "Input should be text");
    }
    const bool absolute = type.kind == Type::Kind::absolute_path;
    const auto wrong = core::check_path(
        value.as_text(), absolute ? core::PathRoot::absolute : core::PathRoot::relative);
    if (wrong) {
        return refuse(at, core::type_of(*wrong), core::message_of(*wrong));
    }
    std::string& text = absolute ? static_cast<AbsolutePath*>(target)->text
                                 : static_cast<RelativePath*>(target)->text;
    text.assign(value.as_text());
    return true;
}

}  // namespace warren::model
