#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace warren::app {

/// The bytes of a file, or the first `bytes_max` + 1 of a longer one.
/// out  nullopt when it is none, or cannot be read
std::optional<std::string> read_file(const std::string& path, std::size_t bytes_max);

}  // namespace warren::app
