#include "protocol/pyzmqrpc.hpp"

#include "endpoint/protocols/descriptor.hpp"
#include "protocol/pyzmqrpc_protocol.hpp"

namespace warren::endpoint {

extern constinit const ProtocolDescriptor pyzmqrpc{
    .name = "pyzmqrpc",
    .over_messages = true,
    .make_stream =
        [](const StreamProtocolOptions& options, const core::Limits& limits) {
            return protocol::make_pyzmqrpc_protocol({.side = options.side,
                                                     .one_way = options.one_way,
                                                     .passes_text = options.passes_text},
                                                    limits);
        },
    .has_ids_apart = true,
    .passes_text = true,
    .accepts_shutdown = true,
    .heartbeat = protocol::pyzmqrpc_heartbeat,
    .silence_timeout = std::chrono::milliseconds{60'000},
};

}  // namespace warren::endpoint
