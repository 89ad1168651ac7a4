#include "endpoint/protocols/protocol.hpp"
#include "endpoint/server_listening.hpp"
#include "runtime/message_server.hpp"
#include "runtime/ports.hpp"
#include "transport/amqp/link.hpp"
#include "transport/amqp/server_port.hpp"
#include "transport/asio_executor.hpp"
#include "transport/memory/hub.hpp"
#include "transport/memory/server_port.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
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
class MessageListening : public Listening {
public:
    MessageListening(ListenerPlan plan, std::vector<const Method*> methods,
                     const ListeningShared& shared)
        : Listening{std::move(plan), std::move(methods), shared} {
        dialect_ = this->plan().address.protocol->make_message(
            this->plan().address, this->methods().size() == 1 ? this->methods().front() : "",
            shared.limits);
        topology_ = topology_of(this->plan(), this->methods(), *dialect_);
        reply_bytes_max_ = shared.limits.body_bytes_max;
    }

    std::expected<void, Failure> open(Opening opening) override {
        port_ = make_port(opening.log);
        server_ = std::make_unique<runtime::MessageServer>(
            *dialect_, *port_, opening.dispatcher, opening.log,
            runtime::MessageServerOptions{
                .policy = policy(opening),
                .in_flight_max = plan().simultaneous_requests_max(),
                .reply_bytes_max = reply_bytes_max_,
                .in_flight_bytes_max = plan().options.requests_bytes_max,
                .lost_requests = lost_requests(topology_),
                .acknowledge = plan().options.acknowledge,
                .on_consuming = opening.on_change,
                .on_lost = [on_change = opening.on_change](const Failure&) { on_change(); }});
        has_opened_.store(true, std::memory_order_release);
        start(*port_, *server_);
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
            figures.replays = counters.replays.get();
            figures.reconnects = counters.reconnects.get();
            figures.refused_replies = server_->lost_replies().refused();
            figures.dropped_answers = server_->lost_replies().lost();
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
    void close(std::move_only_function<void()> closed) override {
        close_transport([this, closed = std::move(closed)]() mutable {
            server_.reset();
            port_.reset();
            closed();
        });
    }

protected:
    virtual std::unique_ptr<runtime::ServerPort> make_port(Log& log) = 0;
    virtual void start(runtime::ServerPort& port, runtime::ServerSink& sink) = 0;
    virtual void close_transport(std::move_only_function<void()> closed) = 0;

    const protocol::Topology& topology() const noexcept { return topology_; }

private:
    std::unique_ptr<protocol::MessageDialect> dialect_;
    protocol::Topology topology_;
    std::size_t reply_bytes_max_ = 0;
    std::unique_ptr<runtime::ServerPort> port_;
    std::unique_ptr<runtime::MessageServer> server_;
    std::atomic<bool> has_opened_ = false;
};

class MemoryListening final : public MessageListening {
public:
    MemoryListening(ListenerPlan plan, std::vector<const Method*> methods,
                    const ListeningShared& shared, const std::string& name)
        : MessageListening{std::move(plan), std::move(methods), shared},
          hub_{transport::memory::hub(name)} {}

    runtime::Executor& executor() noexcept override { return hub_->executor; }

private:
    std::unique_ptr<runtime::ServerPort> make_port(Log&) override {
        return std::make_unique<transport::memory::MemoryServerPort>(
            hub_->broker,
            transport::memory::MemoryServerOptions{.topology = topology(),
                                                   .queue = topology().queues.front().name,
                                                   .prefetch = plan().simultaneous_requests_max()});
    }
    void start(runtime::ServerPort& port, runtime::ServerSink& sink) override {
        static_cast<transport::memory::MemoryServerPort&>(port).start(sink);
    }
    void close_transport(std::move_only_function<void()> closed) override { closed(); }

    std::shared_ptr<transport::memory::Hub> hub_;
};

class AmqpListening final : public MessageListening {
public:
    AmqpListening(ListenerPlan plan, std::vector<const Method*> methods,
                  const ListeningShared& shared)
        : MessageListening{std::move(plan), std::move(methods), shared},
          asio_{shared.asio},
          body_bytes_max_{shared.limits.body_bytes_max} {}

    runtime::Executor& executor() noexcept override { return asio_; }
    bool is_flushed() const noexcept override { return is_flushed_; }
    metrics::ListenerFigures figures() const override {
        metrics::ListenerFigures figures = MessageListening::figures();
        figures.connections = consuming() ? 1 : 0;
        return figures;
    }

private:
    std::unique_ptr<runtime::ServerPort> make_port(Log& log) override {
        if (const std::string why = unlimited_attempts(plan(), topology()); !why.empty()) {
            log.info(plan().display() + ": " + why);
        }
        transport::AmqpEndpoint endpoint = std::get<transport::AmqpEndpoint>(plan().address.place);
        endpoint.connection.body_bytes_max = body_bytes_max_;
        link_ = std::make_shared<transport::Link>(asio_, std::move(endpoint),
                                                  transport::LinkOptions{.log = &log});
        auto port = std::make_unique<transport::AmqpServerPort>(
            link_, transport::AmqpServerOptions{
                       .topology = topology(),
                       .queue = topology().queues.front().name,
                       .prefetch = static_cast<std::uint16_t>(plan().simultaneous_requests_max())});
        amqp_port_ = port.get();
        return port;
    }
    void start(runtime::ServerPort& port, runtime::ServerSink& sink) override {
        static_cast<transport::AmqpServerPort&>(port).start(sink);
    }
    void close_transport(std::move_only_function<void()> closed) override {
        if (!link_) {
            return closed();
        }
        was_up_ = link_->up();
        amqp_port_->flush(
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
    transport::AmqpServerPort* amqp_port_ = nullptr;
    bool was_up_ = false;  // when it was closed
    std::atomic<bool> is_flushed_ = true;
};

}  // namespace

std::unique_ptr<Listening> make_message_listening(ListenerPlan plan,
                                                  std::vector<const Method*> methods,
                                                  const ListeningShared& shared) {
    if (const auto* memory = std::get_if<MemoryAddress>(&plan.address.place)) {
        const std::string name = memory->name;
        return std::make_unique<MemoryListening>(std::move(plan), std::move(methods), shared, name);
    }
    return std::make_unique<AmqpListening>(std::move(plan), std::move(methods), shared);
}

}  // namespace warren::endpoint
