#include "runtime/client/message_client.hpp"
#include "runtime/client/stream_client.hpp"
#include "unit/runtime/client/fake_streams.hpp"

#include <gtest/gtest.h>

// Calls without a response: over when the transport has them.
namespace warren::runtime {
namespace {

using test::broken;
using test::ClientFixture;
using test::FakeConnection;
using test::returned;
using test::StreamFixture;
using test::TestCall;
using namespace std::chrono_literals;

struct OneWayCall {
    explicit OneWayCall(std::chrono::milliseconds timeout = 60s) : call{"dx_example", timeout} {
        call.wants_response = false;
        call.bears_deadline = false;
    }
    TestCall call;
};

TEST(OneWayOverAStream, IsOverWhenItIsInTheOutput) {
    StreamFixture fixture;
    OneWayCall first;
    fixture.submit(first.call);
    EXPECT_TRUE(first.call.pending()) << "there is no connection yet";
    FakeConnection& connection = fixture.connect();
    EXPECT_TRUE(first.call.succeeded_once());
    EXPECT_EQ(connection.written(), "0 dx_example 1 -\n");
    EXPECT_EQ(connection.touches, 1);
    EXPECT_FALSE(connection.session->is_busy());
    TestCall asked;
    fixture.submit(asked);
    OneWayCall second;
    fixture.submit(second.call);
    EXPECT_TRUE(second.call.succeeded_once());
    EXPECT_EQ(connection.written(), "1 dx_example 1 60000\n0 dx_example 1 -\n");
    connection.lose();
    EXPECT_EQ(asked.code(), Code::connection_lost);
    EXPECT_TRUE(second.call.succeeded_once());
    EXPECT_EQ(fixture.client->counters().successes.get(), 2U);
}

TEST(OneWayOverAStream, AnAnswerAllTheSameIsNobodysBusiness) {
    StreamFixture fixture;
    OneWayCall call;
    fixture.submit(call.call);
    FakeConnection& connection = fixture.connect();
    TestCall asked;
    fixture.submit(asked);
    connection.feed("0 ok whatever\n");
    EXPECT_TRUE(asked.pending());
    connection.feed("1 ok answer\n");
    EXPECT_TRUE(asked.succeeded_once());
    EXPECT_EQ(fixture.client->replies_dropped(), 0U);
}

TEST(OneWayOverAStream, BearsADeadlineWhereItIsToldTo) {
    StreamFixture fixture;
    OneWayCall call{2s};
    call.call.bears_deadline = true;
    fixture.submit(call.call);
    fixture.executor.advance(500ms);
    EXPECT_EQ(fixture.connect().written(), "0 dx_example 1 1500\n");
}

TEST(OneWayOverAStream, FailsWhenThereIsNoConnectionInTime) {
    StreamFixture fixture;
    OneWayCall call{1s};
    fixture.submit(call.call);
    fixture.executor.advance(1s);
    EXPECT_EQ(call.call.code(), Code::no_responder);
    OneWayCall refused;
    fixture.submit(refused.call);
    fixture.refuse(RetryClass::permanent);
    EXPECT_EQ(refused.call.code(), Code::unauthenticated);
}

TEST(OneWayOverAStream, FailsWhenItCannotBeWritten) {
    StreamFixture fixture;
    OneWayCall call;
    call.call.method = "unspeakable";
    fixture.submit(call.call);
    FakeConnection& connection = fixture.connect();
    EXPECT_EQ(call.call.code(), Code::invalid_request);
    EXPECT_TRUE(connection.written().empty());
}

TEST(OneWayOverAStream, IsRefusedWhileTooMuchWaitsForTheServer) {
    StreamFixture fixture{{.options = {.one_way_unsent_bytes_max = 100}}};
    OneWayCall first;
    fixture.submit(first.call);
    FakeConnection& connection = fixture.connect();
    connection.unsent = 100;
    OneWayCall at_limit;
    fixture.submit(at_limit.call);
    EXPECT_TRUE(at_limit.call.succeeded_once());
    connection.unsent = 101;
    OneWayCall over;
    fixture.submit(over.call);
    EXPECT_EQ(over.call.code(), Code::overloaded);
    EXPECT_TRUE(over.call.failure->retry_after);
    EXPECT_TRUE(over.call.failure->message.contains("one_way_unsent_bytes_max"));
    TestCall asked;
    fixture.submit(asked);
    EXPECT_TRUE(asked.pending()) << "the number of calls with answers is limited otherwise";
    fixture.client->close();
}

TEST(OneWayOverABroker, IsOverWhenTheBrokerHasIt) {
    ClientFixture fixture;
    fixture.start();
    OneWayCall call;
    fixture.submit(call.call);
    ASSERT_EQ(fixture.transport.published.size(), 1U);
    EXPECT_EQ(fixture.last().reply_to, "");
    EXPECT_EQ(fixture.last().expiration, "");
    EXPECT_TRUE(call.call.pending());
    fixture.reply(fixture.last());
    EXPECT_TRUE(call.call.pending()) << "nobody asked for a reply";
    EXPECT_EQ(fixture.client->replies_dropped(), 1U);
    fixture.client->on_accepted(fixture.last().token);
    EXPECT_TRUE(call.call.succeeded_once());
    EXPECT_EQ(fixture.in_flight(), 0U);
}

TEST(OneWayOverABroker, OutlivesTheBrokersRestartAndOtherCallsWhereTheyAreToldTo) {
    constexpr std::uint8_t persistent = 2;
    const auto mode_of = [](bool wants_response, bool came_one_way, std::optional<bool> option) {
        MessageClientOptions options = test::client_options();
        options.persistent = option;
        test::ClientFixture fixture{options};
        fixture.ready();
        test::TestCall call;
        call.wants_response = wants_response;
        call.came_one_way = came_one_way;
        fixture.submit(call);
        fixture.bind_all();
        const std::optional<std::uint8_t> mode = fixture.last().delivery_mode;
        fixture.client->close();
        return mode;
    };
    EXPECT_EQ(mode_of(false, false, {}), persistent);
    EXPECT_EQ(mode_of(true, false, {}), std::nullopt);
    EXPECT_EQ(mode_of(true, true, {}), persistent) << "a proxy's";
    EXPECT_EQ(mode_of(true, false, true), persistent);
    EXPECT_EQ(mode_of(false, false, false), std::nullopt);
}

TEST(OneWayOverABroker, BearsADeadlineWhereItIsToldTo) {
    ClientFixture fixture;
    fixture.start();
    OneWayCall call{2s};
    call.call.bears_deadline = true;
    fixture.submit(call.call);
    EXPECT_EQ(fixture.last().expiration, "2000");
    fixture.client->on_accepted(fixture.last().token);
}

TEST(OneWayOverABroker, FailsWhenNobodyServesIt) {
    ClientFixture fixture;
    fixture.start();
    OneWayCall call;
    fixture.submit(call.call);
    fixture.client->on_returned(fixture.last().token, returned);
    EXPECT_EQ(call.call.code(), Code::no_responder);
}

TEST(OneWayOverABroker, WhatTheBrokerDoesNotConfirmInTimeSaysSo) {
    ClientFixture fixture;
    fixture.start();
    OneWayCall call{1s};
    fixture.submit(call.call);
    fixture.executor.advance(1s);
    EXPECT_EQ(call.call.code(), Code::deadline_exceeded);
    EXPECT_EQ(call.call.failure->message,
              "Sent, but amqp://broker:5672/ did not confirm it within 1s");
}

TEST(OneWayOverABroker, IsLostWithTheConnectionAlsoWhereRepliesSurvive) {
    for (const RepliesSurvive replies : {RepliesSurvive::no, RepliesSurvive::yes}) {
        ClientFixture fixture;
        fixture.start();
        OneWayCall call;
        fixture.submit(call.call);
        fixture.client->on_lost(broken, replies);
        EXPECT_EQ(call.call.code(), Code::connection_lost);
    }
}

TEST(OneWayOverABroker, WhatTheBrokerNeverLookedAtIsSentAgain) {
    ClientFixture fixture;
    fixture.start();
    OneWayCall call;
    fixture.submit(call.call);
    fixture.client->on_dropped(fixture.last().token);
    ASSERT_EQ(fixture.transport.published.size(), 2U);
    fixture.client->on_accepted(fixture.last().token);
    EXPECT_TRUE(call.call.succeeded_once());
}

}  // namespace
}  // namespace warren::runtime
