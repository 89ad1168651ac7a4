#pragma once

#include <yaml-cpp/yaml.h>

#include <map>
#include <string>

namespace warren::app {

/// What a configuration says at each of its keys, such as "listeners[0].tls.certificate": its text
/// with the environment put in, and with it the content of each file that is read for what it
/// holds. A key of {file: PATH} stands for the file. Holds secrets.
using ConfigValues = std::map<std::string, std::string, std::less<>>;

/// in   file: whose content it is, where relative paths begin
ConfigValues config_values(const YAML::Node& root, const std::string& file);

}  // namespace warren::app
