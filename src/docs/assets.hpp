#pragma once

#include <string_view>

/// What src/docs/assets holds; the build writes it into a file of C++ (cmake/warren_assets.cmake).
namespace warren::docs {

extern const std::string_view stylesheet;
extern const std::string_view script;

}  // namespace warren::docs
