#include "protocol/cyberfusion.hpp"

#include "endpoint/protocols/descriptor.hpp"

namespace warren::endpoint {

extern constinit const ProtocolDescriptor cyberfusion{
    .name = "cyberfusion",
    .at_brokers = true,
    .method = MethodSource::by_exchange,
    // Its own consumers open those alone.
    .metadata = carried_at_brokers,
    .compresses = true,
    .has_parts = true,
    .has_envelope = true,
    .secret_depth = model::SecretDepth::direct,
    .make_message =
        [](const Address&, const std::string&, const core::Limits& limits) {
            return protocol::make_cyberfusion_protocol(limits);
        },
};

}  // namespace warren::endpoint
