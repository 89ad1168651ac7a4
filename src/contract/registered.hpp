#pragma once

#include <warren/method.hpp>

#include "contract/document.hpp"

#include <span>
#include <string>

namespace warren::contract {

/// The document of registered methods, with fingerprints and without listeners. Two models of one
/// name that differ get ids of their own: the name of the first method that has it goes before.
/// in  by name, as `Registry::all` gives them
Document document_of(std::span<const Method* const> methods);

/// The fingerprint of a method: SHA-256 over what the wire can see of it, 64 hex digits. Names of
/// models, descriptions, examples, defaults, the order of fields and what a method does inside are
/// not in it.
std::string fingerprint(const Document& document, const MethodDocument& method);
/// Over all methods, of which each has its own.
std::string fingerprint(const Document& document);

}  // namespace warren::contract
