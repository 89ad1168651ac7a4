#include "endpoint/client/client_connection.hpp"
#include "transport/memory/client_transport.hpp"
#include "transport/memory/hub.hpp"

#include <future>
#include <optional>
#include <thread>
#include <utility>

namespace warren::endpoint {
namespace {

using transport::MemoryClientOptions;
using transport::MemoryClientTransport;
using transport::MemoryHub;

/// What lives on the hub's thread and is destroyed there.
struct MemoryConnection {
    std::shared_ptr<runtime::ClientSink> sink;
    std::optional<MemoryClientTransport> transport;
};

/// The I/O thread is shared with all others that use the broker's name.
class MemoryClientConnection final : public ClientConnection {
public:
    MemoryClientConnection(std::shared_ptr<MemoryHub> hub, MemoryClientOptions options)
        : hub_{std::move(hub)}, options_{std::move(options)} {}

    runtime::Executor& executor() noexcept override { return hub_->executor; }
    bool is_current_thread() const noexcept override { return hub_->executor.is_current_thread(); }

    void start(std::shared_ptr<runtime::ClientSink> sink,
               std::move_only_function<void(runtime::ClientTransport&)> attached) override {
        connection_ = std::make_shared<MemoryConnection>();
        hub_->executor.post([connection = connection_, hub = hub_.get(), options = options_,
                             sink = std::move(sink), attached = std::move(attached)]() mutable {
            connection->sink = std::move(sink);
            connection->transport.emplace(hub->broker, std::move(options));
            attached(*connection->transport);
            connection->transport->start(*connection->sink);
        });
    }

    void stop(std::move_only_function<void()> last) override {
        if (is_current_thread()) {
            last();
            // The transport may be calling right now, and the thread cannot end from
            // inside.
            hub_->executor.post([connection = std::move(connection_), hub = hub_]() mutable {
                connection->transport.reset();
                std::thread{[hub = std::move(hub)] {}}.detach();
            });
            return;
        }
        std::promise<void> stopped;
        hub_->executor.post(
            [connection = std::move(connection_), last = std::move(last), &stopped]() mutable {
                last();
                connection->transport.reset();
                connection->sink.reset();
                stopped.set_value();
            });
        stopped.get_future().wait();
    }

private:
    std::shared_ptr<MemoryHub> hub_;
    MemoryClientOptions options_;
    std::shared_ptr<MemoryConnection> connection_;
};

}  // namespace

std::unique_ptr<ClientConnection> make_memory_client(const MemoryAddress& address,
                                                     ClientReplies replies) {
    MemoryClientOptions options;
    options.reply_topology = std::move(replies.topology);
    options.returns_dropped = replies.returns_dropped;
    if (replies.mode == ReplyMode::durable && !options.reply_topology) {
        options.replies = runtime::RepliesSurvive::yes;
        options.reply_queue = std::move(replies.queue);
    }
    return std::make_unique<MemoryClientConnection>(transport::memory_hub(address.name),
                                                    std::move(options));
}

}  // namespace warren::endpoint
