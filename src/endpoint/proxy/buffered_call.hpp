#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>

#include "runtime/dispatch/forwarder.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace warren::endpoint {

/// A call as it waits in a buffer.
struct BufferedCall {
    std::int64_t accepted_at_ms = 0;  // since 1970
    runtime::ForwardedCall call{};    // without what only its caller needed: the time left
};

/// Write a call for a buffer: as MessagePack, a list of its version and then the parts.
/// err  invalid_request: it has text that is not UTF-8, or lists and maps too deep in one another
std::expected<std::string, Failure> encode_buffered(const BufferedCall& buffered);

/// out  views the bytes and the arena
/// err  internal: the bytes are no such call, or of another version
std::expected<BufferedCall, Failure> decode_buffered(std::string_view bytes, Arena& arena);

}  // namespace warren::endpoint
