#pragma once

#include <string_view>

namespace warren::core {

/// Whether a key of an address's query names a secret.
bool is_secret_key(std::string_view key) noexcept;

}  // namespace warren::core
