#pragma once

#include <warren/error.hpp>

#include "contract/document.hpp"

#include <expected>
#include <string_view>
#include <vector>

namespace warren::contract {

/// What views of a document rely on: methods, models and enumerations are sorted and each is there
/// once, references lead somewhere, and types have the parts of their kind.
/// out  every error at its place
std::vector<FieldError> check(const Document& document);

/// Whether its fingerprints are those of what stands there.
/// in   document: that is right otherwise
std::vector<FieldError> check_fingerprints(const Document& document);

/// As `from_json`, whatever the fingerprints are.
std::expected<Document, Failure> read_document(std::string_view text);

}  // namespace warren::contract
