#pragma once

#include "core/limits.hpp"
#include "protocol/stream_protocol.hpp"

#include <memory>

namespace warren::protocol {

struct PyzmqrpcOptions {
    StreamSide side = StreamSide::server;
    /// Nothing is answered, as over PUB and SUB: a server's requests and heartbeats want no
    /// response, and a client takes one-way calls only.
    bool one_way = false;
    /// What comes goes on to the byte, between two sides of this protocol: a request is its text as
    /// a bare argument of bytes, whatever that is, and a reply that is none is its text, too.
    bool passes_text = false;
};

/// pyzmqrpc: see `pyzmqrpc.hpp`. For transports that keep messages apart: an input is one message.
///
/// A server's answers come one at a time, as requested. A client's come in any order: its messages
/// begin with the call's id, four bytes, big end first, which the transport sends apart and puts
/// before the response again; unless `one_way`. A call that wants no response has one all the same,
/// with an id that no other call has.
/// thread `encode_call` one at a time
std::unique_ptr<StreamProtocol> make_pyzmqrpc_protocol(const PyzmqrpcOptions& options = {},
                                                       const core::Limits& limits = {});

}  // namespace warren::protocol
