#pragma once

#include "core/limits.hpp"
#include "protocol/msgpack_rpc.hpp"
#include "protocol/stream_dialect.hpp"

#include <memory>

namespace warren::protocol {

struct MsgpackRpcOptions {
    RpcPeer peer = RpcPeer::warren;  // of a client: whose server it calls
};

/// MessagePack-RPC as Warren speaks it: see `msgpack_rpc.hpp`. Answers come in any order.
std::unique_ptr<StreamDialect> make_msgpack_rpc_dialect(const MsgpackRpcOptions& options = {},
                                                        const core::Limits& limits = {});

}  // namespace warren::protocol
