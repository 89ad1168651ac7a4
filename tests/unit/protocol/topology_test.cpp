#include "protocol/topology.hpp"

#include <gtest/gtest.h>

namespace warren::protocol {
namespace {

Topology of_queue(const Dynamic& arguments) {
    Topology topology;
    topology.queues.push_back({.name = "q", .durable = true, .arguments = arguments});
    return topology;
}

const DeadLetters wanted{.queue = "q.dead-letter", .deliveries_max = 20};

TEST(DeadLetters, AQuorumQueueGetsALimitAndAQueueForWhatIsOverIt) {
    Topology topology = of_queue(Dynamic::map({{"x-queue-type", "quorum"}, {"x-max-length", 5}}));
    EXPECT_TRUE(limit_deliveries(wanted, topology));
    EXPECT_EQ(topology.queues.front().arguments,
              Dynamic::map({{"x-queue-type", "quorum"},
                            {"x-max-length", 5},
                            {"x-delivery-limit", 20},
                            {"x-dead-letter-exchange", ""},
                            {"x-dead-letter-routing-key", "q.dead-letter"}}));
    ASSERT_EQ(topology.queues.size(), 2U);
    EXPECT_EQ(topology.queues[1].name, "q.dead-letter");
    EXPECT_TRUE(topology.queues[1].durable);
    EXPECT_EQ(topology.queues[1].arguments, Dynamic::map({{"x-queue-type", "quorum"}}));
}

TEST(DeadLetters, OtherQueuesStayAsTheyAre) {
    for (const Dynamic& arguments : {Dynamic{}, Dynamic::map({{"x-queue-type", "classic"}})}) {
        Topology topology = of_queue(arguments);
        EXPECT_FALSE(limit_deliveries(wanted, topology));
        EXPECT_EQ(topology.queues.front().arguments, arguments);
        EXPECT_EQ(topology.queues.size(), 1U);
    }
}

TEST(DeadLetters, WhatTheUserSaysCounts) {
    const Dynamic limit = Dynamic::map({{"x-queue-type", "quorum"}, {"x-delivery-limit", 3}});
    Topology topology = of_queue(limit);
    EXPECT_TRUE(limit_deliveries({}, topology));
    EXPECT_EQ(topology.queues.front().arguments, limit);
    EXPECT_EQ(topology.queues.size(), 1U);
    EXPECT_TRUE(limit_deliveries(wanted, topology));
    EXPECT_EQ(topology.queues.front().arguments.value().find("x-delivery-limit")->as_int64(), 3);
    EXPECT_EQ(topology.queues.size(), 2U);

    Topology exchange =
        of_queue(Dynamic::map({{"x-queue-type", "quorum"}, {"x-dead-letter-exchange", "mine"}}));
    EXPECT_TRUE(limit_deliveries(wanted, exchange));
    EXPECT_EQ(exchange.queues.front().arguments.value().find("x-dead-letter-exchange")->as_text(),
              "mine");
    EXPECT_EQ(exchange.queues.size(), 1U);

    Topology none = of_queue(Dynamic::map({{"x-queue-type", "quorum"}}));
    EXPECT_FALSE(limit_deliveries({}, none));
    EXPECT_EQ(none.queues.size(), 1U);
}

TEST(BrokerCompats, ChangeWhatWouldBeRefusedAndNothingElse) {
    const Dynamic own = Dynamic::map({{"x-expires", 5}});
    Topology topology{.queues = {{.name = "stays"},
                                 {.name = "goes", .auto_delete = true},
                                 {.name = "says", .auto_delete = true, .arguments = own},
                                 {.name = "alone", .exclusive = true, .auto_delete = true},
                                 {.name = "durable", .durable = true, .auto_delete = true},
                                 {.name = "there", .passive = true}}};
    const Topology before = topology;
    suit(BrokerCompat::rabbitmq_4_3, topology);
    EXPECT_TRUE(topology.queues[0].durable);
    EXPECT_EQ(topology.queues[0].arguments, Dynamic{});
    EXPECT_TRUE(topology.queues[1].durable && topology.queues[1].auto_delete);
    EXPECT_EQ(topology.queues[1].arguments, Dynamic::map({{"x-expires", 1'800'000}}));
    EXPECT_TRUE(topology.queues[2].durable);
    EXPECT_EQ(topology.queues[2].arguments, own);
    for (const std::size_t same : {3U, 4U, 5U}) {
        EXPECT_EQ(topology.queues[same].durable, before.queues[same].durable);
        EXPECT_EQ(topology.queues[same].arguments, before.queues[same].arguments);
    }
}

TEST(BrokerCompats, NameTheArgumentThatIsRefused) {
    const auto refused = [](const Dynamic& arguments) {
        return refused_argument(BrokerCompat::rabbitmq_4_3, arguments);
    };
    EXPECT_EQ(refused({}), "");
    EXPECT_EQ(refused(Dynamic::map({{"x-queue-version", 2}, {"x-expires", 5}})), "");
    EXPECT_EQ(refused(Dynamic::map({{"x-queue-version", 1}})), "x-queue-version");
    EXPECT_EQ(refused(Dynamic::map({{"x-queue-mode", "lazy"}})), "x-queue-mode");
    EXPECT_EQ(refused(Dynamic::map({{"x-ha-policy", "all"}})), "x-ha-policy");
}

}  // namespace
}  // namespace warren::protocol
