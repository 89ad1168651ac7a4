#pragma once

#include "contract/document.hpp"

#include <string>
#include <vector>

namespace warren::docs {

/// What is demanded of a field beyond what its type in another language says, a sentence each.
std::vector<std::string> demand_sentences(const contract::FieldDocument& field);

}  // namespace warren::docs
