#include "endpoint/failures.hpp"
#include "endpoint/protocols/descriptor.hpp"
#include "protocol/arrpc_protocol.hpp"

#include <algorithm>
#include <string>

namespace warren::endpoint {
namespace {

/// As the protocol's own clients wait after a failed attempt to connect: 1 s, 2 s, 3 s.
constexpr runtime::BackoffOptions arrpc_backoff{.first = std::chrono::milliseconds{1'000},
                                                .max = std::chrono::milliseconds{60'000},
                                                .growth = runtime::BackoffGrowth::linear};

constexpr std::size_t arrpc_secrets_max = 255;  // as a ticket numbers them

std::expected<void, Failure> check_arrpc_secrets(std::span<const std::string> secrets) {
    if (std::ranges::find(secrets, std::string{}) != secrets.end()) {
        return refused("A secret to sign with is empty (auth_secrets)");
    }
    if (secrets.size() > arrpc_secrets_max) {
        return refused("There are at most " + std::to_string(arrpc_secrets_max) +
                       " secrets to sign with (auth_secrets)");
    }
    return {};
}

}  // namespace

extern constinit const ProtocolDescriptor arrpc{
    .name = "arrpc",
    .over_streams = true,
    .method = MethodSource::by_listener,
    .has_one_way = false,
    .make_stream =
        [](const StreamProtocolOptions& options, const core::Limits& limits) {
            return protocol::make_arrpc_protocol(options.method, options.auth_secrets, limits);
        },
    .check_secrets = check_arrpc_secrets,
    .scheme = "arrpc",
    .secured_scheme = "arrpcs",
    .connect_backoff = arrpc_backoff,
};

}  // namespace warren::endpoint
