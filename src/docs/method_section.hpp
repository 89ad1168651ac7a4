#pragma once

#include "contract/document.hpp"
#include "docs/cpp_names.hpp"
#include "docs/html.hpp"
#include "docs/page.hpp"

#include <optional>

namespace warren::docs {

/// All about one method: what it does and takes, answers and fails with, and how to call it.
/// in  names: of the document; try_it: none: it cannot be called from the page
void write_method(Html& html, const contract::Document& document, const CppNames& names,
                  const contract::MethodDocument& method, const std::optional<TryPage>& try_it);

}  // namespace warren::docs
