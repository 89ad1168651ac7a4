#pragma once

#include "contract/diff.hpp"
#include "contract/document.hpp"
#include "docs/html.hpp"
#include "docs/layout.hpp"

namespace warren::docs {

/// The methods of a page, or all of them on a first page that has none, as links; the page's script
/// searches here, so each has what it is to be found by.
/// in   changes: a mark at each method that has some; null: they are not told
void write_index(Html& html, const contract::Document& document, const Layout& layout,
                 const Layout::Page& page, const contract::Diff* changes);

}  // namespace warren::docs
