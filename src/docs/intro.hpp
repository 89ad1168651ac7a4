#pragma once

#include "contract/document.hpp"
#include "docs/html.hpp"
#include "docs/page.hpp"

#include <span>
#include <string>

namespace warren::docs {

/// What stands before the methods: what this is, where to call, what every method may fail with,
/// what changed, and the same for programs.
/// in  documents: addresses of those, from the page
void write_intro(Html& html, const contract::Document& document, const PageOptions& options,
                 std::span<const std::string> documents);

}  // namespace warren::docs
