#include "transport/memory/server_transport.hpp"

#include "core/assert.hpp"
#include "core/while_alive.hpp"
#include "protocol/control.hpp"
#include "transport/memory/connection.hpp"

#include <optional>
#include <utility>

namespace warren::transport {
namespace {

class MemoryServerTransportImpl final : public MemoryServerTransport, public MemoryConnection {
public:
    MemoryServerTransportImpl(MemoryBroker& broker, MemoryServerOptions options)
        : MemoryConnection{broker, options.reconnect_delay}, options_{std::move(options)} {}
    ~MemoryServerTransportImpl() override { abandon(); }

    runtime::Executor& executor() noexcept override { return broker_.executor(); }
    bool hears_control() const noexcept override { return !options_.control_key.empty(); }
    void start(runtime::ServerSink& sink) override {
        sink_ = &sink;
        connect_soon();
    }
    void close(const Failure& why) override { MemoryConnection::close(why); }

    runtime::Settlement settle(runtime::DeliveryId delivery,
                               const protocol::MessageView* reply) override {
        if (!connected_) {
            return runtime::Settlement::not_connected;
        }
        // A script may let it arrive twice, so the parts are shared.
        auto message = reply != nullptr ? std::make_shared<const MemoryMessage>(*reply) : nullptr;
        const std::string_view routing_key = reply != nullptr ? reply->routing_key : "";
        transmit(Hop::settle, routing_key, [this, delivery, message = std::move(message)] {
            if (message) {
                broker_.publish(message->view());
            }
            if (delivery.generation == number_) {
                broker_.acknowledge(*this, delivery.tag);
            }
        });
        return runtime::Settlement::sent;
    }

    void requeue(runtime::DeliveryId delivery) override {
        if (delivery.generation == number_) {
            post([this, delivery] { broker_.requeue(*this, delivery.tag); });
        }
    }

    void stop_consuming() override {
        stopping_ = true;
        if (connected_) {
            post([this] {
                broker_.stop_consuming(*this);
                stopped();
            });
        } else {
            executor().post(core::while_alive(weak_from_this(), [this] { stopped(); }));
        }
    }

    void resume_consuming() override {
        stopping_ = told_stopped_ = false;
        if (connected_) {
            if (const auto resumed = consume(); !resumed) {
                close(resumed.error());
            }
        }
    }

    void deliver(std::shared_ptr<const MemoryMessage> message, std::uint64_t tag) override {
        const std::string& routing_key = message->routing_key();
        transmit(Hop::deliver, routing_key, [this, tag, message] {
            sink_->on_delivery({.generation = number_, .tag = tag}, message->view());
        });
    }

protected:
    std::expected<void, Failure> open() override {
        open_control();
        if (stopping_) {
            post([this] { sink_->on_connected(number_); });
            return {};
        }
        return consume();
    }

    void lost(const Failure& why) override {
        sink_->on_lost(number_, why);
        // A stop under way went down with the connection.
        if (stopping_) {
            stopped();
        }
    }

private:
    std::expected<void, Failure> consume() {
        protocol::Topology topology = options_.topology;
        if (auto declared = broker_.declare(topology, this); !declared) {
            return declared;
        }
        post([this] { sink_->on_consuming(number_); });
        return broker_.consume(options_.queue, *this, options_.prefetch);
    }

    /// Consumes what comes by the control route; goes with its queue, which is the connection's.
    class Control final : public MemoryConsumer {
    public:
        explicit Control(MemoryServerTransportImpl& impl) noexcept : impl_{impl} {}
        void deliver(std::shared_ptr<const MemoryMessage> message, std::uint64_t tag) override {
            const std::string& routing_key = message->routing_key();
            impl_.transmit(Hop::control, routing_key, [this, message, tag] {
                impl_.sink_->on_control(message->view());
                impl_.broker_.acknowledge(*this, tag);
            });
        }
        void cancelled() override {}

    private:
        MemoryServerTransportImpl& impl_;
    };

    void open_control() {
        if (options_.control_key.empty()) {
            return;
        }
        protocol::Topology topology{
            .queues = {{.exclusive = true}},
            .bindings = {{.exchange = std::string{protocol::control_exchange},
                          .routing_key = options_.control_key}}};
        const auto declared = broker_.declare(topology, this);
        WARREN_ASSERT(declared);
        const auto consumed = broker_.consume(topology.queues.front().name, control_, 0);
        WARREN_ASSERT(consumed);
    }

    void stopped() {
        if (!std::exchange(told_stopped_, true)) {
            sink_->on_stopped();
        }
    }

    MemoryServerOptions options_;
    Control control_{*this};
    runtime::ServerSink* sink_ = nullptr;
    bool stopping_ = false;
    bool told_stopped_ = false;
};

}  // namespace

std::shared_ptr<MemoryServerTransport> make_memory_server_transport(MemoryBroker& broker,
                                                                    MemoryServerOptions options) {
    return std::make_shared<MemoryServerTransportImpl>(broker, std::move(options));
}

}  // namespace warren::transport
