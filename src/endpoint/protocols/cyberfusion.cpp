#include "protocol/cyberfusion.hpp"
#include "endpoint/protocols/protocol.hpp"

namespace warren::endpoint {

extern constinit const Protocol cyberfusion{
    .name = "cyberfusion",
    .at_brokers = true,
    .method = MethodSaid::by_exchange,
    // Its own consumers open those alone.
    .metadata = {.time_left = true, .priority = true},
    .secret_depth = model::SecretDepth::direct,
    .make_message =
        [](const Address&, std::string, const core::Limits& limits) {
            return protocol::make_cyberfusion_dialect(limits);
        },
};

}  // namespace warren::endpoint
