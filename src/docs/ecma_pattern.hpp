#pragma once

#include <string_view>

namespace warren::docs {

/// Whether a regular expression in RE2's syntax is one to ECMA-262, too, as JSON Schema wants it,
/// also where that reads it as Unicode. False when in doubt.
bool is_ecma_pattern(std::string_view expression) noexcept;

}  // namespace warren::docs
