#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>

#include "core/limits.hpp"
#include "protocol/call.hpp"

#include <expected>
#include <string>
#include <string_view>

/// A command's JSON and a `Call`: see `pyzmqrpc.hpp`.
namespace warren::protocol {

/// out  a call with named arguments, each command nested in them being its state; views of `json`
///      and `arena`
/// err  invalid_request, as `pyzmqrpc_undecodable`
/// cost as json_decode
std::expected<Call, Failure> pyzmqrpc_read_command(std::string_view json, Arena& arena,
                                                   const core::Limits& limits);

/// Append a call as Python writes it; a nested command is an argument that already is
/// {"_icmd_": [class name, state]}.
/// err  invalid_request for arguments without names, and for what JSON cannot express, at the
///      argument that holds it; `json` is as it was before
std::expected<void, Failure> pyzmqrpc_write_command(const Call& call, std::string& json);

}  // namespace warren::protocol
