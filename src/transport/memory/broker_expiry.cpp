#include "transport/memory/broker.hpp"

#include <algorithm>
#include <utility>

namespace warren::transport {
namespace {

/// Where what a queue drops goes; empty: nowhere.
std::string_view dead_letter_exchange(const protocol::Queue& queue) {
    const Value* const exchange = queue.arguments.value().find("x-dead-letter-exchange");
    return exchange != nullptr && exchange->is_text() ? exchange->as_text() : std::string_view{};
}

}  // namespace

/// The keys that a message has beside its own.              [RabbitMQ, sender-selected
/// distribution]
std::vector<std::string_view> MemoryBroker::further_keys(const protocol::MessageView& message) {
    std::vector<std::string_view> keys;
    const Value* const given = message.headers.find("BCC");
    if (given != nullptr && given->is_list()) {
        for (const Value& key : given->as_list()) {
            if (key.is_text()) {
                keys.push_back(key.as_text());
            }
        }
    }
    return keys;
}

/// Nobody waits for what expires without a trace.
void MemoryBroker::watch_expiry(const Queue& queue, runtime::TimePoint expires) {
    if (dead_letter_exchange(queue.shape).empty()) {
        return;
    }
    executor_.post_at(expires, [weak = std::weak_ptr{life_}, name = queue.shape.name] {
        const auto life = weak.lock();
        if (life == nullptr) {
            return;
        }
        const auto found = (*life)->queues_.find(name);
        if (found != (*life)->queues_.end()) {
            (*life)->pump(*found->second);
        }
    });
}

void MemoryBroker::purge(Queue& queue) {
    const runtime::TimePoint now = executor_.now();
    std::vector<std::shared_ptr<MemoryMessage>> expired;
    std::erase_if(queue.ready, [&](const auto& entry) {
        const bool is_over = entry.second->expires && *entry.second->expires <= now;
        if (is_over) {
            expired.push_back(entry.second);
        }
        return is_over;
    });
    const std::string exchange{dead_letter_exchange(queue.shape)};
    for (const auto& message : expired) {
        if (!exchange.empty()) {
            bury(*message, queue.shape.name, exchange);
        }
    }
}

void MemoryBroker::bury(const MemoryMessage& message, const std::string& queue,
                        std::string_view exchange) {
    protocol::MessageView dead = message.view();
    const Dynamic death = Dynamic::map({{"reason", "expired"}, {"queue", queue}});
    const Value deaths[] = {death.value()};
    std::vector<Member> headers;
    if (dead.headers.is_map()) {
        headers.assign(dead.headers.as_map().begin(), dead.headers.as_map().end());
    }
    headers.push_back({Value::text("x-death"), Value::list(deaths)});
    dead.headers = Value::map(headers);
    dead.exchange = exchange;
    dead.expiration = {};
    static_cast<void>(publish(dead));
}

}  // namespace warren::transport
