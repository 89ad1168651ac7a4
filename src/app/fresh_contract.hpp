#pragma once

#include "app/contract_source.hpp"

namespace warren::app {

/// As `read_contract`, by this program started anew: what a process has once loaded of a module
/// stays in it, though the file is another one by now.
std::expected<contract::Document, int> read_contract_afresh(const ContractSource& source);

}  // namespace warren::app
