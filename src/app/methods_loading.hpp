#pragma once

#include <warren/method.hpp>

#include "app/config/config.hpp"

#include <string>
#include <vector>

namespace warren::app {

/// The directories of a configuration and of the command line; when there is none: `modules` beside
/// the program, or ../lib/warren/modules of an installed one, if there is such a directory.
std::vector<DirectoryEntry> module_directories(std::vector<DirectoryEntry> configured,
                                               const std::vector<std::string>& of_command_line);

/// Load all modules of some directories.
/// out  what was not loaded, a line of text each, which names the file and why
std::vector<std::string> load_modules(const std::vector<DirectoryEntry>& directories,
                                      Registry& registry);

/// Load the modules of a configuration and of the command line, and hold the configured methods
/// against them. With `methods_missing: skip` what is not there becomes a note, and is taken out of
/// the listeners.
/// out  every problem at once, a line of text each; none: all can be served
std::vector<std::string> load_methods(Config& config,
                                      const std::vector<std::string>& more_directories,
                                      Registry& registry);

/// The same of methods that are there already.
std::vector<std::string> find_methods(Config& config, const Registry& registry);

}  // namespace warren::app
