#pragma once

#include <warren/error.hpp>

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/limits.hpp"
#include "format/pickle.hpp"
#include "model/secrets.hpp"
#include "protocol/callme.hpp"
#include "protocol/message_dialect.hpp"
#include "protocol/msgpack_rpc.hpp"
#include "protocol/nonce_memory.hpp"
#include "protocol/stream_dialect.hpp"

namespace warren::endpoint {

inline constexpr std::string_view cyberfusion = "cyberfusion";
inline constexpr std::string_view tutorial = "tutorial";
inline constexpr std::string_view callme = "callme";
inline constexpr std::string_view msgpack_rpc = "msgpack-rpc";
inline constexpr std::string_view arrpc = "arrpc";
inline constexpr std::string_view pyzmqrpc = "pyzmqrpc";

/// Whether requests of a protocol do not say which method they call, so that a listener has one.
constexpr bool has_one_method(std::string_view protocol) noexcept {
    return protocol == tutorial || protocol == arrpc;
}

/// How deep secrets are both a client's and a server's business.
/// in   nested: what the options say
constexpr model::SecretDepth secret_depth_of(std::string_view protocol,
                                             std::optional<bool> nested) noexcept {
    return nested.value_or(protocol != cyberfusion) ? model::SecretDepth::any
                                                    : model::SecretDepth::direct;
}

struct MessageDialectOptions {
    std::string method{};                                            // of protocols with one method
    protocol::CallmeFormat format = protocol::CallmeFormat::pickle;  // of callme
    int pickle_protocol = format::pickle_protocol_default;           // of a client's requests there
};

/// err  invalid_request: no such protocol for messages, with the list of known ones
std::expected<std::unique_ptr<protocol::MessageDialect>, Failure> make_message_dialect(
    std::string_view protocol, MessageDialectOptions options, const core::Limits& limits = {});

struct StreamDialectOptions {
    std::string method{};  // of protocols with one method
    std::vector<std::string>
        auth_secrets{};  // the first signs, all verify; none: nothing is signed
    std::shared_ptr<protocol::NonceMemory> nonces{};  // of a server with secrets
    protocol::RpcPeer peer = protocol::RpcPeer::warren;
    protocol::StreamSide side = protocol::StreamSide::server;
    /// The transport keeps messages apart: each input is one, and nothing of it follows.
    bool whole_messages = false;
    bool one_way = false;      // nothing is answered, as over PUB and SUB
    bool passes_text = false;  // of pyzmqrpc
};

/// err  invalid_request: no such protocol for streams of this kind, with the list of known ones; a
///      secret that is too short, or that the protocol does not take
std::expected<std::unique_ptr<protocol::StreamDialect>, Failure> make_stream_dialect(
    std::string_view protocol, const StreamDialectOptions& options,
    const core::Limits& limits = {});

}  // namespace warren::endpoint
