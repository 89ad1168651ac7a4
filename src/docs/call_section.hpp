#pragma once

#include "contract/document.hpp"
#include "docs/cpp_names.hpp"
#include "docs/html.hpp"

#include <string>

namespace warren::docs {

/// Where a method is served, and how to call it there.
/// in  names: of the document
void write_calls(Html& html, const contract::Document& document, const CppNames& names,
                 const contract::MethodDocument& method, const std::string& anchor);

}  // namespace warren::docs
