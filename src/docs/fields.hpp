#pragma once

#include "contract/document.hpp"
#include "docs/html.hpp"

#include <string>

namespace warren::docs {

/// What a request, a response or a part is made of: the type, and of a model its fields, with the
/// models that they nest. Each model is told once, where it comes first, and linked to from
/// elsewhere; what is nested deeper than anybody opens follows after the rest.
/// in   anchor: of the whole; each field has one below it
/// cost O(fields of all models that are reached)
void write_contents(Html& html, const contract::Document& document, const contract::DataType& type,
                    const std::string& anchor);

}  // namespace warren::docs
