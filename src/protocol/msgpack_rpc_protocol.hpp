#pragma once

#include "core/limits.hpp"
#include "format/compression.hpp"
#include "protocol/message_signing.hpp"
#include "protocol/msgpack_rpc.hpp"
#include "protocol/nonce_memory.hpp"
#include "protocol/stream_protocol.hpp"

#include <cstddef>
#include <memory>
#include <optional>

namespace warren::protocol {

struct MsgpackRpcOptions {
    RpcPeer peer = RpcPeer::warren;  // of a client: whose server it calls
    /// Null: messages are not signed, and a request that is signed is refused, as no response to it
    /// would be believed. Only for peers of Warren's kind.
    std::shared_ptr<const MessageSigner> signer{};
    /// Of a server that has a signer: which requests it took.
    std::shared_ptr<NonceMemory> nonces{};
    /// The transport keeps messages apart: an input that ends inside of one is refused, and one
    /// that is no message is passed over. A message of pyzmqrpc is answered as that has it.
    bool whole_messages = false;
    /// Nothing is answered, as over PUB and SUB: a server's requests want no response, and a client
    /// sends notifications only.
    bool one_way = false;
    /// Of a client: how requests are compressed, and results may be.
    format::Compression compression = format::Compression::none;
    /// Of messages with so many bytes; of a server nullopt: it compresses none.
    std::optional<std::size_t> compress_bytes_min = format::compress_bytes_min_default;
};

/// MessagePack-RPC as Warren speaks it: see `msgpack_rpc.hpp`. Answers come in any order.
std::unique_ptr<StreamProtocol> make_msgpack_rpc_protocol(const MsgpackRpcOptions& options = {},
                                                          const core::Limits& limits = {});

}  // namespace warren::protocol
