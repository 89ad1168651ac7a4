#pragma once

#include <expected>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace warren::app {

/// The value of a variable of the environment; null when it is not set.
using Environment = std::function<const char*(const char* name)>;

/// Where this program keeps what must survive it: systemd's STATE_DIRECTORY, or warren in
/// XDG_STATE_HOME, or ~/.local/state/warren.            [XDG Base Directory Specification]
/// err  none of them is known: what to do
std::expected<std::filesystem::path, std::string> state_directory(const Environment& environment);

/// The file of a buffer that has no other: in the state directory, named after its proxy.
/// err  as `state_directory`, and for a name too long for a file's
std::expected<std::string, std::string> buffer_file_default(std::string_view proxy,
                                                            const Environment& environment);

}  // namespace warren::app
