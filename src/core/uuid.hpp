#pragma once

#include <warren/types.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace warren::core {

inline constexpr std::size_t uuid_text_size = 36;

/// in   36 characters with hyphens, or the 32 digits alone; either case      [RFC 4122 section 3]
/// out  nullopt when the text is anything else
std::optional<Uuid> parse_uuid(std::string_view text) noexcept;

/// Write the 36 characters, in lower case.
void format_uuid(const Uuid& uuid, char* target) noexcept;
std::string to_string(const Uuid& uuid);

/// A UUID of the given random octets, version 4.                         [RFC 4122 section 4.4]
Uuid uuid_from_random(std::array<std::uint8_t, 16> octets) noexcept;

}  // namespace warren::core
