#include "transport/memory/server_port.hpp"

#include "core/assert.hpp"
#include "transport/memory/connection.hpp"

#include <optional>
#include <utility>

namespace warren::transport::memory {

class MemoryServerPort::Impl final : public Connection {
public:
    Impl(MemoryBroker& broker, MemoryServerOptions options)
        : Connection{broker, options.reconnect_delay}, options_{std::move(options)} {}

    runtime::Executor& executor() noexcept { return broker_.executor(); }
    void set_sink(runtime::ServerSink& sink) noexcept { sink_ = &sink; }

    runtime::Settlement settle(runtime::DeliveryId delivery, const protocol::Envelope* reply) {
        if (!connected_) {
            return runtime::Settlement::not_connected;
        }
        // A script may let it arrive twice, so the parts are shared.
        auto message = reply != nullptr ? std::make_shared<const Message>(*reply) : nullptr;
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

    void give_back(runtime::DeliveryId delivery) {
        if (delivery.generation == number_) {
            post([this, delivery] { broker_.give_back(*this, delivery.tag); });
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

    void take(std::shared_ptr<const Message> message, std::uint64_t tag) override {
        const std::string& routing_key = message->routing_key();
        transmit(Hop::deliver, routing_key, [this, tag, message] {
            sink_->on_delivery({.generation = number_, .tag = tag}, message->view());
        });
    }

protected:
    std::expected<void, Failure> open() override {
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
    void stopped() {
        if (!std::exchange(told_stopped_, true)) {
            sink_->on_stopped();
        }
    }

    MemoryServerOptions options_;
    runtime::ServerSink* sink_ = nullptr;
    bool stopping_ = false;
    bool told_stopped_ = false;
};

MemoryServerPort::MemoryServerPort(MemoryBroker& broker, MemoryServerOptions options)
    : impl_{std::make_shared<Impl>(broker, std::move(options))} {}

MemoryServerPort::~MemoryServerPort() {
    impl_->abandon();
}

void MemoryServerPort::start(runtime::ServerSink& sink) {
    impl_->set_sink(sink);
    impl_->executor().post([weak = std::weak_ptr{impl_}] {
        if (const auto impl = weak.lock()) {
            impl->connect();
        }
    });
}

void MemoryServerPort::close(Failure why) {
    impl_->close(why);
}

runtime::Executor& MemoryServerPort::executor() noexcept {
    return impl_->executor();
}

runtime::Settlement MemoryServerPort::settle(runtime::DeliveryId delivery,
                                             const protocol::Envelope* reply) {
    return impl_->settle(delivery, reply);
}

void MemoryServerPort::give_back(runtime::DeliveryId delivery) {
    impl_->give_back(delivery);
}

void MemoryServerPort::stop_consuming() {
    impl_->stop_consuming();
}

}  // namespace warren::transport::memory
