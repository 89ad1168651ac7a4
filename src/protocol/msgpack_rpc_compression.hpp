#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>
#include <warren/value.hpp>

#include "format/compression.hpp"
#include "format/msgpack/msgpack_limits.hpp"

#include <expected>
#include <optional>
#include <string>

namespace warren::protocol {

/// A value as the compressed bytes of its MessagePack.
/// in   packed: is overwritten and viewed
/// out  nullopt: it gets no smaller
/// err  throws std::bad_alloc
std::optional<Value> rpc_compress(format::Compression kind, const Value& value,
                                  std::string& packed);

/// The value again.
/// in   limits: `bytes_max` is that of the decompressed bytes
/// err  invalid_request: these are no such bytes, or what is in them is over a limit; throws
///      std::bad_alloc and `Arena::Full`
std::expected<Value, Failure> rpc_decompress(format::Compression kind, const Value& packed,
                                             const format::MsgpackLimits& limits, Arena& arena);

}  // namespace warren::protocol
