#pragma once

#include <warren/type.hpp>
#include <warren/value.hpp>

#include <compare>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace warren::model {

/// Compare two numbers by what they are, with no rounding: INT64_MAX is less than 2^63.
/// in   int64, uint64 or float64
/// out  unordered when one is NaN
std::partial_ordering compare(const Value& left, const Value& right) noexcept;

/// A number as messages show it.
std::string to_text(const Value& number);

/// Why a value is not a number or truth value, as the type and message of a field error.
struct ScalarError {
    std::string_view type;
    std::string_view message;
};

/// out  int64 or uint64. Floats without a fraction and decimal text count, as in "-7" or "7.0".
/// err  int_type, int_parsing, int_from_float, finite_number; int_out_of_range without a message
std::expected<Value, ScalarError> to_integer(const Value& value) noexcept;

/// out  NaN and infinities, too, where the format has them. Integers (rounded to nearest) and
///      decimal text count.
/// err  float_type, float_parsing, finite_number: of text
std::expected<double, ScalarError> to_floating(const Value& value) noexcept;

/// out  0 and 1 count, and "true", "yes", "y", "on", "t", "1" and their opposites in any case
/// err  bool_type, bool_parsing
std::expected<bool, ScalarError> to_boolean(const Value& value) noexcept;

/// The least and the greatest number of an integer type.
struct IntegerRange {
    std::int64_t least;
    std::uint64_t greatest;

    bool contains(const Value& integer) const noexcept {
        return integer.kind() == Value::Kind::uint64 ||
                       (integer.kind() == Value::Kind::int64 && integer.as_int64() >= 0)
                   ? integer.as_uint64() <= greatest
                   : integer.as_int64() >= least;
    }
};

/// in   an integer's or enumeration's type
IntegerRange range_of(const Type& type) noexcept;

/// Read and write an integer of the type's width and sign.
/// in   store: a number within the range
Value load_integer(const Type& type, const void* source) noexcept;
void store_integer(const Type& type, const Value& integer, void* target) noexcept;

/// Read a float or a double.
double load_floating(const Type& type, const void* source) noexcept;

}  // namespace warren::model
