#pragma once

#include <warren/error.hpp>

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

namespace warren::core {

/// Parse a duration such as "250ms", "5s", "1.5s", "2m" or "1h": a decimal number, not negative,
/// and one unit. A number without a unit is refused, because people mean different ones.
/// out  whole milliseconds; up to 1,000,000 hours
/// err  invalid_request, saying what is wrong and what to write instead
std::expected<std::chrono::milliseconds, Failure> parse_duration(std::string_view text);

/// The shortest form with one unit and no fraction, such as "90s" or "1500ms"; `parse_duration`
/// reads it back to the same duration.
std::string to_string(std::chrono::milliseconds duration);

}  // namespace warren::core
