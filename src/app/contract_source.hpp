#pragma once

#include "contract/document.hpp"

#include <CLI/CLI.hpp>

#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace warren::app {

/// Where a sub-command has its contract document from: one of a file, a folder of modules or a
/// configuration; with none of them the modules that `warren serve` has by default.
struct ContractSource {
    std::optional<std::string> place{};  // a document's file, or a folder of modules
    std::vector<std::string> modules{};
    std::optional<std::string> config_file{};
};

/// Give a sub-command the options of a source. It outlives the parsing.
void add_contract_source(CLI::App& command, ContractSource& source);

/// The document. What is wrong is printed.
/// err  what to exit with
std::expected<contract::Document, int> read_contract(const ContractSource& source);
/// A document's file, or a folder of modules.
std::expected<contract::Document, int> read_contract(const std::string& place);

}  // namespace warren::app
