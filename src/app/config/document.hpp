#pragma once

#include "app/config/problems.hpp"

#include <yaml-cpp/yaml.h>

#include <optional>

namespace warren::app {

/// The one document of a file of YAML of at most 1 MiB; what is wrong with it is among the
/// problems.
std::optional<YAML::Node> read_yaml_document(ConfigProblems& problems);

}  // namespace warren::app
