#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>

#include "protocol/call.hpp"

#include <expected>
#include <string>
#include <string_view>

/// Answers that are kept apart from their calls: bytes that own all of a response, and know of no
/// protocol. MessagePack, a list of five: the format's version; the message, or nil of a failure; a
/// list of the data, or of nothing; the failure as in `failure_value`, or nil; how many parts came
/// before it, or nil.
namespace warren::protocol {

/// Overwrite `out` with a response. One whose data cannot be written (text that is not UTF-8, more
/// depth than anything takes) is kept as an `internal` failure that says so.
void write_response_record(const Response& response, std::string& out);

/// out  a success; views of the bytes and the arena
/// err  the failure that was kept, owning all of it; internal: the bytes are no such record, or of
///      another version
std::expected<Response, Failure> read_response_record(std::string_view bytes, Arena& arena);

}  // namespace warren::protocol
