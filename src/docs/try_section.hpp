#pragma once

#include "contract/document.hpp"
#include "docs/html.hpp"
#include "docs/page.hpp"

#include <string>

namespace warren::docs {

/// Where a script puts the form that calls a method. Without one nothing is seen of it.
void write_try(Html& html, const contract::Document& document,
               const contract::MethodDocument& method, const TryPage& page,
               const std::string& anchor);

}  // namespace warren::docs
