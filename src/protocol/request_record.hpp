#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>

#include "protocol/call.hpp"

#include <expected>
#include <string>
#include <string_view>

/// Requests that are kept to be sent or run again: bytes that own all of one, and know of no
/// protocol. MessagePack, a list of four: the format's version, the method, the arguments by name,
/// and a map of what the call says of itself.
namespace warren::protocol {

/// in   call: of its metadata what a later attempt needs is kept, which its time left is not
/// err  invalid_request: it has text that is no UTF-8
std::expected<std::string, Failure> write_request_record(const Call& call);

/// out  views of the bytes and the arena
/// err  internal: the bytes are no such record, or of another version
std::expected<Call, Failure> read_request_record(std::string_view bytes, Arena& arena);

}  // namespace warren::protocol
