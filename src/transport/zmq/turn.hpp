#pragma once

#include <cstddef>

namespace warren::transport {

/// What one turn of the loop takes from a socket, at most: others wait.
inline constexpr std::size_t turn_messages = 1'024;
inline constexpr std::size_t turn_bytes = std::size_t{1} << 20;

}  // namespace warren::transport
