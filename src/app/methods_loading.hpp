#pragma once

#include <warren/method.hpp>

#include <string>
#include <vector>

#include "app/config/config.hpp"

namespace warren::app {

/// Where modules are when nobody says so: `modules` beside the program, or ../lib/warren/modules of
/// an installed one. Empty when there is neither.
std::vector<std::string> module_directories_default();

/// Load the modules of a configuration and of the command line, and hold the configured methods
/// against them. With `methods_missing: skip` what is not there becomes a note, and is taken out of
/// the listeners.
/// out  every problem at once, a line of text each; none: all can be served
std::vector<std::string> load_methods(Config& config, std::vector<std::string> more_directories,
                                      Registry& registry);

}  // namespace warren::app
