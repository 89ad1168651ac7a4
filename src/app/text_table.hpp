#pragma once

#include <string>
#include <vector>

namespace warren::app {

/// Rows as text, their columns as wide as what is in them; the first row is the heading. Bytes that
/// no terminal should get are shown as escapes.
std::string text_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace warren::app
