#pragma once

#include <optional>
#include <string>
#include <string_view>

// How addresses write what they could not hold otherwise.                 [RFC 3986 2.1]
namespace warren::core {

/// Letters, digits and "-._~".                                             [RFC 3986 2.3]
bool is_unreserved(char character) noexcept;

/// Encode every byte that is not unreserved.
std::string percent_encode(std::string_view text);

/// Decode %XX, each of which must have two hexadecimal digits.
/// err  nullopt; also when the result is not valid UTF-8 or holds a NUL
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace warren::core
