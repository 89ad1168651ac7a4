#include "endpoint/client/client_route_message.hpp"
#include "transport/memory/client_transport.hpp"
#include "transport/memory/hub.hpp"

#include <future>
#include <thread>
#include <utility>
#include <variant>

namespace warren::endpoint {
namespace {

transport::MemoryClientOptions transport_options_of(ClientReplies replies) {
    transport::MemoryClientOptions options;
    options.reply_topology = std::move(replies.topology);
    options.returns_dropped = replies.returns_dropped;
    if (replies.mode == ReplyMode::durable && !options.reply_topology) {
        options.replies = runtime::RepliesSurvive::yes;
        options.reply_queue = std::move(replies.queue);
    }
    return options;
}

/// The I/O thread is shared with all others that use the broker's name.
class MemoryRoute final : public ClientRoute {
public:
    MemoryRoute(const Address& address, const ClientOptions& options)
        : hub_{transport::memory_hub(std::get<MemoryAddress>(address.transport).name)},
          protocol_{client_protocol(address, options)},
          calls_{make_message_client(hub_->executor, *protocol_, address, options)} {
        hub_->executor.post(
            [connection = connection_, hub = hub_.get(), calls = calls_,
             wanted = transport_options_of(client_replies(address, options))]() mutable {
                connection->calls = std::move(calls);
                connection->transport =
                    transport::make_memory_client_transport(hub->broker, std::move(wanted));
                connection->calls->attach(*connection->transport);
                connection->transport->start(*connection->calls);
            });
    }

    runtime::ClientCalls& calls() noexcept override { return *calls_; }
    metrics::ClientFigures figures() const override { return figures_of(*calls_); }
    bool is_current_thread() const noexcept override { return hub_->executor.is_current_thread(); }
    void run_until_done(runtime::BlockingOperation& operation) override {
        operation.start();
        operation.wait();
    }
    void close() override {
        if (is_current_thread()) {
            calls_->close();
            // The transport may be calling right now, and the thread cannot end from inside.
            hub_->executor.post([connection = std::move(connection_), hub = hub_]() mutable {
                connection->transport.reset();
                std::thread{[hub = std::move(hub)] {}}.detach();
            });
            return;
        }
        std::promise<void> closed;
        hub_->executor.post([connection = std::move(connection_), hub = hub_.get(), &closed] {
            connection->calls->close();
            // What they said last gets there first.
            hub->executor.post([connection, &closed] {
                connection->transport.reset();
                connection->calls.reset();
                closed.set_value();
            });
        });
        closed.get_future().wait();
    }

private:
    /// What lives on the hub's thread and is destroyed there.
    struct Connection {
        std::shared_ptr<runtime::MessageClient> calls;
        std::shared_ptr<transport::MemoryClientTransport> transport;
    };

    const std::shared_ptr<transport::MemoryHub> hub_;
    const std::unique_ptr<protocol::MessageProtocol> protocol_;
    const std::shared_ptr<runtime::MessageClient> calls_;
    std::shared_ptr<Connection> connection_ = std::make_shared<Connection>();
};

}  // namespace

std::unique_ptr<ClientRoute> make_memory_route(const Address& address,
                                               const ClientOptions& options) {
    return std::make_unique<MemoryRoute>(address, options);
}

}  // namespace warren::endpoint
