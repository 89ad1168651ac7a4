#pragma once

#include "endpoint/client/client_route.hpp"
#include "protocol/message_protocol.hpp"
#include "runtime/client/message_client.hpp"

#include <memory>
#include <string>

// What calls that are messages to a broker have in common, whichever it is.
namespace warren::endpoint {

/// How replies come to a client.
struct ClientReplies {
    ReplyMode mode = ReplyMode::exclusive;
    std::string queue{};
    protocol::MakeReplyTopology topology{};  // where the protocol says it, instead of both
    bool returns_dropped = false;            // requests that the broker drops come there, too
};
ClientReplies client_replies(const Address& address, const ClientOptions& options);

std::unique_ptr<protocol::MessageProtocol> client_protocol(const Address& address,
                                                           const ClientOptions& options);
std::shared_ptr<runtime::MessageClient> make_message_client(
    runtime::Executor& executor, const protocol::MessageProtocol& protocol, const Address& address,
    const ClientOptions& options);

// One for each kind of broker.
std::unique_ptr<ClientRoute> make_memory_route(const Address& address,
                                               const ClientOptions& options);
std::unique_ptr<ClientRoute> make_amqp_route(const Address& address, const ClientOptions& options);

}  // namespace warren::endpoint
