#include "model/number.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <system_error>

namespace warren::model {
namespace {

constexpr double two_to_63 = 9223372036854775808.0;
constexpr double two_to_64 = 18446744073709551616.0;

constexpr ScalarError int_out_of_range{"int_out_of_range", ""};
constexpr ScalarError int_parsing{"int_parsing",
                                  "Input should be an integer; this text is not one"};
constexpr ScalarError float_parsing{"float_parsing",
                                    "Input should be a number; this text is not one"};
constexpr ScalarError finite_number{"finite_number", "Input should be a finite number"};
constexpr ScalarError bool_parsing{"bool_parsing",
                                   "Input should be true or false, or a word or number for it"};

std::partial_ordering reversed(std::partial_ordering order) noexcept {
    return 0 <=> order;
}

template <typename Integer>
std::partial_ordering compare_integer(Integer left, double right) noexcept {
    if (std::isnan(right)) {
        return std::partial_ordering::unordered;
    }
    constexpr double above = std::is_signed_v<Integer> ? two_to_63 : two_to_64;
    constexpr double least = std::is_signed_v<Integer> ? -two_to_63 : 0.0;
    if (right >= above) {
        return std::partial_ordering::less;
    }
    if (right < least) {
        return std::partial_ordering::greater;
    }
    const double whole = std::trunc(right);
    const auto integer = static_cast<Integer>(whole);  // exact: whole is within the range
    if (left != integer) {
        return left <=> integer;
    }
    return whole <=> right;
}

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view white = " \t\r\n\v\f";
    const std::size_t start = text.find_first_not_of(white);
    if (start == std::string_view::npos) {
        return {};
    }
    return text.substr(start, text.find_last_not_of(white) - start + 1);
}

bool is_zero_fraction(std::string_view rest) noexcept {
    return rest.size() >= 2 && rest.front() == '.' &&
           rest.find_first_not_of('0', 1) == std::string_view::npos;
}

std::expected<Value, ScalarError> parse_integer(std::string_view text) noexcept {
    text = trimmed(text);
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) {
        text.remove_prefix(1);
    }
    std::uint64_t magnitude = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, magnitude);
    const std::string_view rest = text.substr(static_cast<std::size_t>(stop - text.data()));
    if (error == std::errc::invalid_argument || (!rest.empty() && !is_zero_fraction(rest))) {
        return std::unexpected{int_parsing};
    }
    constexpr std::uint64_t magnitude_of_least = std::uint64_t{1} << 63;
    if (error != std::errc{} || (negative && magnitude > magnitude_of_least)) {
        return std::unexpected{int_out_of_range};
    }
    if (negative) {
        return Value::integer(static_cast<std::int64_t>(0 - magnitude));
    }
    return Value::unsigned_integer(magnitude);
}

std::expected<Value, ScalarError> integer_of(double number) noexcept {
    if (!std::isfinite(number)) {
        return std::unexpected{finite_number};
    }
    if (number != std::trunc(number)) {
        return std::unexpected{ScalarError{
            "int_from_float", "Input should be an integer, not a number with a fraction"}};
    }
    if (number >= -two_to_63 && number < two_to_63) {
        return Value::integer(static_cast<std::int64_t>(number));
    }
    if (number >= 0 && number < two_to_64) {
        return Value::unsigned_integer(static_cast<std::uint64_t>(number));
    }
    return std::unexpected{int_out_of_range};
}

std::expected<double, ScalarError> parse_floating(std::string_view text) noexcept {
    text = trimmed(text);
    if (text.starts_with('+')) {
        text.remove_prefix(1);
        if (text.starts_with('-')) {
            return std::unexpected{float_parsing};
        }
    }
    double number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (stop != end || error == std::errc::invalid_argument) {
        return std::unexpected{float_parsing};
    }
    if (error != std::errc{} || !std::isfinite(number)) {
        return std::unexpected{
            ScalarError{"finite_number", "Input should be a finite number where it is text"}};
    }
    return number;
}

std::expected<bool, ScalarError> parse_boolean(std::string_view text) noexcept {
    static constexpr std::array<std::string_view, 6> yes{"true", "1", "yes", "y", "on", "t"};
    static constexpr std::array<std::string_view, 6> no{"false", "0", "no", "n", "off", "f"};
    const auto same = [text](std::string_view word) {
        return std::ranges::equal(text, word, [](char left, char right) {
            return (left >= 'A' && left <= 'Z' ? left - 'A' + 'a' : left) == right;
        });
    };
    if (std::ranges::any_of(yes, same)) {
        return true;
    }
    if (std::ranges::any_of(no, same)) {
        return false;
    }
    return std::unexpected{bool_parsing};
}

template <typename Integer>
Value load(const void* source) noexcept {
    Integer number;
    std::memcpy(&number, source, sizeof number);
    if constexpr (std::is_signed_v<Integer>) {
        return Value::integer(number);
    } else {
        return Value::unsigned_integer(number);
    }
}

}  // namespace

std::partial_ordering compare(const Value& left, const Value& right) noexcept {
    using enum Value::Kind;
    if (left.kind() == float64) {
        return right.kind() == float64 ? left.as_float64() <=> right.as_float64()
                                       : reversed(compare(right, left));
    }
    if (right.kind() == float64) {
        return left.kind() == uint64 ? compare_integer(left.as_uint64(), right.as_float64())
                                     : compare_integer(left.as_int64(), right.as_float64());
    }
    if (left.kind() != right.kind()) {  // a uint64 is above every int64
        return left.kind() == uint64 ? std::partial_ordering::greater : std::partial_ordering::less;
    }
    return left.kind() == uint64 ? left.as_uint64() <=> right.as_uint64()
                                 : left.as_int64() <=> right.as_int64();
}

std::string to_text(const Value& number) {
    switch (number.kind()) {
    case Value::Kind::uint64:
        return fmt::format("{}", number.as_uint64());
    case Value::Kind::float64:
        return fmt::format("{}", number.as_float64());
    default:
        return fmt::format("{}", number.as_int64());
    }
}

std::expected<Value, ScalarError> to_integer(const Value& value) noexcept {
    switch (value.kind()) {
    case Value::Kind::int64:
    case Value::Kind::uint64:
        return value;
    case Value::Kind::float64:
        return integer_of(value.as_float64());
    case Value::Kind::text:
        return parse_integer(value.as_text());
    default:
        return std::unexpected{ScalarError{"int_type", "Input should be an integer"}};
    }
}

std::expected<double, ScalarError> to_floating(const Value& value) noexcept {
    switch (value.kind()) {
    case Value::Kind::int64:
        return static_cast<double>(value.as_int64());
    case Value::Kind::uint64:
        return static_cast<double>(value.as_uint64());
    case Value::Kind::float64:
        return value.as_float64();
    case Value::Kind::text:
        return parse_floating(value.as_text());
    default:
        return std::unexpected{ScalarError{"float_type", "Input should be a number"}};
    }
}

std::expected<bool, ScalarError> to_boolean(const Value& value) noexcept {
    switch (value.kind()) {
    case Value::Kind::boolean:
        return value.as_boolean();
    case Value::Kind::int64:
    case Value::Kind::uint64:
        if (value.as_uint64() <= 1) {
            return value.as_uint64() == 1;
        }
        return std::unexpected{bool_parsing};
    case Value::Kind::float64:
        if (value.as_float64() == 0 || value.as_float64() == 1) {
            return value.as_float64() == 1;
        }
        return std::unexpected{bool_parsing};
    case Value::Kind::text:
        return parse_boolean(value.as_text());
    default:
        return std::unexpected{ScalarError{"bool_type", "Input should be true or false"}};
    }
}

IntegerRange range_of(const Type& type) noexcept {
    const std::size_t bits = type.size_bytes * 8;
    if (type.is_signed) {
        const std::int64_t greatest = std::numeric_limits<std::int64_t>::max() >> (64 - bits);
        return {-greatest - 1, static_cast<std::uint64_t>(greatest)};
    }
    return {0, std::numeric_limits<std::uint64_t>::max() >> (64 - bits)};
}

Value load_integer(const Type& type, const void* source) noexcept {
    switch (type.size_bytes) {
    case 1:
        return type.is_signed ? load<std::int8_t>(source) : load<std::uint8_t>(source);
    case 2:
        return type.is_signed ? load<std::int16_t>(source) : load<std::uint16_t>(source);
    case 4:
        return type.is_signed ? load<std::int32_t>(source) : load<std::uint32_t>(source);
    default:
        return type.is_signed ? load<std::int64_t>(source) : load<std::uint64_t>(source);
    }
}

void store_integer(const Type& type, const Value& integer, void* target) noexcept {
    // Two's complement: the low bytes are the number's in every width and sign.
    const std::uint64_t bits = integer.as_uint64();
    const auto low8 = static_cast<std::uint8_t>(bits);
    const auto low16 = static_cast<std::uint16_t>(bits);
    const auto low32 = static_cast<std::uint32_t>(bits);
    switch (type.size_bytes) {
    case 1:
        std::memcpy(target, &low8, sizeof low8);
        return;
    case 2:
        std::memcpy(target, &low16, sizeof low16);
        return;
    case 4:
        std::memcpy(target, &low32, sizeof low32);
        return;
    default:
        std::memcpy(target, &bits, sizeof bits);
        return;
    }
}

double load_floating(const Type& type, const void* source) noexcept {
    if (type.size_bytes == sizeof(float)) {
        float number;
        std::memcpy(&number, source, sizeof number);
        return number;
    }
    double number;
    std::memcpy(&number, source, sizeof number);
    return number;
}

}  // namespace warren::model
