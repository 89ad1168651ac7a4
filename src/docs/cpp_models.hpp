#pragma once

#include "contract/document.hpp"
#include "docs/files.hpp"

#include <vector>

namespace warren::docs {

/// `models.hpp`: a struct for each model, an enum for each enumeration, and the contract of each
/// method, for `Client::call`, in the namespace `client_models`. Its methods have the fingerprints
/// of the document's.
/// A model that is in itself without a list or map between, which C++ cannot have, is a `Dynamic`.
std::vector<OutputFile> cpp_models(const contract::Document& document);

}  // namespace warren::docs
