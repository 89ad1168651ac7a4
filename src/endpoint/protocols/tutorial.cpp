#include "protocol/tutorial.hpp"

#include "endpoint/protocols/descriptor.hpp"

namespace warren::endpoint {

extern constinit const ProtocolDescriptor tutorial{
    .name = "tutorial",
    .at_brokers = true,
    .method = MethodSource::by_listener,
    .metadata = carried_at_brokers,
    .compresses = true,
    .has_parts = true,
    .make_message =
        [](const Address&, const std::string& method, const core::Limits& limits) {
            return protocol::make_tutorial_protocol(method, limits);
        },
    .queue_default = "rpc_queue",
};

}  // namespace warren::endpoint
