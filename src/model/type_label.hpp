#pragma once

#include <warren/type.hpp>

#include <string>

namespace warren::model {

/// A type's name as errors and listings show it, such as "int", "list[str]" or "Address".
std::string label_of(const Type& type);

}  // namespace warren::model
