#pragma once

#include <warren/type.hpp>
#include <warren/value.hpp>

#include "model/number.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>

// Durations, as counts of the unit of their type.
namespace warren::model {

/// in   a number of seconds, as such or as text; or text such as "P1DT2H3M4.5S" or "-PT0.25S",
///      with weeks, but no months or years, whose length differs         [ISO 8601-1 5.5.2]
/// out  the count, exact: a float stands for the count that is next to it
/// err  time_delta_type, time_delta_parsing, time_delta_range, time_delta_precision, finite_number
std::expected<std::int64_t, ScalarError> to_duration(const Type& type, const Value& value) noexcept;

/// Whether others can hold it, too: up to 999,999,999 days, as Python's do.
bool duration_in_range(const Type& type, std::int64_t count) noexcept;

/// As a number of seconds: an integer where that is exact.
Value seconds_of(const Type& type, std::int64_t count) noexcept;

inline constexpr std::size_t duration_text_size_max = 64;

/// Write it with hours, minutes and seconds, such as "PT26H0.5S".
/// in   target: `duration_text_size_max` characters
/// out  how many were written
std::size_t format_duration(const Type& type, std::int64_t count, char* target) noexcept;

}  // namespace warren::model
