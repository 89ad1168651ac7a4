#pragma once

#include <span>
#include <string_view>

/// What src/docs/assets holds; the build writes it into a file of C++ (cmake/warren_assets.cmake).
namespace warren::docs {

extern const std::string_view stylesheet;
extern const std::string_view script;

struct Asset {
    std::string_view file;
    std::string_view content;
};
/// Beside them, of pages from which methods can be called.
extern const std::span<const Asset> try_assets;

}  // namespace warren::docs
