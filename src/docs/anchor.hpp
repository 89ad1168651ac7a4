#pragma once

#include "docs/html.hpp"

#include <string>
#include <string_view>

// Names of things in addresses. What they are made of is encoded, so that no two things share one.
namespace warren::docs {

/// What stands behind `#` for a method, such as "dx_example"; the ids of its parts go on from
/// there: "dx_example.request.favourite_food".
std::string method_anchor(std::string_view method);
/// Of what a part of a method holds, such as a field.
std::string anchor_below(std::string_view anchor, std::string_view name);

}  // namespace warren::docs
