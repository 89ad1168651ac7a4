#pragma once

#include "contract/document.hpp"
#include "docs/names.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::docs {

inline constexpr std::string_view cpp_namespace = "client_models";

/// What is called how in the header of `cpp_models`. Views the document.
struct CppNames {
    std::map<std::string_view, std::string> types;  // models and enumerations, by id
    /// Enumerators by the enumeration's id and their own name.
    std::map<std::pair<std::string_view, std::string_view>, std::string> enumerators;
    std::map<std::string_view, std::string> methods;
    ScopeNames scope;  // of types and methods, for further ones
};

CppNames cpp_names(const contract::Document& document);

/// The enumerators of one enumeration, and the fields of one model, in the contract's order.
std::vector<std::string> cpp_enumerators(const contract::EnumerationDocument& enumeration);
std::vector<std::string> cpp_members(const contract::ModelDocument& model);

}  // namespace warren::docs
