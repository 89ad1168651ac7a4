#include "endpoint/client/client_route_message.hpp"

#include "endpoint/failures.hpp"
#include "endpoint/protocols/descriptor.hpp"
#include "endpoint/server/topic_pattern.hpp"

#include <variant>

namespace warren::endpoint {
namespace {

bool is_in_memory(const Address& address) {
    return std::holds_alternative<MemoryAddress>(address.transport);
}

/// Who wants replies that outlive connections, waits for servers, too.
WhenAbsent when_absent(const Address& address, const ClientOptions& options) {
    return address.reply_mode.value_or(options.reply_mode) == ReplyMode::durable
               ? WhenAbsent::wait
               : options.when_absent;
}

}  // namespace

ClientReplies client_replies(const Address& address, const ClientOptions& options) {
    const auto reply_topology = address.protocol->reply_topology;
    return {.mode = address.reply_mode.value_or(options.reply_mode),
            .queue = address.reply_queue.empty() ? options.reply_queue : address.reply_queue,
            .topology =
                reply_topology == nullptr ? protocol::MakeReplyTopology{} : reply_topology(address),
            .returns_dropped = address.return_dropped.value_or(is_in_memory(address))};
}

std::unique_ptr<protocol::MessageProtocol> client_protocol(const Address& address,
                                                           const ClientOptions& options) {
    return address.protocol->make_message(address, address.method, client_limits(address, options));
}

std::shared_ptr<runtime::MessageClient> make_message_client(
    runtime::Executor& executor, const protocol::MessageProtocol& protocol, const Address& address,
    const ClientOptions& options) {
    return std::make_shared<runtime::MessageClient>(
        executor, protocol,
        runtime::MessageClientOptions{
            .server = address.queue,
            .broker = address.display(),
            .in_flight_max = options.in_flight_max,
            .random = random_octets(),
            .persistent = address.persistent ? address.persistent : options.persistent,
            .when_absent = when_absent(address, options),
            .retry = {.retries_max = options.retries_max},
            .key_random = key_octets(address),
            .says_when_sent = address.is_warren(),
            .user_id = address.is_warren() ? address.user_at_broker() : std::string{},
            .cancels = address.peer != protocol::RpcPeer::foreign,
            .connect_attempts = options.connect_attempts,
            .request_bytes_max = client_limits(address, options).body_bytes_max,
            .compression = address.compression});
}

std::unique_ptr<ClientRoute> make_message_route(const Address& address,
                                                const ClientOptions& options) {
    value_or_throw(check_reply_queue(*address.protocol, options.reply_queue));
    value_or_throw(check_returns(address, address.reply_mode.value_or(options.reply_mode)));
    return is_in_memory(address) ? make_memory_route(address, options)
                                 : make_amqp_route(address, options);
}

}  // namespace warren::endpoint
