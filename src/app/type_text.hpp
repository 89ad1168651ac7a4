#pragma once

#include <warren/type.hpp>

#include <string>

namespace warren::app {

/// A contract for people to read: the type's name and, of a model, one line per field; each line
/// ends with a newline.
std::string describe_type(const Type& type);

}  // namespace warren::app
