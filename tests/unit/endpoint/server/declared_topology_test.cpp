#include "endpoint/server/declared_topology.hpp"

#include <warren/dynamic.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace warren::endpoint {
namespace {

std::string advice_of(protocol::Queue queue) {
    std::string all;
    for (const std::string& advice : advice_on(queue)) {
        all += advice + '\n';
    }
    return all;
}

TEST(DeclaredTopologies, AreThoseOfListenersWithABroker) {
    Registry registry;
    registry.method("add", [](int a, int b) { return a + b; }, {"a", "b"});
    EXPECT_FALSE(declared_by_listener({.url = "tcp://127.0.0.1:0"}, registry, false).value());
    EXPECT_FALSE(declared_by_listener({.url = "memory:audited"}, registry, false).value());
    EXPECT_FALSE(declared_by_listener({.url = "amqp://broker/?x=y"}, registry, false));
    const auto declared = declared_by_listener(
        {.url = "amqp://broker/", .queue = {.name = "orders"}}, registry, false);
    ASSERT_TRUE(declared && *declared);
    const protocol::Topology& topology = (*declared)->topology;
    ASSERT_FALSE(topology.queues.empty());
    EXPECT_EQ(topology.queues.front().name, "orders");
    EXPECT_TRUE(std::ranges::any_of(topology.exchanges,
                                    [](const auto& exchange) { return exchange.name == "add"; }));
}

TEST(DeclaredTopologies, OfATargetHaveToBeThere) {
    EXPECT_FALSE(needed_by_target({.to = "tcp://server:1"}).value());
    const auto needed = needed_by_target({.to = "amqp://broker/?queue=orders"});
    ASSERT_TRUE(needed && *needed);
    ASSERT_EQ((*needed)->topology.queues.size(), 1U);
    EXPECT_EQ((*needed)->topology.queues[0].name, "orders");
    EXPECT_TRUE((*needed)->topology.queues[0].passive);
}

TEST(DeclaredTopologies, TellWhatNewerBrokersRefuse) {
    EXPECT_EQ(advice_of({.name = "q", .durable = true}), "");
    EXPECT_EQ(advice_of({.name = "q", .exclusive = true}), "");
    EXPECT_NE(advice_of({.name = "q"}).find("transient_nonexcl_queues"), std::string::npos);
    EXPECT_EQ(advice_of({.name = "q", .passive = true}), "");
    const auto with = [](const Dynamic& arguments) {
        return advice_of({.name = "q", .durable = true, .arguments = arguments});
    };
    EXPECT_NE(with(Dynamic::map({{"x-ha-policy", "all"}})).find("quorum"), std::string::npos);
    EXPECT_NE(with(Dynamic::map({{"x-queue-mode", "lazy"}})).find("3.12"), std::string::npos);
    EXPECT_NE(with(Dynamic::map({{"x-queue-version", 1}})).find("4.3"), std::string::npos);
    EXPECT_EQ(with(Dynamic::map({{"x-queue-version", 2}})), "");
    const Dynamic quorum = Dynamic::map({{"x-queue-type", "quorum"}});
    EXPECT_NE(with(quorum).find("20 times"), std::string::npos);
    Dynamic limited = quorum;
    limited.insert_or_assign("x-delivery-limit", Dynamic{5});
    EXPECT_NE(with(limited).find("dead_letter_queue"), std::string::npos);
    limited.insert_or_assign("x-dead-letter-exchange", Dynamic{""});
    EXPECT_EQ(with(limited), "");
}

}  // namespace
}  // namespace warren::endpoint
