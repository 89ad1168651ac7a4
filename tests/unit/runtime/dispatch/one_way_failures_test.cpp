#include "runtime/dispatch/one_way_failures.hpp"

#include "unit/runtime/dispatch/harness.hpp"
#include "unit/runtime/server/broker_harness.hpp"
#include "unit/runtime/server/stream_harness.hpp"

#include <gtest/gtest.h>

// Nobody hears of the failure of a call without a response but who runs the server.
namespace warren::runtime::test {
namespace {

const Failure broken{.code = Code::failed, .message = "broken"};

TEST(OneWayFailures, TellsSomeOfManyAndHowManyItDidNot) {
    transport::VirtualExecutor clock;
    RecordingLog log;
    OneWayFailures failures{log, clock};
    for (std::size_t i = 0; i != OneWayFailures::lines_max + 3; ++i) {
        failures.add("work", broken);
    }
    EXPECT_EQ(log.count(LogLevel::warning), OneWayFailures::lines_max);
    EXPECT_EQ(log.count(LogLevel::debug), 3U);
    clock.advance(core::LineLimit::period);
    failures.add("work", broken);
    EXPECT_EQ(log.count(LogLevel::warning), OneWayFailures::lines_max + 1);
    EXPECT_TRUE(log.contains("work: a one-way call failed: failed: broken (and 3 before it)"));
    clock.advance(core::LineLimit::period);
    failures.add("work", broken);
    EXPECT_FALSE(log.contains("(and 0 before it)"));
    EXPECT_EQ(failures.count(), OneWayFailures::lines_max + 5);
}

TEST(OneWayFailures, OfANotificationWhateverFailsIsTold) {
    ServedStream served;
    served.stage.registry.method("work", [](int) { throw Error{"no luck"}; }, {"a"});
    served.serve({.limits = {.in_flight_per_connection_max = 4}});
    FakeConnection& peer = served.connect();
    peer.receive(packed(R"([2, "work", [1]])") + packed(R"([2, "work", ["x"]])") +
                 packed(R"([2, "missing", []])"));
    served.run();
    EXPECT_TRUE(peer.take_output().empty());
    RecordingLog& log = served.stage.log;
    EXPECT_TRUE(log.contains("work (listener): a one-way call failed: failed: no luck"));
    EXPECT_TRUE(log.contains("work (listener): a one-way call failed: invalid_request"));
    EXPECT_TRUE(log.contains("There is no method 'missing' here"));
    EXPECT_EQ(served.stage.dispatcher.one_way_failures(), 3U);
    EXPECT_EQ(log.count(LogLevel::warning), 3U);
}

TEST(OneWayFailures, OfAMessageThatNamesNobodyToReplyToTheyAreTold) {
    ServedBroker served;
    served.stage.registry.method("work", [](std::string) { throw Error{"no luck"}; }, {"name"});
    served.serve();
    served.caller->send({.correlation_id = "a", .wants_reply = false});
    served.caller->send({.correlation_id = "b"});
    served.run();
    EXPECT_TRUE(served.stage.log.contains("work (correlation id 'a'): a one-way call failed"));
    EXPECT_EQ(served.stage.dispatcher.one_way_failures(), 1U);
    EXPECT_TRUE(served.is_empty());
}

TEST(OneWayFailures, WhatIsDeliveredAgainHasNotFailed) {
    ServedBroker served;
    served.stage.registry.method("work", [](std::string) {}, {"name"});
    served.serve();
    served.caller->send({.correlation_id = "a", .wants_reply = false});
    served.turn();
    served.lose_connection();
    served.stage.executor.advance(10s);
    served.run();
    EXPECT_EQ(served.stage.dispatcher.one_way_failures(), 0U);
    EXPECT_EQ(served.stage.dispatcher.successes(), 1U);
    EXPECT_TRUE(served.is_empty());
}

TEST(OneWayFailures, OfACallWithAnAnswerNothingIsTold) {
    ServedStream served;
    served.stage.registry.method("work", [] { throw Error{"no luck"}; });
    served.serve();
    served.connect().receive(packed(R"([0, 1, "work", []])"));
    served.run();
    EXPECT_EQ(served.stage.dispatcher.one_way_failures(), 0U);
    EXPECT_EQ(served.stage.log.count(LogLevel::warning), 0U);
}

}  // namespace
}  // namespace warren::runtime::test
