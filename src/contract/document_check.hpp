#pragma once

#include <warren/error.hpp>

#include "contract/document.hpp"

#include <vector>

namespace warren::contract {

/// What views of a document rely on: methods, models and enumerations are sorted and each is there
/// once, references lead somewhere, types have the parts of their kind, and fingerprints are those
/// of what stands there.
/// out  every error at its place
std::vector<FieldError> check(const Document& document);

}  // namespace warren::contract
