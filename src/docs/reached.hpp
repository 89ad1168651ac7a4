#pragma once

#include "contract/document.hpp"

#include <span>
#include <vector>

namespace warren::docs {

/// The models and enumerations that some types lead to.
struct Reached {
    std::vector<const contract::ModelDocument*> models;
    std::vector<const contract::EnumerationDocument*> enumerations;
};

/// out  each once, those that others are made of mostly before them
Reached reached_from(const contract::Document& document,
                     std::span<const contract::DataType* const> types);

/// Request, response and part of a method.
std::vector<const contract::DataType*> types_of(const contract::MethodDocument& method);

}  // namespace warren::docs
