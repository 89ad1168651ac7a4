#pragma once

#include <warren/error.hpp>

#include <cstddef>
#include <span>

namespace warren::protocol {

/// Fill with bytes that nobody can foresee.
/// err  false when OpenSSL has none
bool fill_randomly(std::span<std::byte> target) noexcept;

/// What to fail with then.
Failure no_random_bytes();

}  // namespace warren::protocol
