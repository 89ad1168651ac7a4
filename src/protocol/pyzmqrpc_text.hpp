#pragma once

#include <warren/error.hpp>

#include "core/limits.hpp"
#include "format/deflate.hpp"

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>

/// The text around a command's JSON: base64(zlib(JSON)).
namespace warren::protocol {

/// Whether a message is likely to be a text of pyzmqrpc: a heartbeat, or base64 of what begins as
/// zlib's streams do.          cost O(bytes)
bool is_pyzmqrpc_text(std::span<const std::byte> message) noexcept;
/// The type of what is over body_bytes_max, before or behind inflating.
inline constexpr std::string_view pyzmqrpc_too_long = "body_too_long";

/// A command that cannot be decoded, as the reply says it.
/// in   why: empty where no more is to be said
Failure pyzmqrpc_undecodable(std::string_view what, std::string_view why, std::string type);

/// Reads texts one after another, and keeps its memory between them.
/// thread one at a time
class PyzmqrpcTextReader {
public:
    /// out  the JSON, a view until the next call
    /// err  invalid_request, as `pyzmqrpc_undecodable`: over body_bytes_max before or behind
    ///      inflating (checked before the memory is taken), no strict base64, no whole zlib stream
    /// cost O(characters and bytes)
    std::expected<std::string_view, Failure> read(std::string_view text,
                                                  const core::Limits& limits);

private:
    format::Inflater inflater_;
    std::string packed_;
};

/// Writes texts as Python does, to the byte.
/// thread one at a time
class PyzmqrpcTextWriter {
public:
    /// Append the text of a JSON document.
    void append(std::string& out, std::string_view json);

private:
    format::Deflater deflater_;
    std::string packed_;
};

}  // namespace warren::protocol
