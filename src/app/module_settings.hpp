#pragma once

#include <warren/method.hpp>

#include "app/config/config.hpp"

#include <string>
#include <vector>

namespace warren::app {

/// Give modules that were loaded what a configuration says to them: `settings`. Texts may be
/// {file: PATH}, and have the environment put in.
/// A module without a section has its defaults, where a method of it is served.
/// out  every problem at once, a line of text each, with its place; a section that no module has is
///      one, or a note where `methods_missing` is `skip`
std::vector<std::string> bind_settings(Config& config, const Registry& registry);

}  // namespace warren::app
