#pragma once

#include <chrono>
#include <cstdint>

namespace warren::store {

/// When something went wrong, for people.
inline std::int64_t unix_ms_now() noexcept {
    const auto time = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

}  // namespace warren::store
