#pragma once

#include "contract/document.hpp"
#include "docs/python_models.hpp"

#include <string>

namespace warren::docs {

/// The file of one method.
std::string python_module(const contract::Document& document,
                          const contract::MethodDocument& method, Pydantic pydantic);

}  // namespace warren::docs
