#include "transport/memory/broker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace warren::transport {
namespace {

Failure not_found(std::string_view what, std::string_view name) {
    return {.code = Code::no_responder,
            .message = fmt::format("There is no {} '{}' in the broker", what, name)};
}

Failure other_shape(std::string_view what, std::string_view name) {
    return {.code = Code::contract_mismatch,
            .message = fmt::format("The {} '{}' exists in another shape: delete it, or declare it "
                                   "as it is",
                                   what, name)};
}

}  // namespace

std::expected<void, Failure> MemoryBroker::declare(protocol::Topology& topology,
                                                   const MemoryConsumer* owner) {
    for (const protocol::Exchange& wanted : topology.exchanges) {
        if (auto declared = declare_exchange(wanted); !declared) {
            return declared;
        }
    }
    std::string named;
    for (protocol::Queue& wanted : topology.queues) {
        const bool unnamed = wanted.name.empty();
        if (auto declared = declare_queue(wanted, owner); !declared) {
            return declared;
        }
        if (unnamed) {
            named = wanted.name;
        }
    }
    for (const protocol::Binding& wanted : topology.bindings) {
        if (auto bound = bind(wanted, named); !bound) {
            return bound;
        }
    }
    return {};
}

std::expected<void, Failure> MemoryBroker::declare_exchange(const protocol::Exchange& wanted) {
    const auto found = exchanges_.find(wanted.name);
    if (found == exchanges_.end()) {
        if (wanted.passive) {
            return std::unexpected{not_found("exchange", wanted.name)};
        }
        if (wanted.type != "direct" && wanted.type != "fanout") {
            return std::unexpected{
                Failure{.code = Code::contract_mismatch,
                        .message = fmt::format("The exchange '{}' is of type '{}'; the broker in "
                                               "memory has direct and fanout",
                                               wanted.name, wanted.type)}};
        }
        exchanges_.emplace(wanted.name, Exchange{.shape = wanted});
        return {};
    }
    const protocol::Exchange& shape = found->second.shape;
    if (!wanted.passive && (shape.type != wanted.type || shape.durable != wanted.durable ||
                            shape.auto_delete != wanted.auto_delete)) {
        return std::unexpected{other_shape("exchange", wanted.name)};
    }
    return {};
}

std::expected<void, Failure> MemoryBroker::declare_queue(protocol::Queue& wanted,
                                                         const MemoryConsumer* owner) {
    if (wanted.name.empty()) {
        wanted.name = fmt::format("amq.gen-{}", ++named_);
    }
    const auto found = queues_.find(wanted.name);
    if (found == queues_.end()) {
        if (wanted.passive) {
            return std::unexpected{not_found("queue", wanted.name)};
        }
        auto queue = std::make_unique<Queue>();
        queue->shape = wanted;
        queue->owner = wanted.exclusive ? owner : nullptr;
        queues_.emplace(wanted.name, std::move(queue));
        return {};
    }
    const Queue& queue = *found->second;
    if (queue.owner != nullptr && queue.owner != owner) {
        return std::unexpected{Failure{
            .code = Code::unauthenticated,
            .message =
                fmt::format("The queue '{}' belongs to another connection alone", wanted.name)}};
    }
    if (!wanted.passive &&
        (queue.shape.durable != wanted.durable || queue.shape.exclusive != wanted.exclusive ||
         queue.shape.auto_delete != wanted.auto_delete)) {
        return std::unexpected{other_shape("queue", wanted.name)};
    }
    return {};
}

std::expected<void, Failure> MemoryBroker::bind(const protocol::Binding& wanted,
                                                std::string_view named) {
    protocol::Binding binding = wanted;
    if (binding.queue.empty()) {
        binding.queue = named;
    }
    if (binding.routing_key_is_queue) {
        binding.routing_key = binding.queue;
    }
    const auto exchange = exchanges_.find(binding.exchange);
    if (exchange == exchanges_.end()) {
        return std::unexpected{not_found("exchange", binding.exchange)};
    }
    if (!has_queue(binding.queue)) {
        return std::unexpected{not_found("queue", binding.queue)};
    }
    std::vector<protocol::Binding>& bindings = exchange->second.bindings;
    if (std::ranges::none_of(bindings, [&](const protocol::Binding& known) {
            return known.queue == binding.queue && known.routing_key == binding.routing_key;
        })) {
        bindings.push_back(std::move(binding));
    }
    return {};
}

void MemoryBroker::delete_exchange(std::string_view exchange) {
    if (const auto found = exchanges_.find(exchange); found != exchanges_.end()) {
        exchanges_.erase(found);
    }
}

void MemoryBroker::delete_queue(std::string_view name) {
    const auto found = queues_.find(name);
    if (found == queues_.end()) {
        return;
    }
    const std::unique_ptr<Queue> queue = std::move(found->second);
    queues_.erase(found);
    for (auto& [_, exchange] : exchanges_) {
        std::erase_if(exchange.bindings, [&](const protocol::Binding& binding) {
            return binding.queue == queue->shape.name;
        });
    }
    std::vector<MemoryConsumer*> cancelled;
    std::erase_if(subscriptions_, [&](const std::unique_ptr<Subscription>& subscription) {
        if (subscription->queue != queue.get()) {
            return false;
        }
        // One that stopped consuming is only here for what is outstanding.
        if (std::ranges::find(queue->consumers, subscription.get()) != queue->consumers.end()) {
            cancelled.push_back(subscription->consumer);
        }
        return true;
    });
    for (MemoryConsumer* const consumer : cancelled) {
        consumer->cancelled();
    }
}

void MemoryBroker::route(const Exchange& exchange, std::string_view routing_key,
                         std::vector<Queue*>& targets) {
    for (const protocol::Binding& binding : exchange.bindings) {
        if (exchange.shape.type != "fanout" && binding.routing_key != routing_key) {
            continue;
        }
        Queue* const target = queues_.find(binding.queue)->second.get();
        if (std::ranges::find(targets, target) == targets.end()) {
            targets.push_back(target);
        }
    }
}

MemoryBroker::Routed MemoryBroker::publish(const protocol::MessageView& message) {
    std::vector<Queue*> targets;
    if (message.exchange.empty()) {
        if (const auto found = queues_.find(message.routing_key); found != queues_.end()) {
            targets.push_back(found->second.get());
        }
    } else {
        const auto exchange = exchanges_.find(message.exchange);
        if (exchange == exchanges_.end()) {
            return Routed::no_such_exchange;
        }
        route(exchange->second, message.routing_key, targets);
        for (const std::string_view key : further_keys(message)) {
            route(exchange->second, key, targets);
        }
    }
    for (Queue* const target : targets) {
        auto queued = std::make_shared<MemoryMessage>(message);
        queued->redelivered = false;
        if (const auto time_left = protocol::read_expiration(message.expiration)) {
            queued->expires = executor_.now() + *time_left;
            watch_expiry(*target, *queued->expires);
        }
        target->ready.emplace(++order_, std::move(queued));
        pump(*target);
    }
    return targets.empty() ? Routed::unroutable : Routed::queued;
}

std::expected<void, Failure> MemoryBroker::consume(std::string_view queue, MemoryConsumer& consumer,
                                                   std::size_t prefetch) {
    const auto found = queues_.find(queue);
    if (found == queues_.end()) {
        return std::unexpected{not_found("queue", queue)};
    }
    auto subscription = std::make_unique<Subscription>();
    subscription->consumer = &consumer;
    subscription->queue = found->second.get();
    subscription->prefetch = prefetch;
    found->second->consumers.push_back(subscription.get());
    subscriptions_.push_back(std::move(subscription));
    pump(*found->second);
    return {};
}

MemoryBroker::Subscription* MemoryBroker::subscription_of(const MemoryConsumer& consumer) noexcept {
    for (const std::unique_ptr<Subscription>& subscription : subscriptions_) {
        if (subscription->consumer == &consumer) {
            return subscription.get();
        }
    }
    return nullptr;
}

void MemoryBroker::stop_consuming(MemoryConsumer& consumer) {
    Subscription* const subscription = subscription_of(consumer);
    if (subscription == nullptr) {
        return;
    }
    Queue& queue = *subscription->queue;
    std::erase(queue.consumers, subscription);
    // What is outstanding can still be settled, unless the queue goes with its last consumer.
    if (queue.shape.auto_delete && queue.consumers.empty()) {
        erase(*subscription);
        delete_queue(std::string{queue.shape.name});
    }
}

void MemoryBroker::erase(Subscription& subscription) {
    std::erase_if(subscriptions_, [&](const std::unique_ptr<Subscription>& known) {
        return known.get() == &subscription;
    });
}

bool MemoryBroker::acknowledge(MemoryConsumer& consumer, std::uint64_t tag) {
    Subscription* const subscription = subscription_of(consumer);
    if (subscription == nullptr || subscription->outstanding.erase(tag) == 0) {
        return false;
    }
    pump(*subscription->queue);
    return true;
}

void MemoryBroker::requeue(Subscription& subscription, std::uint64_t tag) {
    Entry& entry = subscription.outstanding.at(tag);
    // The consumer may still view the message as it was.
    auto again = std::make_shared<MemoryMessage>(*entry.message);
    again->redelivered = true;
    subscription.queue->ready.emplace(entry.order, std::move(again));
    subscription.outstanding.erase(tag);
}

bool MemoryBroker::requeue(MemoryConsumer& consumer, std::uint64_t tag) {
    Subscription* const subscription = subscription_of(consumer);
    if (subscription == nullptr || !subscription->outstanding.contains(tag)) {
        return false;
    }
    requeue(*subscription, tag);
    pump(*subscription->queue);
    return true;
}

void MemoryBroker::forget(MemoryConsumer& consumer, const MemoryConsumer* owner) {
    if (Subscription* const subscription = subscription_of(consumer)) {
        Queue* const queue = subscription->queue;
        while (!subscription->outstanding.empty()) {
            requeue(*subscription, subscription->outstanding.begin()->first);
        }
        const std::string name = queue->shape.name;
        std::erase(queue->consumers, subscription);
        erase(*subscription);
        if (queue->shape.auto_delete && queue->consumers.empty()) {
            delete_queue(name);
        } else {
            pump(*queue);
        }
    }
    std::vector<std::string> exclusive;
    for (const auto& [name, queue] : queues_) {
        if (queue->owner == owner && owner != nullptr) {
            exclusive.push_back(name);
        }
    }
    for (const std::string& name : exclusive) {
        delete_queue(name);
    }
}

void MemoryBroker::pump(Queue& queue) {
    purge(queue);
    while (!queue.ready.empty()) {
        const auto able = std::ranges::find_if(queue.consumers, [](const Subscription* consumer) {
            return consumer->prefetch == 0 || consumer->outstanding.size() < consumer->prefetch;
        });
        if (able == queue.consumers.end()) {
            return;
        }
        Subscription* const next = *able;
        queue.consumers.erase(able);
        queue.consumers.push_back(next);
        const auto first = queue.ready.begin();
        const std::shared_ptr<MemoryMessage> message = first->second;
        next->outstanding.emplace(++tag_, Entry{.order = first->first, .message = message});
        queue.ready.erase(first);
        next->consumer->deliver(message, tag_);
    }
}

void MemoryBroker::set_blocked(bool blocked) {
    if (blocked_ == blocked) {
        return;
    }
    blocked_ = blocked;
    std::erase_if(blocked_watchers_, [](const auto& watcher) { return watcher.expired(); });
    for (const auto& watcher : std::vector{blocked_watchers_}) {
        if (const auto on_change = watcher.lock()) {
            (*on_change)(blocked);
        }
    }
}

std::shared_ptr<void> MemoryBroker::watch_blocked(std::function<void(bool blocked)> on_change) {
    auto watcher = std::make_shared<std::function<void(bool)>>(std::move(on_change));
    blocked_watchers_.push_back(watcher);
    return watcher;
}

bool MemoryBroker::has_queue(std::string_view queue) const {
    return queues_.contains(queue);
}

void MemoryBroker::forget_deliveries(std::string_view queue) {
    for (auto& [order, message] : queues_.find(queue)->second->ready) {
        message->redelivered = false;
    }
}

std::size_t MemoryBroker::ready(std::string_view queue) {
    const auto found = queues_.find(queue);
    if (found == queues_.end()) {
        return 0;
    }
    purge(*found->second);
    return found->second->ready.size();
}

std::size_t MemoryBroker::outstanding(std::string_view queue) const {
    std::size_t count = 0;
    for (const std::unique_ptr<Subscription>& subscription : subscriptions_) {
        if (subscription->queue->shape.name == queue) {
            count += subscription->outstanding.size();
        }
    }
    return count;
}

}  // namespace warren::transport
