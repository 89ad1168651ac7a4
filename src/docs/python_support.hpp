#pragma once

#include "docs/python_models.hpp"

#include <string>
#include <string_view>

namespace warren::docs {

/// `_warren.py`, which is the same for every contract.
std::string python_support(Pydantic pydantic);

// Its parts.
extern const std::string_view python_scalars;
extern const std::string_view python_times;
extern const std::string_view python_containers;
extern const std::string_view python_patterns;
extern const std::string_view python_binding;
extern const std::string_view python_pydantic_1;
extern const std::string_view python_pydantic_2;
extern const std::string_view python_replies;

}  // namespace warren::docs
