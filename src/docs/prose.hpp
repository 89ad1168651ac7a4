#pragma once

#include "docs/html.hpp"

#include <string_view>

namespace warren::docs {

/// A description, as a paragraph whose lines stay apart. What stands between two backticks on one
/// line is code; nothing else means anything.
void write_prose(Html& html, std::string_view text);
/// The same without the paragraph.
void write_prose_line(Html& html, std::string_view text);

/// Its first sentence or line, of at most so many bytes, cut at a word.
std::string_view summary_of(std::string_view text);

}  // namespace warren::docs
