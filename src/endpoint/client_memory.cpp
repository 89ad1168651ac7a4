#include "endpoint/client_transport.hpp"
#include "transport/memory/client_port.hpp"
#include "transport/memory/hub.hpp"

#include <future>
#include <optional>
#include <thread>
#include <utility>

namespace warren::endpoint {
namespace {

using transport::memory::Hub;
using transport::memory::MemoryClientOptions;
using transport::memory::MemoryClientPort;

/// What lives on the hub's thread and is destroyed there.
struct Connection {
    std::shared_ptr<runtime::ClientSink> sink;
    std::optional<MemoryClientPort> port;
};

/// The I/O thread is shared with all others that use the broker's name.
class MemoryClientTransport final : public ClientTransport {
public:
    MemoryClientTransport(std::shared_ptr<Hub> hub, MemoryClientOptions options)
        : hub_{std::move(hub)}, options_{std::move(options)} {}

    runtime::Executor& executor() noexcept override { return hub_->executor; }
    bool is_current_thread() const noexcept override { return hub_->executor.is_current_thread(); }

    void start(std::shared_ptr<runtime::ClientSink> sink,
               std::move_only_function<void(runtime::ClientPort&)> attached) override {
        connection_ = std::make_shared<Connection>();
        hub_->executor.post([connection = connection_, hub = hub_.get(), options = options_,
                             sink = std::move(sink), attached = std::move(attached)]() mutable {
            connection->sink = std::move(sink);
            connection->port.emplace(hub->broker, std::move(options));
            attached(*connection->port);
            connection->port->start(*connection->sink);
        });
    }

    void stop(std::move_only_function<void()> last) override {
        if (is_current_thread()) {
            last();
            // The port may be calling right now, and the thread cannot end from
            // inside.
            hub_->executor.post([connection = std::move(connection_), hub = hub_]() mutable {
                connection->port.reset();
                std::thread{[hub = std::move(hub)] {}}.detach();
            });
            return;
        }
        std::promise<void> stopped;
        hub_->executor.post(
            [connection = std::move(connection_), last = std::move(last), &stopped]() mutable {
                last();
                connection->port.reset();
                connection->sink.reset();
                stopped.set_value();
            });
        stopped.get_future().wait();
    }

private:
    std::shared_ptr<Hub> hub_;
    MemoryClientOptions options_;
    std::shared_ptr<Connection> connection_;
};

}  // namespace

std::unique_ptr<ClientTransport> make_memory_client(const MemoryAddress& address,
                                                    ClientReplies replies) {
    MemoryClientOptions options;
    options.reply_topology = std::move(replies.topology);
    if (replies.mode == ReplyMode::durable && !options.reply_topology) {
        options.replies = runtime::RepliesSurvive::yes;
        options.reply_queue = std::move(replies.queue);
    }
    return std::make_unique<MemoryClientTransport>(transport::memory::hub(address.name),
                                                   std::move(options));
}

}  // namespace warren::endpoint
