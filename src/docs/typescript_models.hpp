#pragma once

#include "contract/document.hpp"
#include "docs/files.hpp"

#include <vector>

namespace warren::docs {

/// `models.ts`: an interface for each model, a union of texts for each enumeration, and `Methods`,
/// which has the types of each method by its name.
std::vector<OutputFile> typescript_models(const contract::Document& document);

}  // namespace warren::docs
