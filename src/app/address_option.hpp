#pragma once

#include <expected>
#include <string>

namespace warren::app {

/// An address of the command line or the environment: itself, or "@FILE" for a file's content, as
/// everybody may read the list of processes.
/// err  which file cannot be read, and why; shows nothing of an address
std::expected<std::string, std::string> read_address(const std::string& given);

}  // namespace warren::app
