#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>

#include "core/limits.hpp"
#include "protocol/call.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

/// A reply's JSON and a `Response`: see `pyzmqrpc.hpp`.
namespace warren::protocol {

/// Append a reply, as Python writes it.
/// out  why it could not be sent and became an `internal` failure's reply; empty: it could
std::string pyzmqrpc_write_reply(const Response& response, const core::Limits& limits,
                                 std::string& out);

/// What becomes of replies that are read.
enum class PyzmqrpcReplies : std::uint8_t {
    read,
    passed_on,  // written again: what is no reply is a success's bytes, and 463's text stays whole
};

/// out  a success; views of `json` and `arena`
/// err  the peer's failure, owning all of it; internal, with the peer's text: it is no reply
std::expected<Response, Failure> pyzmqrpc_read_reply(std::string_view json, Arena& arena,
                                                     PyzmqrpcReplies replies,
                                                     const core::Limits& limits);

}  // namespace warren::protocol
