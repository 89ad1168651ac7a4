#pragma once

#include "contract/document.hpp"
#include "docs/cpp_names.hpp"
#include "docs/html.hpp"
#include "docs/page.hpp"

namespace warren::docs {

/// All about one method: what it does and takes, answers and fails with, and how to call it.
/// in  names: of the document
void write_method(Html& html, const contract::Document& document, const CppNames& names,
                  const contract::MethodDocument& method, const PageOptions& options);

}  // namespace warren::docs
