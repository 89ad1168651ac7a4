#include "endpoint/client/client_connection.hpp"
#include "endpoint/io_thread.hpp"
#include "transport/amqp/client_transport.hpp"
#include "transport/amqp/link.hpp"
#include "transport/loop/asio_executor.hpp"

#include <chrono>
#include <memory>
#include <utility>

namespace warren::endpoint {
namespace {

using transport::AmqpClientOptions;
using transport::AmqpClientTransport;
using transport::AsioExecutor;
using transport::Link;

/// How long closing a client waits for a broker that does not answer.
constexpr std::chrono::milliseconds close_timeout{500};

/// What the I/O thread uses; whoever leaves last, it or the client, destroys it.
struct AmqpConnection {
    explicit AmqpConnection(std::chrono::microseconds spin_max)
        : executor{{.spin_max = spin_max}} {}

    AsioExecutor executor;
    std::shared_ptr<Log> log;
    std::shared_ptr<runtime::ClientSink> sink;
    std::shared_ptr<Link> link;
    std::unique_ptr<AmqpClientTransport> transport;
};

class AmqpClientConnection final : public ClientConnection {
public:
    AmqpClientConnection(transport::AmqpEndpoint broker, AmqpClientOptions options,
                         std::shared_ptr<Log> log, std::chrono::microseconds spin_max)
        : connection_{std::make_shared<AmqpConnection>(spin_max)} {
        broker.connection.close_timeout = close_timeout;
        connection_->log = std::move(log);
        connection_->link =
            transport::make_link(connection_->executor, std::move(broker),
                                 transport::LinkOptions{.log = connection_->log.get()});
        connection_->transport =
            transport::make_amqp_client_transport(connection_->link, std::move(options));
    }

    runtime::Executor& executor() noexcept override { return connection_->executor; }
    bool is_current_thread() const noexcept override {
        return connection_->executor.is_current_thread();
    }

    void run_until_done(runtime::BlockingOperation& operation) override {
        connection_->executor.run_until_done(operation);
    }

    void start(std::shared_ptr<runtime::ClientSink> sink,
               std::move_only_function<void(runtime::ClientTransport&)> attached) override {
        connection_->sink = std::move(sink);
        attached(*connection_->transport);
        connection_->transport->start(*connection_->sink);
        thread_.start(connection_->executor, connection_);
    }

    void stop(std::move_only_function<void()> last) override {
        if (is_current_thread()) {
            last();
            last = [] {};
        }
        thread_.end([connection = connection_.get(), last = std::move(last)]() mutable {
            last();
            connection->transport.reset();
            connection->link->close([connection] { connection->executor.stop(); });
        });
    }

private:
    std::shared_ptr<AmqpConnection> connection_;
    IoThread thread_;
};

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

}  // namespace

std::unique_ptr<ClientConnection> make_amqp_client(const transport::AmqpEndpoint& broker,
                                                   std::chrono::microseconds spin_max,
                                                   ClientReplies replies,
                                                   std::shared_ptr<Log> log) {
    // A protocol's own replies go with the connection, as exclusive ones do.
    const ReplyMode mode = replies.topology ? ReplyMode::exclusive : replies.mode;
    return std::make_unique<AmqpClientConnection>(
        broker,
        AmqpClientOptions{.reply_mode = transport_mode(mode),
                          .reply_queue = std::move(replies.queue),
                          .reply_topology = std::move(replies.topology),
                          .returns_dropped = replies.returns_dropped},
        std::move(log), spin_max);
}

}  // namespace warren::endpoint
