#include "protocol/pyzmqrpc.hpp"
#include "endpoint/protocols/protocol.hpp"
#include "protocol/pyzmqrpc_dialect.hpp"

namespace warren::endpoint {

extern constinit const Protocol pyzmqrpc{
    .name = "pyzmqrpc",
    .over_messages = true,
    .make_stream =
        [](const StreamDialectOptions& options, const core::Limits& limits) {
            return protocol::make_pyzmqrpc_dialect({.side = options.side,
                                                    .one_way = options.one_way,
                                                    .passes_text = options.passes_text},
                                                   limits);
        },
    .has_ids_apart = true,
    .passes_text = true,
    .takes_shutdown = true,
    .heartbeat = protocol::pyzmqrpc_heartbeat,
    .silence_timeout = std::chrono::milliseconds{60'000},
};

}  // namespace warren::endpoint
