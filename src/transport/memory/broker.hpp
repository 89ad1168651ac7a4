#pragma once

#include <warren/error.hpp>

#include "protocol/control.hpp"
#include "protocol/topology.hpp"
#include "runtime/executor.hpp"
#include "transport/memory/fault_script.hpp"
#include "transport/memory/message.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace warren::transport {

/// What consumes from queues: one connection of one port.
class MemoryConsumer {
public:
    /// A delivery leaves the broker. Not to be handled inside of this call.
    virtual void deliver(std::shared_ptr<const MemoryMessage> message, std::uint64_t tag) = 0;
    /// Its queue was deleted.                                   [RabbitMQ, consumer cancel notify]
    virtual void cancelled() = 0;

protected:
    ~MemoryConsumer() = default;
};

/// Exchanges, queues, bindings and consumers, as a broker of AMQP has them, without wires: ports
/// (server_transport.hpp, client_transport.hpp) put the wires, and their faults, in between.
///
/// The default exchange routes to the queue named by the routing key; types are direct and fanout.
/// A queue with a dead-letter exchange puts there what expires in it.
/// amq.direct is there.
/// thread the executor's I/O thread; `faults` and `declare` also before it runs
class MemoryBroker {
public:
    explicit MemoryBroker(runtime::Executor& executor) : executor_{executor} {
        const std::string name{protocol::control_exchange};
        exchanges_.emplace(name, Exchange{.shape = {.name = name, .durable = true}});
    }
    MemoryBroker(const MemoryBroker&) = delete;
    MemoryBroker& operator=(const MemoryBroker&) = delete;

    runtime::Executor& executor() noexcept { return executor_; }
    FaultScript& faults() noexcept { return faults_; }

    /// in   owner: who exclusive queues go with; names the broker chooses are set in `topology`
    /// err  contract_mismatch: it exists in another shape or is no type known here;
    ///      no_responder: a passive one, or one to bind, does not exist
    std::expected<void, Failure> declare(protocol::Topology& topology, const MemoryConsumer* owner);
    void delete_exchange(std::string_view exchange);
    void delete_queue(std::string_view queue);

    enum class Routed : std::uint8_t { queued, unroutable, no_such_exchange };
    Routed publish(const protocol::MessageView& message);

    /// err  no_responder: no such queue
    /// in   prefetch: deliveries not settled, at most; 0: no limit
    std::expected<void, Failure> consume(std::string_view queue, MemoryConsumer& consumer,
                                         std::size_t prefetch);
    void stop_consuming(MemoryConsumer& consumer);
    /// out  false for a tag that is not outstanding
    bool acknowledge(MemoryConsumer& consumer, std::uint64_t tag);
    /// Queue it again at its old place, marked as redelivered.
    bool requeue(MemoryConsumer& consumer, std::uint64_t tag);
    /// The connection is gone: what is outstanding is queued again, exclusive queues go.
    void forget(MemoryConsumer& consumer, const MemoryConsumer* owner);

    bool blocked() const noexcept { return blocked_; }
    void set_blocked(bool blocked);
    /// Be told when `blocked` changes, until the token is destroyed.
    std::shared_ptr<void> watch_blocked(std::function<void(bool blocked)> on_change);

    // For tests
    bool has_queue(std::string_view queue) const;
    /// As a restart does: what waits is delivered as though it had never been.
    void forget_deliveries(std::string_view queue);
    std::size_t ready(std::string_view queue);              // waiting in the queue
    std::size_t outstanding(std::string_view queue) const;  // delivered, not settled

private:
    struct Entry {
        std::uint64_t order;
        std::shared_ptr<MemoryMessage> message;
    };
    struct Queue;
    struct Subscription {
        MemoryConsumer* consumer;
        Queue* queue;
        std::size_t prefetch;
        std::map<std::uint64_t, Entry> outstanding{};
    };
    struct Queue {
        protocol::Queue shape;
        const MemoryConsumer* owner = nullptr;
        std::map<std::uint64_t, std::shared_ptr<MemoryMessage>> ready{};  // by order of arrival
        std::deque<Subscription*> consumers{};                            // the next one first
    };
    struct Exchange {
        protocol::Exchange shape;
        std::vector<protocol::Binding> bindings{};
    };

    std::expected<void, Failure> declare_exchange(const protocol::Exchange& wanted);
    std::expected<void, Failure> declare_queue(protocol::Queue& wanted,
                                               const MemoryConsumer* owner);
    std::expected<void, Failure> bind(const protocol::Binding& wanted, std::string_view named);
    Subscription* subscription_of(const MemoryConsumer& consumer) noexcept;
    void route(const Exchange& exchange, std::string_view routing_key,
               std::vector<Queue*>& targets);
    void requeue(Subscription& subscription, std::uint64_t tag);
    void erase(Subscription& subscription);
    // broker_expiry.cpp
    static std::vector<std::string_view> further_keys(const protocol::MessageView& message);
    void watch_expiry(const Queue& queue, runtime::TimePoint expires);
    void purge(Queue& queue);
    void bury(const MemoryMessage& message, const std::string& queue, std::string_view exchange);
    void pump(Queue& queue);

    runtime::Executor& executor_;
    FaultScript faults_;
    std::map<std::string, Exchange, std::less<>> exchanges_;
    std::map<std::string, std::unique_ptr<Queue>, std::less<>> queues_;
    std::vector<std::unique_ptr<Subscription>> subscriptions_;
    std::vector<std::weak_ptr<std::function<void(bool)>>> blocked_watchers_;
    std::uint64_t order_ = 0;
    std::uint64_t tag_ = 0;
    std::uint64_t named_ = 0;
    bool blocked_ = false;
    std::shared_ptr<MemoryBroker*> life_ = std::make_shared<MemoryBroker*>(this);
};

}  // namespace warren::transport
