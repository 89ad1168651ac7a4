#pragma once

namespace warren::core {

/// Say where, and end the process.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace warren::core

/// For defects of our own, on in release builds too; never for input.
#define WARREN_ASSERT(condition)  \
    (static_cast<bool>(condition) \
         ? static_cast<void>(0)   \
         : ::warren::core::assertion_failed(#condition, __FILE__, __LINE__))
