#include "endpoint/client/client_route_message.hpp"
#include "endpoint/client/own_thread_route.hpp"
#include "transport/amqp/client_transport.hpp"
#include "transport/amqp/link.hpp"
#include "transport/loop/asio_executor.hpp"

#include <chrono>
#include <utility>
#include <variant>

namespace warren::endpoint {
namespace {

/// How long closing a client waits for a broker that does not answer.
constexpr std::chrono::milliseconds close_timeout{500};

transport::ReplyMode transport_mode(ReplyMode mode) {
    switch (mode) {
    case ReplyMode::exclusive:
        return transport::ReplyMode::exclusive;
    case ReplyMode::direct:
        return transport::ReplyMode::direct;
    case ReplyMode::durable:
        return transport::ReplyMode::durable;
    }
    std::unreachable();
}

transport::AmqpEndpoint broker_of(const Address& address, const ClientOptions& options) {
    transport::AmqpEndpoint broker = std::get<transport::AmqpEndpoint>(address.transport);
    broker.connection.body_bytes_max = client_limits(address, options).body_bytes_max;
    broker.connection.close_timeout = close_timeout;
    return broker;
}

transport::AmqpClientOptions transport_options(ClientReplies replies) {
    // A protocol's own replies go with the connection, as exclusive ones do.
    const ReplyMode mode = replies.topology ? ReplyMode::exclusive : replies.mode;
    return {.reply_mode = transport_mode(mode),
            .reply_queue = std::move(replies.queue),
            .reply_topology = std::move(replies.topology),
            .returns_dropped = replies.returns_dropped};
}

struct AmqpConnections {
    AmqpConnections(const Address& address, const ClientOptions& options)
        : executor{{.spin_max = options.spin_max}},
          log{options.log},
          protocol{client_protocol(address, options)},
          calls{make_message_client(executor, *protocol, address, options)},
          link{transport::make_link(executor, broker_of(address, options), {.log = log.get()})},
          transport{transport::make_amqp_client_transport(
              link, transport_options(client_replies(address, options)))} {
        calls->attach(*transport);
        transport->start(*calls);
    }

    void renew(const Address& address) {
        executor.post([own = link, wanted = std::get<transport::AmqpEndpoint>(address.transport)] {
            own->renew(wanted);
        });
    }

    void close() {
        calls->close();
        transport.reset();
        link->close([this] { executor.stop(); });
    }

    transport::AsioExecutor executor;
    const std::shared_ptr<Log> log;
    const std::unique_ptr<protocol::MessageProtocol> protocol;
    const std::shared_ptr<runtime::MessageClient> calls;
    const std::shared_ptr<transport::Link> link;
    std::unique_ptr<transport::AmqpClientTransport> transport;
};

class AmqpRoute final : public OwnThreadRoute<AmqpConnections> {
public:
    using OwnThreadRoute<AmqpConnections>::OwnThreadRoute;

    bool renew(const Address& address) override {
        connections().renew(address);
        return true;
    }
};

}  // namespace

std::unique_ptr<ClientRoute> make_amqp_route(const Address& address, const ClientOptions& options) {
    return std::make_unique<AmqpRoute>(std::make_shared<AmqpConnections>(address, options));
}

}  // namespace warren::endpoint
