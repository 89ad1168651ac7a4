#pragma once

#include <cstddef>
#include <expected>
#include <string>

namespace warren::app {

/// The bytes of a file, or the first `size_max` + 1 of a longer one.
/// err  the system's reason, when it is none or cannot be read
std::expected<std::string, std::string> read_file(const std::string& path, std::size_t size_max);

}  // namespace warren::app
