#pragma once

#include <warren/types.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

namespace warren::core {

/// The years 0000 to 9999, which are all that RFC 3339 can write.
inline constexpr Timestamp timestamp_min{std::chrono::sys_days{std::chrono::year{0} / 1 / 1}};
inline constexpr Timestamp timestamp_max{std::chrono::sys_days{std::chrono::year{10000} / 1 / 1} -
                                         std::chrono::microseconds{1}};

inline constexpr bool in_range(Timestamp timestamp) noexcept {
    return timestamp >= timestamp_min && timestamp <= timestamp_max;
}

using warren::parse_timestamp;
using warren::to_string;

/// err  as `parse_timestamp`, when the time is outside of the years 0000 to 9999
std::expected<Timestamp, std::string_view> timestamp_from_seconds(std::int64_t seconds) noexcept;
std::expected<Timestamp, std::string_view> timestamp_from_seconds(double seconds) noexcept;

inline constexpr std::size_t timestamp_text_size_max = 27;

/// Write RFC 3339 in UTC, with six digits of fraction unless they are all zero.
/// in   timestamp: in range; target: `timestamp_text_size_max` characters
/// out  how many were written
std::size_t format_timestamp(Timestamp timestamp, char* target) noexcept;

}  // namespace warren::core
