#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace warren::docs {

using Sha256 = std::array<std::byte, 32>;

/// err  throws Error (internal): OpenSSL cannot
Sha256 sha256(std::string_view text);
/// The first of its digits: enough to tell texts apart that nobody made to be alike.
std::string short_digest(std::string_view text);

}  // namespace warren::docs
