#pragma once

#include "contract/diff.hpp"
#include "contract/document.hpp"
#include "docs/html.hpp"
#include "docs/layout.hpp"

#include <cstdint>
#include <string_view>

// What a contract is to callers who were built from the one before it.
namespace warren::docs {

inline constexpr std::string_view changes_file = "changes.html";
inline constexpr std::string_view changes_json_file = "changes.json";

/// All changes: the worst first, then by which way they go.
/// in  page: the one that they stand on
void write_changes(Html& html, const contract::Document& document, const Layout& layout,
                   const Layout::Page& page, const contract::Diff& changes);
/// How many there are, with a link to them, for the first page.
void write_changes_summary(Html& html, const contract::Diff& changes);
/// Whether a mark leads to what it marks, or is a part of another link.
enum class MarkIs : std::uint8_t { link, text };
/// The worst of a method's; nothing, where it has none.
void write_change_mark(Html& html, const contract::Diff& changes, std::string_view method,
                       MarkIs is = MarkIs::link);

}  // namespace warren::docs
