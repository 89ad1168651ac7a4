#include "endpoint/failures.hpp"
#include "endpoint/protocols/descriptor.hpp"
#include "protocol/message_signing.hpp"
#include "protocol/msgpack_rpc_protocol.hpp"

namespace warren::endpoint {
namespace {

/// err  throws Error: no random bytes for signatures
std::unique_ptr<protocol::StreamProtocol> make(const StreamProtocolOptions& options,
                                               const core::Limits& limits) {
    protocol::MsgpackRpcOptions wanted{.peer = options.peer,
                                       .nonces = options.nonces,
                                       .whole_messages = options.whole_messages,
                                       .one_way = options.one_way,
                                       .compression = options.compression,
                                       .compress_bytes_min = options.compress_bytes_min};
    if (!options.auth_secrets.empty()) {
        wanted.signer = value_or_throw(protocol::MessageSigner::make(options.auth_secrets));
    }
    return protocol::make_msgpack_rpc_protocol(wanted, limits);
}

std::expected<void, Failure> check_rpc_secrets(std::span<const std::string> secrets) {
    const auto signer = protocol::MessageSigner::make(secrets);
    return signer ? std::expected<void, Failure>{} : std::unexpected{signer.error()};
}

}  // namespace

extern constinit const ProtocolDescriptor msgpack_rpc{
    .name = "msgpack-rpc",
    .over_streams = true,
    .over_messages = true,
    .metadata = {.time_left = true, .attempt = true, .asked = true},
    .compresses = true,
    .has_parts = true,
    .make_stream = make,
    .check_secrets = check_rpc_secrets,
    .remembers_signed = true,
    .key_id = [](std::string_view secret) { return protocol::auth_key_id(secret).value_or(""); },
};

}  // namespace warren::endpoint
