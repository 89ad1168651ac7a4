#pragma once

#include <cstdint>
#include <expected>
#include <string>

namespace warren::endpoint {

/// The members of `abi::ModuleHeader` that never move.
struct AbiHeader {
    char magic[8];
    std::uint32_t abi_version;
    std::uint32_t header_bytes;
};

/// Read a module's ABI header out of its file. To load a shared object is to run its code, the
/// constructors of its static objects; this runs none.                      [System V gABI, ch. 4]
/// in   any file: nothing in it is trusted
/// err  a sentence that says why this is no module
/// cost reads the tables of sections and of dynamic symbols
std::expected<AbiHeader, std::string> read_abi_header(const std::string& file);

}  // namespace warren::endpoint
