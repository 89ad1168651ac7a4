#include "protocol/returned_requests.hpp"

#include <gtest/gtest.h>

#include <string>

namespace warren::protocol {
namespace {

using namespace std::chrono_literals;

TEST(ReturnedRequests, AQueueGivesAwayWhatItDrops) {
    Topology topology{.queues = {{.name = "q", .arguments = Dynamic::map({{"x-max-length", 5}})}}};
    return_requests(topology);
    EXPECT_EQ(topology.queues.front().arguments,
              Dynamic::map({{"x-max-length", 5}, {"x-dead-letter-exchange", "warren.returned"}}));
    ASSERT_EQ(topology.exchanges.size(), 1U);
    EXPECT_EQ(topology.exchanges[0].name, "warren.returned");
    EXPECT_EQ(topology.exchanges[0].type, "direct");
    EXPECT_TRUE(topology.exchanges[0].durable);
    EXPECT_TRUE(topology.bindings.empty());
}

TEST(ReturnedRequests, DeadLettersGoTheSameWayUnderTheKeysOfTheQueue) {
    Topology topology{
        .exchanges = {{.name = "m"}},
        .queues = {{.name = "q", .arguments = Dynamic::map({{"x-queue-type", "quorum"}})}},
        .bindings = {{.queue = "q", .exchange = "m", .routing_key = "q"},
                     {.queue = "q", .exchange = "n", .routing_key = "a"}}};
    limit_deliveries({.queue = "letters", .deliveries_max = 3}, topology);
    return_requests(topology);
    EXPECT_EQ(topology.queues.front().arguments,
              Dynamic::map({{"x-queue-type", "quorum"},
                            {"x-delivery-limit", 3},
                            {"x-dead-letter-exchange", "warren.returned"}}));
    ASSERT_EQ(topology.bindings.size(), 4U);
    EXPECT_EQ(topology.bindings[2].queue, "letters");
    EXPECT_EQ(topology.bindings[2].exchange, "warren.returned");
    EXPECT_EQ(topology.bindings[2].routing_key, "a");
    EXPECT_EQ(topology.bindings[3].routing_key, "q") << "once";
}

TEST(ReturnedRequests, AReplyQueueGetsThemUnderAKeyThatIsNoQueue) {
    for (const std::string queue : {"", "kept"}) {
        Topology topology{.queues = {{.name = queue}}};
        const std::string key = accept_returns(topology, "unique");
        EXPECT_EQ(key, "warren.returned " + (queue.empty() ? "unique" : queue));
        ASSERT_EQ(topology.bindings.size(), 1U);
        EXPECT_EQ(topology.bindings[0].queue, queue);
        EXPECT_EQ(topology.bindings[0].exchange, "warren.returned");
        EXPECT_EQ(topology.bindings[0].routing_key, key);
        EXPECT_EQ(topology.exchanges.front().name, "warren.returned");
    }
}

TEST(ReturnedRequests, TheKeyComesBehindTheHeaders) {
    Arena arena;
    for (const Dynamic& before : {Dynamic{}, Dynamic::map({{"a", 1}})}) {
        MessageView request{.headers = before.value()};
        add_return_key("key", request, arena);
        EXPECT_EQ(Dynamic{*request.headers.find("BCC")}, Dynamic::list({"key"}));
        EXPECT_EQ(request.headers.as_map().size(), before.value().is_map() ? 2U : 1U);
    }
}

TEST(ReturnedRequests, TheWayBackHasItsTime) {
    EXPECT_EQ(time_until_return(60s), 60s - 250ms);
    EXPECT_EQ(time_until_return(500ms), 450ms);
    EXPECT_EQ(time_until_return(9ms), 9ms);
    EXPECT_EQ(time_until_return(1ms), 1ms);
}

TEST(ReturnedRequests, TheReasonSaysWhatTheCallFailsWith) {
    const auto code_of = [](const char* reason) {
        const Dynamic headers = Dynamic::map(
            {{"x-death", Dynamic::list({Dynamic::map({{"reason", reason}, {"queue", "q\n"}}),
                                        Dynamic::map({{"reason", "other"}, {"queue", "r"}})})}});
        const auto failure = returned_failure({.headers = headers.value()}, "amqp://h");
        EXPECT_TRUE(failure && failure->message.contains(R"('q\n' at amqp://h)")) << reason;
        return failure.value_or(Failure{}).code;
    };
    EXPECT_EQ(code_of("expired"), Code::expired_in_queue);
    EXPECT_EQ(code_of("maxlen"), Code::overloaded);
    EXPECT_EQ(code_of("delivery_limit"), Code::failed);
    EXPECT_EQ(code_of("rejected"), Code::internal);
    EXPECT_EQ(code_of("something"), Code::internal);
    for (const Dynamic& headers : {Dynamic{}, Dynamic::map({{"x-death", 1}}),
                                   Dynamic::map({{"x-death", Dynamic::list({})}})}) {
        EXPECT_FALSE(returned_failure({.headers = headers.value()}, ""));
    }
    const Dynamic odd = Dynamic::map({{"x-death", Dynamic::list({7})}});
    EXPECT_EQ(returned_failure({.headers = odd.value()}, "")->code, Code::internal);
}

}  // namespace
}  // namespace warren::protocol
