#include "endpoint/protocols/descriptor.hpp"
#include "endpoint/server/active_listener.hpp"
#include "endpoint/server/listener_queue.hpp"
#include "protocol/control.hpp"
#include "runtime/server/message_server.hpp"
#include "runtime/transports.hpp"
#include "transport/amqp/link.hpp"
#include "transport/amqp/server_transport.hpp"
#include "transport/loop/asio_executor.hpp"
#include "transport/memory/hub.hpp"
#include "transport/memory/server_transport.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace warren::endpoint {
namespace {

runtime::LostRequests lost_requests(const protocol::Topology& topology) {
    const bool queue_goes = std::ranges::any_of(topology.queues, [](const protocol::Queue& queue) {
        return queue.exclusive || queue.auto_delete;
    });
    return queue_goes ? runtime::LostRequests::are_gone : runtime::LostRequests::come_again;
}

/// Requests are messages of a broker's queue.
class MessageListener : public ActiveListener {
public:
    MessageListener(ListenerConfig config, std::vector<const Method*> methods,
                    const ListenerShared& shared)
        : ActiveListener{std::move(config), std::move(methods), shared} {
        protocol_ = this->config().address.protocol->make_message(
            this->config().address, this->methods().size() == 1 ? this->methods().front() : "",
            shared.limits);
        topology_ = topology_of(this->config(), this->methods(), *protocol_);
        reply_bytes_max_ = shared.limits.body_bytes_max;
    }

    std::expected<void, Failure> open(Opening opening) override {
        transport_ = make_transport(opening);
        server_ = std::make_unique<runtime::MessageServer>(
            *protocol_, *transport_, opening.dispatcher, opening.log,
            runtime::MessageServerOptions{
                .listener = listener_options(opening),
                .in_flight_max = config().simultaneous_requests_max(),
                .reply_bytes_max = reply_bytes_max_,
                .in_flight_bytes_max = config().options.requests_bytes_max,
                .lost_requests = lost_requests(topology_),
                .acknowledge = config().options.queue.acknowledge,
                .compress_bytes_min = config().options.compress_bytes_min,
                .moves = moves_of(config(), topology_),
                .on_consuming = opening.on_change,
                .on_lost = [on_change = opening.on_change](const Failure&) { on_change(); }});
        has_opened_.store(true, std::memory_order_release);
        start(*transport_, *server_);
        return {};
    }
    bool consuming() const noexcept override { return server_ != nullptr && server_->consuming(); }
    metrics::ListenerFigures figures() const override {
        metrics::ListenerFigures figures{.route = route()};
        // One in memory has an I/O thread of its own.
        if (has_opened_.load(std::memory_order_acquire)) {
            const runtime::MessageServerCounters& counters = server_->counters();
            figures.bytes_received = counters.bytes_received.get();
            figures.bytes_sent = counters.bytes_sent.get();
            figures.redeliveries = counters.redeliveries.get();
            figures.reconnects = counters.reconnects.get();
            figures.refused_replies = server_->lost_replies().refused();
            figures.dropped_responses = server_->lost_replies().lost();
            figures.clock_differences = server_->queue_waits().clock_differences();
        }
        return figures;
    }
    void drain(std::move_only_function<void()> on_drained) override {
        server_->drain(std::move(on_drained));
    }
    void stop_now() override { server_->stop_now(); }
    std::string unfinished() const override {
        return server_ != nullptr ? server_->unfinished() : std::string{};
    }
    std::expected<std::unique_ptr<Change>, Failure> prepare(const ListenerConfig& wanted) override {
        return std::make_unique<Renewal>(
            *this, wanted.address,
            runtime::MessageServerUpdate{.policy = policy_of(wanted),
                                         .in_flight_bytes_max = wanted.options.requests_bytes_max,
                                         .compress_bytes_min = wanted.options.compress_bytes_min});
    }
    void close(std::move_only_function<void()> closed) override {
        close_connection([this, closed = std::move(closed)]() mutable {
            server_.reset();
            transport_.reset();
            closed();
        });
    }

protected:
    virtual std::shared_ptr<runtime::ServerTransport> make_transport(const Opening& opening) = 0;
    virtual void start(runtime::ServerTransport& transport, runtime::ServerSink& sink) = 0;
    virtual void close_connection(std::move_only_function<void()> closed) = 0;
    /// From the next connection on.
    virtual void renew_connection(const Address&) {}

    const protocol::Topology& topology() const noexcept { return topology_; }
    const std::string& queue() const noexcept { return topology_.queues.front().name; }
    std::string control_key() const {
        return config().options.queue.control_route ? protocol::control_key(queue())
                                                    : std::string{};
    }

private:
    class Renewal final : public Change {
    public:
        Renewal(MessageListener& listener, Address address, runtime::MessageServerUpdate update)
            : listener_{listener}, address_{std::move(address)}, update_{std::move(update)} {}

        void apply() override {
            if (listener_.server_ != nullptr) {
                update_ = listener_.server_->renew(std::move(update_));
                listener_.renew_connection(address_);
            }
        }

    private:
        MessageListener& listener_;
        const Address address_;
        runtime::MessageServerUpdate update_;
    };

    std::unique_ptr<protocol::MessageProtocol> protocol_;
    protocol::Topology topology_;
    std::size_t reply_bytes_max_ = 0;
    std::shared_ptr<runtime::ServerTransport> transport_;
    std::unique_ptr<runtime::MessageServer> server_;
    std::atomic<bool> has_opened_ = false;
};

class MemoryListener final : public MessageListener {
public:
    MemoryListener(ListenerConfig config, std::vector<const Method*> methods,
                   const ListenerShared& shared, const std::string& name)
        : MessageListener{std::move(config), std::move(methods), shared},
          hub_{transport::memory_hub(name)} {}

    runtime::Executor& executor() noexcept override { return hub_->executor; }

private:
    std::shared_ptr<runtime::ServerTransport> make_transport(const Opening&) override {
        return transport::make_memory_server_transport(
            hub_->broker,
            transport::MemoryServerOptions{.topology = topology(),
                                           .queue = queue(),
                                           .control_key = control_key(),
                                           .prefetch = config().simultaneous_requests_max()});
    }
    void start(runtime::ServerTransport& transport, runtime::ServerSink& sink) override {
        static_cast<transport::MemoryServerTransport&>(transport).start(sink);
    }
    void close_connection(std::move_only_function<void()> closed) override { closed(); }

    std::shared_ptr<transport::MemoryHub> hub_;
};

class AmqpListener final : public MessageListener {
public:
    AmqpListener(ListenerConfig config, std::vector<const Method*> methods,
                 const ListenerShared& shared)
        : MessageListener{std::move(config), std::move(methods), shared},
          asio_{shared.asio},
          body_bytes_max_{shared.limits.body_bytes_max} {}

    runtime::Executor& executor() noexcept override { return asio_; }
    bool is_flushed() const noexcept override { return is_flushed_; }
    void close_now() override {
        if (link_) {
            link_->close_now();
        }
    }
    metrics::ListenerFigures figures() const override {
        metrics::ListenerFigures figures = MessageListener::figures();
        figures.connections = consuming() ? 1 : 0;
        return figures;
    }

private:
    std::shared_ptr<runtime::ServerTransport> make_transport(const Opening& opening) override {
        Log& log = opening.log;
        const bool has_store = opening.keyed_calls != nullptr;
        if (const std::string why = unlimited_attempts(config(), topology(), has_store);
            !why.empty()) {
            log.info(config().display() + ": " + why);
        }
        transport::AmqpEndpoint endpoint =
            std::get<transport::AmqpEndpoint>(config().address.transport);
        endpoint.connection.body_bytes_max = body_bytes_max_;
        link_ =
            transport::make_link(asio_, std::move(endpoint), transport::LinkOptions{.log = &log});
        auto transport = transport::make_amqp_server_transport(
            link_, transport::AmqpServerOptions{.topology = topology(),
                                                .queue = queue(),
                                                .control_key = control_key(),
                                                .prefetch = static_cast<std::uint16_t>(
                                                    config().simultaneous_requests_max())});
        amqp_transport_ = transport.get();
        return transport;
    }
    void start(runtime::ServerTransport& transport, runtime::ServerSink& sink) override {
        static_cast<transport::AmqpServerTransport&>(transport).start(sink);
    }
    void renew_connection(const Address& wanted) override {
        if (link_) {
            link_->renew(std::get<transport::AmqpEndpoint>(wanted.transport));
        }
    }
    void close_connection(std::move_only_function<void()> closed) override {
        if (!link_) {
            return closed();
        }
        was_up_ = link_->up();
        amqp_transport_->flush(
            [this, closed = std::move(closed)]() mutable { close_link(std::move(closed)); });
    }

    void close_link(std::move_only_function<void()> closed) {
        // The link lives until it has said so, and is let go outside of its own call.
        link_->close([this, closed = std::move(closed)]() mutable {
            is_flushed_ = was_up_ ? link_->ended_in_order() : unfinished().empty();
            asio_.post([link = std::move(link_), closed = std::move(closed)]() mutable {
                link.reset();
                closed();
            });
        });
    }

    transport::AsioExecutor& asio_;
    std::size_t body_bytes_max_;
    std::shared_ptr<transport::Link> link_;
    transport::AmqpServerTransport* amqp_transport_ = nullptr;
    bool was_up_ = false;  // when it was closed
    std::atomic<bool> is_flushed_ = true;
};

}  // namespace

std::unique_ptr<ActiveListener> make_message_listener(ListenerConfig config,
                                                      std::vector<const Method*> methods,
                                                      const ListenerShared& shared) {
    if (const auto* memory = std::get_if<MemoryAddress>(&config.address.transport)) {
        const std::string name = memory->name;
        return std::make_unique<MemoryListener>(std::move(config), std::move(methods), shared,
                                                name);
    }
    return std::make_unique<AmqpListener>(std::move(config), std::move(methods), shared);
}

}  // namespace warren::endpoint
