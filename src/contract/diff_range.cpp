#include "contract/diff_range.hpp"

#include "core/path.hpp"
#include "core/timestamp.hpp"
#include "core/uuid.hpp"
#include "model/duration.hpp"
#include "model/number.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace warren::contract {
namespace {

// Room for every count of every unit in nanoseconds.
__extension__ using Wide = __int128;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t seconds_max = std::int64_t{999'999'999} * 86'400;

Value integer_beside(const Value& number, int step) noexcept {
    if (number.kind() == Value::Kind::uint64) {
        return Value::unsigned_integer(step > 0 ? number.as_uint64() + 1 : number.as_uint64() - 1);
    }
    if (step > 0 && number.as_int64() == std::numeric_limits<std::int64_t>::max()) {
        return Value::unsigned_integer(number.as_uint64() + 1);
    }
    return Value::integer(number.as_int64() + step);
}

bool is_last(const Value& number, int step) noexcept {
    return step > 0 ? number.kind() == Value::Kind::uint64 &&
                          number.as_uint64() == std::numeric_limits<std::uint64_t>::max()
                    : number.kind() == Value::Kind::int64 &&
                          number.as_int64() == std::numeric_limits<std::int64_t>::min();
}

/// The first integer that a bound leaves, seen from the bound.
/// in   step: 1 for a lower bound, -1 for an upper one
/// out  open when there is no integer behind it
Value whole_bound(const Value& bound, int step, bool& open) {
    Value number = bound;
    if (bound.kind() == Value::Kind::float64) {
        const double given = bound.as_float64();
        const double rounded = step > 0 ? std::ceil(given) : std::floor(given);
        const auto whole = model::to_integer(Value::floating(rounded));
        open = open && rounded == given;
        if (!whole) {
            return bound;
        }
        number = *whole;
    }
    if (open && !is_last(number, step)) {
        open = false;
        return integer_beside(number, step);
    }
    return number;
}

void raise_least(NumberRange& range, const std::optional<Dynamic>& bound, bool open, bool whole) {
    if (!bound) {
        return;
    }
    const Value value = whole ? whole_bound(bound->value(), 1, open) : bound->value();
    const auto order =
        range.least ? model::compare(value, *range.least) : std::partial_ordering::greater;
    if (order > 0 || (order == 0 && open)) {
        range.least = value;
        range.above_least = open;
    }
}

void lower_greatest(NumberRange& range, const std::optional<Dynamic>& bound, bool open,
                    bool whole) {
    if (!bound) {
        return;
    }
    const Value value = whole ? whole_bound(bound->value(), -1, open) : bound->value();
    const auto order =
        range.greatest ? model::compare(value, *range.greatest) : std::partial_ordering::less;
    if (order < 0 || (order == 0 && open)) {
        range.greatest = value;
        range.below_greatest = open;
    }
}

Value seconds_of(Wide duration_ns) noexcept {
    const Wide clipped =
        std::clamp(duration_ns, -Wide{seconds_max} * second_ns, Wide{seconds_max} * second_ns);
    if (clipped % second_ns == 0) {
        return Value::integer(static_cast<std::int64_t>(clipped / second_ns));
    }
    return Value::floating(static_cast<double>(clipped) / static_cast<double>(second_ns));
}

Wide greatest_count(std::uint32_t bits) noexcept {
    return (Wide{1} << (std::clamp(bits, std::uint32_t{8}, std::uint32_t{64}) - 1)) - 1;
}

/// A float's shortest decimal number, as responses and requests hold it.
double as_decimal(float number) noexcept {
    std::array<char, 32> text;
    double decimal = number;
    const auto written = std::to_chars(text.data(), text.data() + text.size(), number);
    std::from_chars(text.data(), written.ptr, decimal);
    return decimal;
}

/// Whether a bound is a float, and is written as what it is.
bool is_decimal_of_float(const std::optional<Value>& bound) noexcept {
    if (!bound) {
        return true;
    }
    const auto number = static_cast<float>(*model::to_floating(*bound));
    return model::compare(Value::floating(number), *bound) == 0 &&
           model::compare(Value::floating(as_decimal(number)), *bound) == 0;
}

}  // namespace

bool NumberRange::contains(const NumberRange& other) const noexcept {
    if (least) {
        const auto order =
            other.least ? model::compare(*other.least, *least) : std::partial_ordering::unordered;
        if (!(order > 0) && !(order == 0 && (!above_least || other.above_least))) {
            return false;
        }
    }
    if (greatest) {
        const auto order = other.greatest ? model::compare(*other.greatest, *greatest)
                                          : std::partial_ordering::unordered;
        if (!(order < 0) && !(order == 0 && (!below_greatest || other.below_greatest))) {
            return false;
        }
    }
    return true;
}

bool operator==(const NumberRange& left, const NumberRange& right) noexcept {
    return left.contains(right) && right.contains(left);
}

NumberRange number_range(const DataType& type) {
    switch (type.kind) {
    case Type::Kind::integer: {
        const Wide greatest = greatest_count(type.bits);
        return type.is_signed
                   ? NumberRange{.least = Value::integer(static_cast<std::int64_t>(-greatest - 1)),
                                 .greatest = Value::integer(static_cast<std::int64_t>(greatest))}
                   : NumberRange{.least = Value::integer(0),
                                 .greatest = Value::unsigned_integer(
                                     static_cast<std::uint64_t>(greatest * 2 + 1))};
    }
    case Type::Kind::floating:
        if (type.bits == 32) {
            constexpr double greatest = std::numeric_limits<float>::max();
            return {.least = Value::floating(-greatest), .greatest = Value::floating(greatest)};
        }
        return {};
    case Type::Kind::duration: {
        const Wide greatest_ns = greatest_count(type.bits) * unit_ns(type);
        return {.least = seconds_of(-greatest_ns), .greatest = seconds_of(greatest_ns)};
    }
    default:
        return {};
    }
}

NumberRange number_range(const DataType& type, const Demands& demands) {
    NumberRange range = number_range(type);
    const bool whole = type.kind == Type::Kind::integer;
    raise_least(range, demands.at_least, false, whole);
    raise_least(range, demands.greater_than, true, whole);
    lower_greatest(range, demands.at_most, false, whole);
    lower_greatest(range, demands.less_than, true, whole);
    return range;
}

std::string to_text(const NumberRange& range) {
    const std::string least = range.least ? (range.above_least ? "more than " : "at least ") +
                                                model::to_text(*range.least)
                                          : "";
    const std::string greatest =
        range.greatest
            ? (range.below_greatest ? "less than " : "at most ") + model::to_text(*range.greatest)
            : "";
    if (range.least && range.greatest && !range.above_least && !range.below_greatest) {
        return fmt::format("from {} to {}", model::to_text(*range.least),
                           model::to_text(*range.greatest));
    }
    if (least.empty() && greatest.empty()) {
        return "any";
    }
    return least + (least.empty() || greatest.empty() ? "" : " and ") + greatest;
}

bool are_exact_in(std::uint32_t bits, const NumberRange& integers) noexcept {
    const std::int64_t exact_max = std::int64_t{1} << (bits == 32 ? 24 : 53);
    return NumberRange{.least = Value::integer(-exact_max), .greatest = Value::integer(exact_max)}
        .contains(integers);
}

bool keeps_as_decimal(const NumberRange& range) noexcept {
    return is_decimal_of_float(range.least) && is_decimal_of_float(range.greatest);
}

bool LengthRange::contains(const LengthRange& other) const noexcept {
    return other.least >= least && (!greatest || (other.greatest && *other.greatest <= *greatest));
}

LengthRange length_range(const DataType& type, const Demands& demands) noexcept {
    LengthRange range;
    switch (type.kind) {
    case Type::Kind::array:
        return {.least = type.length, .greatest = type.length};
    case Type::Kind::uuid:
        return {.least = core::uuid_text_size, .greatest = core::uuid_text_size};
    case Type::Kind::timestamp:
        return {.least = 1, .greatest = core::timestamp_text_size_max};
    case Type::Kind::duration:
        return {.least = 1, .greatest = model::duration_text_size_max};
    case Type::Kind::absolute_path:
    case Type::Kind::relative_path:
        range = {.least = 1, .greatest = core::path_bytes_max};
        break;
    default:
        break;
    }
    if (demands.min_length) {
        range.least = std::max(range.least, *demands.min_length);
    }
    if (demands.max_length && (!range.greatest || *demands.max_length < *range.greatest)) {
        range.greatest = demands.max_length;
    }
    return range;
}

std::string to_text(const LengthRange& range) {
    if (!range.greatest) {
        return range.least == 0 ? "any" : fmt::format("at least {}", range.least);
    }
    if (range.least == *range.greatest) {
        return fmt::format("exactly {}", range.least);
    }
    return range.least == 0 ? fmt::format("at most {}", *range.greatest)
                            : fmt::format("from {} to {}", range.least, *range.greatest);
}

std::int64_t unit_ns(const DataType& duration) noexcept {
    const auto [numerator, denominator] = duration.period;
    if (numerator <= 0 || denominator <= 0) {
        return second_ns;
    }
    const Wide unit = Wide{numerator} * second_ns / denominator;
    return static_cast<std::int64_t>(
        std::clamp(unit, Wide{1}, Wide{std::numeric_limits<std::int64_t>::max()}));
}

}  // namespace warren::contract
