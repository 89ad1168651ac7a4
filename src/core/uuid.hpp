#pragma once

#include <warren/types.hpp>

#include <array>
#include <cstddef>

namespace warren::core {

inline constexpr std::size_t uuid_text_size = 36;

/// Write the 36 characters, in lower case.
void format_uuid(const Uuid& uuid, char* target) noexcept;
using warren::to_string;

/// A UUID of the given random octets, version 4.                         [RFC 4122 section 4.4]
Uuid uuid_from_random(std::array<std::uint8_t, 16> octets) noexcept;

}  // namespace warren::core
