#pragma once

namespace warren::core {

/// Of ASCII, whatever the locale.
constexpr bool is_digit(char character) noexcept {
    return character >= '0' && character <= '9';
}

}  // namespace warren::core
