#pragma once

#include "contract/document.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace warren::app {

/// Where a sub-command has its contract document from: one of a file, a folder of modules, a
/// configuration or a server; with none of them the modules that `warren serve` has by default.
struct ContractSource {
    std::optional<std::string> place{};  // a document's file, or a folder of modules
    std::vector<std::string> modules{};
    std::optional<std::string> config_file{};
    std::optional<std::string> from{};  // the address of a server that describes itself, or @FILE
    std::chrono::milliseconds timeout = std::chrono::seconds{10};  // of its answer
};

/// Give a sub-command the options of a source. It outlives the parsing.
void add_contract_source(CLI::App& command, ContractSource& source);

/// The document. What is wrong is printed.
/// err  what to exit with
std::expected<contract::Document, int> read_contract(const ContractSource& source);
/// A document's file, a folder of modules, or the address of a server.
std::expected<contract::Document, int> read_contract(const std::string& place);

}  // namespace warren::app
