#pragma once

#include "protocol/msgpack_rpc_protocol.hpp"

#include <memory>

namespace warren::protocol {

/// What a client reads responses of MessagePack-RPC with.
std::unique_ptr<StreamResponseDecoder> make_msgpack_rpc_response_decoder(
    const MsgpackRpcOptions& options, const core::Limits& limits);

}  // namespace warren::protocol
