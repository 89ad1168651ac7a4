#include "transport/memory/server_transport.hpp"

#include "core/assert.hpp"
#include "protocol/control.hpp"
#include "transport/memory/connection.hpp"

#include <optional>
#include <utility>

namespace warren::transport {

class MemoryServerTransport::Impl final : public MemoryConnection {
public:
    Impl(MemoryBroker& broker, MemoryServerOptions options)
        : MemoryConnection{broker, options.reconnect_delay}, options_{std::move(options)} {}

    runtime::Executor& executor() noexcept { return broker_.executor(); }
    void set_sink(runtime::ServerSink& sink) noexcept { sink_ = &sink; }
    bool hears_control() const noexcept { return !options_.control_key.empty(); }

    runtime::Settlement settle(runtime::DeliveryId delivery, const protocol::MessageView* reply) {
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

    void requeue(runtime::DeliveryId delivery) {
        if (delivery.generation == number_) {
            post([this, delivery] { broker_.requeue(*this, delivery.tag); });
        }
    }

    void stop_consuming() {
        stopping_ = true;
        if (connected_) {
            post([this] {
                broker_.stop_consuming(*this);
                stopped();
            });
        } else {
            executor().post([weak = weak_from_this()] {
                if (const auto self = weak.lock()) {
                    static_cast<Impl&>(*self).stopped();
                }
            });
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
        protocol::Topology topology = options_.topology;
        if (auto declared = broker_.declare(topology, this); !declared) {
            return declared;
        }
        post([this] { sink_->on_consuming(number_); });
        return broker_.consume(options_.queue, *this, options_.prefetch);
    }

    void lost(const Failure& why) override {
        sink_->on_lost(number_, why);
        // A stop under way went down with the connection.
        if (stopping_) {
            stopped();
        }
    }

private:
    /// Consumes what comes by the control route; goes with its queue, which is the connection's.
    class Control final : public MemoryConsumer {
    public:
        explicit Control(Impl& impl) noexcept : impl_{impl} {}
        void deliver(std::shared_ptr<const MemoryMessage> message, std::uint64_t tag) override {
            const std::string& routing_key = message->routing_key();
            impl_.transmit(Hop::control, routing_key, [this, message, tag] {
                impl_.sink_->on_control(message->view());
                impl_.broker_.acknowledge(*this, tag);
            });
        }
        void cancelled() override {}

    private:
        Impl& impl_;
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

MemoryServerTransport::MemoryServerTransport(MemoryBroker& broker, MemoryServerOptions options)
    : impl_{std::make_shared<Impl>(broker, std::move(options))} {}

MemoryServerTransport::~MemoryServerTransport() {
    impl_->abandon();
}

void MemoryServerTransport::start(runtime::ServerSink& sink) {
    impl_->set_sink(sink);
    impl_->executor().post([weak = std::weak_ptr{impl_}] {
        if (const auto impl = weak.lock()) {
            impl->connect();
        }
    });
}

void MemoryServerTransport::close(const Failure& why) {
    impl_->close(why);
}

runtime::Executor& MemoryServerTransport::executor() noexcept {
    return impl_->executor();
}

bool MemoryServerTransport::hears_control() const noexcept {
    return impl_->hears_control();
}

runtime::Settlement MemoryServerTransport::settle(runtime::DeliveryId delivery,
                                                  const protocol::MessageView* reply) {
    return impl_->settle(delivery, reply);
}

void MemoryServerTransport::requeue(runtime::DeliveryId delivery) {
    impl_->requeue(delivery);
}

void MemoryServerTransport::stop_consuming() {
    impl_->stop_consuming();
}

}  // namespace warren::transport
