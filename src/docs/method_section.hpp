#pragma once

#include "contract/document.hpp"
#include "docs/html.hpp"

namespace warren::docs {

/// All about one method: what it does and takes, answers and fails with, and how to call it.
void write_method(Html& html, const contract::Document& document,
                  const contract::MethodDocument& method);

}  // namespace warren::docs
