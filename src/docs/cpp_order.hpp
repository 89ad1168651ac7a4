#pragma once

#include "contract/document.hpp"

#include <set>
#include <string_view>
#include <vector>

namespace warren::docs {

/// The models of a document in an order in which C++ can have them: what one holds comes before it.
struct CppOrder {
    std::vector<const contract::ModelDocument*> models;
    /// Fields by which a model would hold itself, which no struct can.
    std::set<const contract::FieldDocument*> endless;
    /// Models that one before them has a list, set or map of: they are declared first.
    std::set<std::string_view> declared;
};

CppOrder cpp_order(const contract::Document& document);

}  // namespace warren::docs
