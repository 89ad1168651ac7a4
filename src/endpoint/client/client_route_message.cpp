#include "endpoint/client/client_connection.hpp"
#include "endpoint/client/client_route.hpp"
#include "endpoint/failures.hpp"
#include "endpoint/protocols/descriptor.hpp"
#include "endpoint/server/topic_pattern.hpp"
#include "runtime/client/message_client.hpp"

#include <string>
#include <utility>
#include <variant>

namespace warren::endpoint {
namespace {

std::unique_ptr<ClientConnection> make_transport(const Address& address,
                                                 const ClientOptions& options) {
    const auto reply_topology = address.protocol->reply_topology;
    const auto* const memory = std::get_if<MemoryAddress>(&address.transport);
    ClientReplies replies{
        .mode = address.reply_mode.value_or(options.reply_mode),
        .queue = address.reply_queue.empty() ? options.reply_queue : address.reply_queue,
        .topology =
            reply_topology == nullptr ? protocol::MakeReplyTopology{} : reply_topology(address),
        .returns_dropped = address.return_dropped.value_or(memory != nullptr)};
    if (memory != nullptr) {
        return make_memory_client(*memory, std::move(replies));
    }
    transport::AmqpEndpoint broker = std::get<transport::AmqpEndpoint>(address.transport);
    broker.connection.body_bytes_max = client_limits(address, options).body_bytes_max;
    return make_amqp_client(broker, options.spin_max, std::move(replies), options.log);
}

/// Who wants replies that outlive connections, waits for servers, too.
WhenAbsent when_absent(const Address& address, const ClientOptions& options) {
    return address.reply_mode.value_or(options.reply_mode) == ReplyMode::durable
               ? WhenAbsent::wait
               : options.when_absent;
}

/// Calls are messages to a broker.
class MessageRoute final : public ClientRoute {
public:
    MessageRoute(const Address& address, const ClientOptions& options)
        : protocol_{address.protocol->make_message(address, address.method,
                                                   client_limits(address, options))},
          connection_{make_transport(address, options)},
          calls_{std::make_shared<runtime::MessageClient>(
              connection_->executor(), *protocol_,
              runtime::MessageClientOptions{
                  .server = address.queue,
                  .broker = address.display(),
                  .in_flight_max = options.in_flight_max,
                  .random = random_octets(),
                  .persistent = address.persistent ? address.persistent : options.persistent,
                  .when_absent = when_absent(address, options),
                  .says_when_sent = address.is_warren(),
                  .user_id = address.is_warren() ? address.user_at_broker() : std::string{},
                  .connect_attempts = options.connect_attempts})} {
        connection_->start(calls_, [calls = calls_](runtime::ClientTransport& transport) {
            calls->attach(transport);
        });
    }

    runtime::ClientCalls& calls() noexcept override { return *calls_; }
    metrics::ClientFigures figures() const override { return figures_of(*calls_); }
    bool is_current_thread() const noexcept override { return connection_->is_current_thread(); }
    void run_until_done(runtime::BlockingOperation& operation) override {
        connection_->run_until_done(operation);
    }
    void close() override {
        connection_->stop([calls = calls_] { calls->close(); });
    }

private:
    const std::unique_ptr<protocol::MessageProtocol> protocol_;
    const std::unique_ptr<ClientConnection> connection_;
    const std::shared_ptr<runtime::MessageClient> calls_;
};

}  // namespace

std::unique_ptr<ClientRoute> make_message_route(const Address& address,
                                                const ClientOptions& options) {
    value_or_throw(check_reply_queue(*address.protocol, options.reply_queue));
    value_or_throw(check_returns(address, address.reply_mode.value_or(options.reply_mode)));
    return std::make_unique<MessageRoute>(address, options);
}

}  // namespace warren::endpoint
