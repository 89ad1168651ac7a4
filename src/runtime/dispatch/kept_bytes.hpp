#pragma once

#include <cstddef>

namespace warren::runtime {

/// What is used again keeps this much memory, so that one big message does not leave its own behind
/// everywhere.
inline constexpr std::size_t kept_bytes_max = std::size_t{64} << 10;

}  // namespace warren::runtime
