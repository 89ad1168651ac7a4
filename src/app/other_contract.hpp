#pragma once

#include "contract/document.hpp"

#include <expected>
#include <string>

namespace warren::app {

/// A contract to hold another one against, as `read_contract` of its place. Modules are loaded by
/// another process, so that this one may have another version of them. Before any thread starts.
std::expected<contract::Document, int> read_other_contract(const std::string& place);

}  // namespace warren::app
