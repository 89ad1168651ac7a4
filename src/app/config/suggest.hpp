#pragma once

#include <span>
#include <string>
#include <string_view>

namespace warren::app {

/// What somebody may have meant: " (did you mean 'queue'?)", or, when nothing is near, the whole
/// list: " (known: 'queue', 'methods')".
std::string suggest(std::string_view unknown, std::span<const std::string_view> known);

}  // namespace warren::app
