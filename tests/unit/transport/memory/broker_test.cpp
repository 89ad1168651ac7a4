#include "transport/memory/broker.hpp"

#include "transport/memory/virtual_executor.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace warren::transport {
namespace {

using namespace std::chrono_literals;
using Routed = MemoryBroker::Routed;

class Taking final : public MemoryConsumer {
public:
    void deliver(std::shared_ptr<const MemoryMessage> message, std::uint64_t tag) override {
        bodies.emplace_back(protocol::text_of(message->view().body));
        redelivered.push_back(message->redelivered);
        tags.push_back(tag);
    }
    void cancelled() override { ++cancellations; }

    std::vector<std::string> bodies;
    std::vector<bool> redelivered;
    std::vector<std::uint64_t> tags;
    int cancellations = 0;
};

class Broker : public testing::Test {
protected:
    void declare(protocol::Topology topology) {
        const auto declared = broker.declare(topology, nullptr);
        ASSERT_TRUE(declared) << declared.error().message;
    }
    Code refused(protocol::Topology topology) {
        const auto declared = broker.declare(topology, nullptr);
        return declared ? Code::failed : declared.error().code;
    }
    Routed publish(std::string_view exchange, std::string_view routing_key, std::string_view body,
                   std::string_view expiration = {}) {
        return broker.publish({.exchange = exchange,
                               .routing_key = routing_key,
                               .expiration = expiration,
                               .body = protocol::bytes_of(body)});
    }

    VirtualExecutor executor;
    MemoryBroker broker{executor};
};

TEST_F(Broker, TheDefaultExchangeRoutesToTheQueueByName) {
    declare({.queues = {{.name = "queue"}}});
    EXPECT_EQ(publish("", "queue", "a"), Routed::queued);
    EXPECT_EQ(publish("", "other", "a"), Routed::unroutable);
    EXPECT_EQ(broker.ready("queue"), 1U);
}

TEST_F(Broker, DirectExchangesRouteByKeyAndFanoutsToAll) {
    declare({.exchanges = {{.name = "direct"}, {.name = "fanout", .type = "fanout"}},
             .queues = {{.name = "one"}, {.name = "two"}},
             .bindings = {{.queue = "one", .exchange = "direct", .routing_key = "key"},
                          {.queue = "one", .exchange = "direct", .routing_key = "key"},
                          {.queue = "one", .exchange = "fanout"},
                          {.queue = "two", .exchange = "fanout"}}});
    EXPECT_EQ(publish("direct", "key", "a"), Routed::queued);
    EXPECT_EQ(broker.ready("one"), 1U) << "a binding made twice is one";
    EXPECT_EQ(publish("direct", "other", "a"), Routed::unroutable);
    EXPECT_EQ(publish("fanout", "any", "a"), Routed::queued);
    EXPECT_EQ(broker.ready("one"), 2U);
    EXPECT_EQ(broker.ready("two"), 1U);
    EXPECT_EQ(publish("missing", "key", "a"), Routed::no_such_exchange);
}

TEST_F(Broker, RefusesWhatDoesNotExistOrHasAnotherShape) {
    declare({.exchanges = {{.name = "exchange"}}, .queues = {{.name = "queue"}}});
    EXPECT_EQ(refused({.exchanges = {{.name = "exchange", .type = "fanout"}}}),
              Code::contract_mismatch);
    EXPECT_EQ(refused({.exchanges = {{.name = "new", .type = "topic"}}}), Code::contract_mismatch);
    EXPECT_EQ(refused({.queues = {{.name = "queue", .durable = true}}}), Code::contract_mismatch);
    EXPECT_EQ(refused({.exchanges = {{.name = "none", .passive = true}}}), Code::no_responder);
    EXPECT_EQ(refused({.queues = {{.name = "none", .passive = true}}}), Code::no_responder);
    EXPECT_EQ(refused({.bindings = {{.queue = "queue", .exchange = "none"}}}), Code::no_responder);
    EXPECT_EQ(refused({.bindings = {{.queue = "none", .exchange = "exchange"}}}),
              Code::no_responder);
    declare({.exchanges = {{.name = "exchange", .type = "topic", .passive = true}}});
    Taking consumer;
    EXPECT_FALSE(broker.consume("none", consumer, 1));
}

TEST_F(Broker, AnExclusiveQueueIsItsOwnersAloneAndGoesWithIt) {
    Taking owner;
    protocol::Topology topology{.queues = {{.exclusive = true}}};
    ASSERT_TRUE(broker.declare(topology, &owner));
    const std::string name = topology.queues[0].name;
    EXPECT_TRUE(name.starts_with("amq.gen-"));
    EXPECT_EQ(refused({.queues = {{.name = name, .passive = true}}}), Code::unauthenticated);
    Taking consumer;
    broker.forget(consumer, &owner);
    EXPECT_FALSE(broker.has_queue(name));
}

TEST_F(Broker, PrefetchBoundsWhatIsOutstanding) {
    declare({.queues = {{.name = "queue"}}});
    Taking consumer;
    ASSERT_TRUE(broker.consume("queue", consumer, 2));
    for (const char* body : {"a", "b", "c"}) {
        publish("", "queue", body);
    }
    EXPECT_EQ(consumer.bodies, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(broker.outstanding("queue"), 2U);
    EXPECT_TRUE(broker.acknowledge(consumer, consumer.tags[0]));
    EXPECT_FALSE(broker.acknowledge(consumer, consumer.tags[0]));
    EXPECT_EQ(consumer.bodies.back(), "c");
}

TEST_F(Broker, ConsumersTakeTurns) {
    declare({.queues = {{.name = "queue"}}});
    Taking one;
    Taking other;
    ASSERT_TRUE(broker.consume("queue", one, 0));
    ASSERT_TRUE(broker.consume("queue", other, 0));
    for (const char* body : {"a", "b", "c", "d"}) {
        publish("", "queue", body);
    }
    EXPECT_EQ(one.bodies, (std::vector<std::string>{"a", "c"}));
    EXPECT_EQ(other.bodies, (std::vector<std::string>{"b", "d"}));
}

TEST_F(Broker, WhatIsNotSettledComesAgainInOrderAndMarked) {
    declare({.queues = {{.name = "queue"}}});
    Taking gone;
    ASSERT_TRUE(broker.consume("queue", gone, 2));
    for (const char* body : {"a", "b", "c"}) {
        publish("", "queue", body);
    }
    broker.forget(gone, &gone);
    Taking next;
    ASSERT_TRUE(broker.consume("queue", next, 0));
    EXPECT_EQ(next.bodies, (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(next.redelivered, (std::vector{true, true, false}));
    EXPECT_TRUE(broker.requeue(next, next.tags[0]));
    EXPECT_EQ(next.bodies.back(), "a");
    EXPECT_TRUE(next.redelivered.back());
}

TEST_F(Broker, AStoppedConsumerCanStillSettle) {
    declare({.queues = {{.name = "queue"}}});
    Taking consumer;
    ASSERT_TRUE(broker.consume("queue", consumer, 1));
    publish("", "queue", "a");
    publish("", "queue", "b");
    broker.stop_consuming(consumer);
    EXPECT_TRUE(broker.acknowledge(consumer, consumer.tags[0]));
    EXPECT_EQ(consumer.bodies.size(), 1U);
    EXPECT_EQ(broker.ready("queue"), 1U);
}

TEST_F(Broker, AnAutoDeleteQueueGoesWithItsLastConsumer) {
    declare({.queues = {{.name = "queue", .auto_delete = true}}});
    Taking one;
    Taking other;
    ASSERT_TRUE(broker.consume("queue", one, 1));
    ASSERT_TRUE(broker.consume("queue", other, 1));
    broker.stop_consuming(one);
    EXPECT_TRUE(broker.has_queue("queue"));
    broker.stop_consuming(other);
    EXPECT_FALSE(broker.has_queue("queue"));
    EXPECT_EQ(one.cancellations + other.cancellations, 0) << "they left by themselves";
    broker.forget(one, &one);
    broker.forget(other, &other);
}

TEST_F(Broker, ADeletedQueueCancelsItsConsumers) {
    declare({.exchanges = {{.name = "exchange"}},
             .queues = {{.name = "queue"}},
             .bindings = {{.queue = "queue", .exchange = "exchange", .routing_key = "key"}}});
    Taking consumer;
    ASSERT_TRUE(broker.consume("queue", consumer, 1));
    broker.delete_queue("queue");
    EXPECT_EQ(consumer.cancellations, 1);
    EXPECT_EQ(publish("exchange", "key", "a"), Routed::unroutable);
    broker.delete_exchange("exchange");
    EXPECT_EQ(publish("exchange", "key", "a"), Routed::no_such_exchange);
}

TEST_F(Broker, MessagesExpire) {
    declare({.queues = {{.name = "queue"}}});
    publish("", "queue", "a", "1000");
    publish("", "queue", "b");
    executor.advance(999ms);
    EXPECT_EQ(broker.ready("queue"), 2U);
    executor.advance(1ms);
    EXPECT_EQ(broker.ready("queue"), 1U);
    Taking consumer;
    ASSERT_TRUE(broker.consume("queue", consumer, 1));
    EXPECT_EQ(consumer.bodies, std::vector<std::string>{"b"});
}

TEST_F(Broker, WhatExpiresGoesToTheDeadLetterExchangeByAllItsKeys) {
    declare({.exchanges = {{.name = "dead"}},
             .queues = {{.name = "queue",
                         .arguments = Dynamic::map({{"x-dead-letter-exchange", "dead"}})},
                        {.name = "letters"},
                        {.name = "back"}},
             .bindings = {{.queue = "letters", .exchange = "dead", .routing_key = "queue"},
                          {.queue = "back", .exchange = "dead", .routing_key = "key"}}});
    const Dynamic headers = Dynamic::map({{"BCC", Dynamic::list({"key", "letters"})}});
    broker.publish({.routing_key = "queue", .expiration = "1000", .headers = headers.value()});
    EXPECT_EQ(broker.ready("back") + broker.ready("letters"), 0U);
    executor.advance(1000ms);
    EXPECT_EQ(broker.ready("queue"), 0U);
    EXPECT_EQ(broker.ready("letters"), 1U);
    EXPECT_EQ(broker.ready("back"), 1U);
    executor.advance(1h);
    EXPECT_EQ(broker.ready("back"), 1U) << "it does not expire again";
}

TEST_F(Broker, TellsWhoWatchesThatItIsBlocked) {
    std::vector<bool> told;
    auto watch = broker.watch_blocked([&](bool blocked) { told.push_back(blocked); });
    broker.set_blocked(true);
    broker.set_blocked(true);
    broker.set_blocked(false);
    EXPECT_EQ(told, (std::vector{true, false}));
    watch.reset();
    broker.set_blocked(true);
    EXPECT_EQ(told.size(), 2U);
    EXPECT_TRUE(broker.blocked());
}

TEST(MemoryMessage, OwnsEveryPart) {
    const Dynamic headers = Dynamic::map({{"key", 1}});
    const std::string body = "body";
    const protocol::MessageView view{.exchange = "exchange",
                                     .routing_key = "key",
                                     .content_type = "type",
                                     .content_encoding = "encoding",
                                     .correlation_id = "id",
                                     .reply_to = "reply",
                                     .expiration = "5",
                                     .message_id = "message",
                                     .type = "kind",
                                     .user_id = "user",
                                     .app_id = "app",
                                     .delivery_mode = 2,
                                     .priority = 3,
                                     .headers = headers.value(),
                                     .body = protocol::bytes_of(body)};
    const MemoryMessage message{view};
    const protocol::MessageView copy = message.view();
    EXPECT_EQ(copy.exchange, "exchange");
    EXPECT_EQ(copy.routing_key, "key");
    EXPECT_EQ(copy.content_type, "type");
    EXPECT_EQ(copy.content_encoding, "encoding");
    EXPECT_EQ(copy.correlation_id, "id");
    EXPECT_EQ(copy.reply_to, "reply");
    EXPECT_EQ(copy.expiration, "5");
    EXPECT_EQ(copy.message_id, "message");
    EXPECT_EQ(copy.type, "kind");
    EXPECT_EQ(copy.user_id, "user");
    EXPECT_EQ(copy.app_id, "app");
    EXPECT_EQ(copy.delivery_mode, 2);
    EXPECT_EQ(copy.priority, 3);
    EXPECT_EQ(copy.headers, headers.value());
    EXPECT_EQ(protocol::text_of(copy.body), "body");
    EXPECT_NE(copy.body.data(), view.body.data());
    EXPECT_EQ(copy.body_bytes, 4U);
}

}  // namespace
}  // namespace warren::transport
