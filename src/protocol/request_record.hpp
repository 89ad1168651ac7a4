#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>

#include "protocol/call.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

/// Requests that are kept to be sent or run again: bytes that own all of one, and know of no
/// protocol. MessagePack, a list of four: the format's version, the method, the arguments by name,
/// and a map of what the call says of itself.
namespace warren::protocol {

struct RequestRecord {
    Call call{};  // of its metadata what a later attempt needs, which its time left is not
    std::string_view listener{};                  // that it came to, for people
    std::optional<std::int64_t> expires_at_ms{};  // unix
};

/// err  invalid_request: it has text that is no UTF-8
std::expected<std::string, Failure> write_request_record(const RequestRecord& record);

/// out  views of the bytes and the arena
/// err  internal: the bytes are no such record, or of another version
std::expected<RequestRecord, Failure> read_request_record(std::string_view bytes, Arena& arena);

}  // namespace warren::protocol
