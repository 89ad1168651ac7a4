#pragma once

#include <warren/arena.hpp>
#include <warren/value.hpp>

#include "format/msgpack/msgpack.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace warren::format {

/// What building came to: a value when `complete`.
struct MsgpackBuilt {
    MsgpackScan::State state = MsgpackScan::State::need_more;
    MsgpackFault fault = MsgpackFault::none;
    std::size_t offset = 0;  // the object's bytes, or where the fault is
    Value value{};
};

/// Build the object that `input` starts with, in one pass and from nothing. Input that is cut or
/// over a limit ends it early, with no more memory taken than the bytes before the end deserve;
/// which of the two it is, and where, is for `MsgpackScan` to say.
/// out  complete only for what the scan finds complete, too
MsgpackBuilt msgpack_build(std::span<const std::byte> input, Arena& arena,
                           const MsgpackLimits& limits, MsgpackText text);

}  // namespace warren::format
