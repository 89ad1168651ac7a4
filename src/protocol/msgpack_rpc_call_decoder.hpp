#pragma once

#include "protocol/msgpack_rpc_protocol.hpp"

#include <cstddef>
#include <memory>

namespace warren::protocol {

/// What a server reads requests of MessagePack-RPC with.
/// in   quick_bytes_max: as of `MsgpackReader`
std::unique_ptr<StreamCallDecoder> make_msgpack_rpc_call_decoder(const MsgpackRpcOptions& options,
                                                                 const core::Limits& limits,
                                                                 std::size_t quick_bytes_max);

}  // namespace warren::protocol
