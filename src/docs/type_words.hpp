#pragma once

#include "contract/document.hpp"
#include "docs/html.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

// Types and what is demanded of values, in words.
namespace warren::docs {

/// Writes the name of a model or an enumeration, perhaps as a link.
using WriteReference = std::function<void(Html& html, std::string_view id, std::string_view name)>;

/// Such as "list of Address or null".
void write_type_words(Html& html, const contract::Document& document,
                      const contract::DataType& type, const WriteReference& write_reference);

/// Each demand on its own, such as "at least 1" and "up to 64 characters"; that of a pattern and
/// checks apart.
std::vector<std::string> demand_words(const contract::DataType& type,
                                      const contract::Demands& demands);

/// Each model and enumeration that a type names itself, in order.
std::vector<const contract::DataType*> references_in(const contract::DataType& type);

}  // namespace warren::docs
