#include "endpoint/dialects.hpp"

#include "protocol/arrpc_dialect.hpp"
#include "protocol/cyberfusion.hpp"
#include "protocol/message_signing.hpp"
#include "protocol/msgpack_rpc_dialect.hpp"
#include "protocol/pyzmqrpc_dialect.hpp"
#include "protocol/tutorial.hpp"

#include <utility>

namespace warren::endpoint {
namespace {

constexpr std::string_view no_signatures =
    "The pyzmqrpc protocol has no signatures, so auth_secrets would not be kept; use a password or "
    "CURVE keys";

std::unexpected<Failure> unknown_protocol(std::string_view given, std::string_view kind,
                                          std::string_view known) {
    return std::unexpected{Failure{.code = Code::invalid_request,
                                   .message = "Unknown protocol '" + std::string{given} + "' for " +
                                              std::string{kind} +
                                              "; known are: " + std::string{known}}};
}

}  // namespace

std::expected<std::unique_ptr<protocol::MessageDialect>, Failure> make_message_dialect(
    std::string_view protocol, MessageDialectOptions options, const core::Limits& limits) {
    if (protocol == cyberfusion) {
        return protocol::make_cyberfusion_dialect(limits);
    }
    if (protocol == tutorial) {
        return protocol::make_tutorial_dialect(std::move(options.method), limits);
    }
    if (protocol == callme) {
        return protocol::make_callme_dialect(options.format, limits, options.pickle_protocol);
    }
    return unknown_protocol(protocol, "messages", "cyberfusion, tutorial, callme");
}

std::expected<std::unique_ptr<protocol::StreamDialect>, Failure> make_stream_dialect(
    std::string_view protocol, const StreamDialectOptions& options, const core::Limits& limits) {
    if (protocol == msgpack_rpc) {
        protocol::MsgpackRpcOptions wanted{.peer = options.peer,
                                           .nonces = options.nonces,
                                           .whole_messages = options.whole_messages,
                                           .one_way = options.one_way};
        if (!options.auth_secrets.empty()) {
            auto signer = protocol::MessageSigner::make(options.auth_secrets);
            if (!signer) {
                return std::unexpected{std::move(signer.error())};
            }
            wanted.signer = std::move(*signer);
        }
        return protocol::make_msgpack_rpc_dialect(wanted, limits);
    }
    if (options.whole_messages) {
        if (protocol == pyzmqrpc) {
            if (!options.auth_secrets.empty()) {
                return std::unexpected{
                    Failure{.code = Code::invalid_request, .message = std::string{no_signatures}}};
            }
            return protocol::make_pyzmqrpc_dialect({.side = options.side,
                                                    .one_way = options.one_way,
                                                    .passes_text = options.passes_text},
                                                   limits);
        }
        return unknown_protocol(protocol, "ZeroMQ", "msgpack-rpc, pyzmqrpc");
    }
    if (protocol == arrpc) {
        return protocol::make_arrpc_dialect(options.method, options.auth_secrets, limits);
    }
    return unknown_protocol(protocol, "direct connections", "msgpack-rpc, arrpc");
}

}  // namespace warren::endpoint
