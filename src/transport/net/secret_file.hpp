#pragma once

#include <cstddef>
#include <expected>
#include <string>

namespace warren::transport {

inline constexpr std::size_t secret_file_bytes_max = std::size_t{64} << 10;

/// A secret that is a file's content, without the newlines at its end.
/// err  why there is none, to follow the file's name: the system's reason, or that the file is
///      empty or over `secret_file_bytes_max`; shows nothing of it
std::expected<std::string, std::string> read_secret_file(const std::string& path);

}  // namespace warren::transport
