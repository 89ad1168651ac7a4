#include "runtime/client/stream_client.hpp"

#include "runtime/client/stream_client_failures.hpp"
#include "unit/runtime/client/fake_streams.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <thread>

namespace warren::runtime {
namespace {

using protocol::ResponseOrder;
using test::FakeConnection;
using test::StreamFixture;
using test::TestCall;
using namespace std::chrono_literals;

TEST(StreamClient, ConnectsForTheFirstCallAndKeepsTheConnection) {
    StreamFixture fixture;
    EXPECT_TRUE(fixture.transport.attempts.empty());
    TestCall one{"echo", 1s};
    fixture.submit(one);
    ASSERT_EQ(fixture.transport.attempts.size(), 1U);
    fixture.executor.advance(100ms);
    FakeConnection& connection = fixture.connect();
    EXPECT_EQ(connection.written(), "1 echo 1 900\n");
    EXPECT_EQ(connection.touches, 1);
    EXPECT_TRUE(connection.session->is_busy());
    connection.feed("1 ok hello\n");
    EXPECT_TRUE(one.succeeded_once());
    EXPECT_EQ(one.data, Dynamic{"hello"});
    EXPECT_FALSE(connection.session->is_busy());
    TestCall two;
    fixture.submit(two);
    EXPECT_EQ(connection.written(), "2 dx_example 1 60000\n");
    connection.feed("2 failed because\n");
    EXPECT_EQ(two.code(), Code::failed);
    EXPECT_EQ(two.failure->message, "because");
    EXPECT_EQ(fixture.transport.attempts_made, 1U);
    EXPECT_EQ(fixture.client->counters().successes.get(), 1U);
    EXPECT_EQ(fixture.client->counters().in_flight(), 0U);
    EXPECT_EQ(fixture.client->stream_counters().connections, 1U);
}

TEST(StreamClient, ACallSurvivesPartsOfItsAnswer) {
    for (const auto order : {protocol::ResponseOrder::any, protocol::ResponseOrder::as_requested}) {
        StreamFixture fixture{{.order = order}};
        TestCall call;
        call.metadata.parts_window = 1;
        fixture.submit(call);
        FakeConnection& connection = fixture.connect();
        const std::string id = connection.written().substr(0, 1);
        connection.feed(id + " part one\n" + id + " part two\n");
        EXPECT_TRUE(call.pending());
        EXPECT_EQ(call.parts, (std::vector<Dynamic>{"one", "two"}));
        connection.feed(id + " ok end\n");
        EXPECT_TRUE(call.succeeded_once());
        EXPECT_EQ(call.data, Dynamic{"end"});
        EXPECT_EQ(call.parts.size(), 2U);
    }
}

TEST(StreamClient, TakesAllThatAReadBroughtInAnyOrder) {
    StreamFixture fixture;
    TestCall calls[3];
    for (TestCall& call : calls) {
        fixture.submit(call);
    }
    FakeConnection& connection = fixture.connect();
    EXPECT_EQ(connection.written(),
              "1 dx_example 1 60000\n2 dx_example 1 60000\n3 dx_example 1 60000\n");
    connection.feed("3 ok c\n1 ok a\n2 o");
    EXPECT_EQ(calls[0].data, Dynamic{"a"});
    EXPECT_TRUE(calls[1].pending());
    EXPECT_EQ(calls[2].data, Dynamic{"c"});
    connection.feed("k b\n");
    EXPECT_EQ(calls[1].data, Dynamic{"b"});
}

TEST(StreamClient, PushesTheCallsThatFollowTheFirstHalfOfManyAnswers) {
    StreamFixture fixture;
    std::deque<TestCall> first(64);
    std::deque<TestCall> second(64);
    for (std::size_t at = 0; at < first.size(); ++at) {
        first[at].on_finished = [&, at] { fixture.client->submit(second[at]); };
        fixture.submit(first[at]);
    }
    FakeConnection& connection = fixture.connect();
    connection.written();
    std::string responses;
    for (int id = 1; id <= 64; ++id) {
        responses += std::to_string(id) + " ok a\n";
    }
    connection.feed(responses);
    EXPECT_TRUE(connection.pushed.starts_with("65 dx_example"));
    const auto pushed = std::ranges::count(connection.pushed, '\n');
    EXPECT_GE(pushed, 32);
    EXPECT_EQ(pushed + std::ranges::count(connection.written(), '\n'), 64);
    fixture.client->close();
}

TEST(StreamClient, MayBeClosedByACallThatFollowsTheFirstHalfOfManyAnswers) {
    StreamFixture fixture;
    std::deque<TestCall> first(64);
    TestCall unspeakable{"unspeakable"};
    unspeakable.on_finished = [&] { fixture.client->close(); };
    for (TestCall& call : first) {
        fixture.submit(call);
    }
    first[0].on_finished = [&] { fixture.client->submit(unspeakable); };
    FakeConnection& connection = fixture.connect();
    connection.written();
    std::string responses;
    for (int id = 1; id <= 64; ++id) {
        responses += std::to_string(id) + " ok a\n";
    }
    connection.feed(responses);
    EXPECT_TRUE(first[0].succeeded_once());
    EXPECT_EQ(first[63].code(), Code::cancelled);
    EXPECT_TRUE(connection.is_closing);
    EXPECT_EQ(connection.pushed, "");
}

TEST(StreamClient, AnswersForNobodyAreDroppedAndCounted) {
    StreamFixture fixture;
    TestCall call;
    fixture.submit(call);
    FakeConnection& connection = fixture.connect();
    connection.feed("9 ok who\n1 ok mine\n1 ok again\n2 ok early\n");
    EXPECT_TRUE(call.succeeded_once());
    EXPECT_EQ(call.data, Dynamic{"mine"});
    EXPECT_EQ(fixture.client->replies_dropped(), 3U);
    EXPECT_FALSE(connection.is_closing);
}

TEST(StreamClient, ALateAnswerMeetsNoOtherCall) {
    StreamFixture fixture;
    TestCall late{"late", 1s};
    fixture.submit(late);
    FakeConnection& connection = fixture.connect();
    fixture.executor.advance(1s);
    EXPECT_EQ(late.code(), Code::deadline_exceeded);
    EXPECT_EQ(late.failure->message, "Sent to tcp://server0, but no answer came within 1s");
    EXPECT_FALSE(connection.session->is_busy());
    TestCall next;
    fixture.submit(next);
    connection.feed("1 ok old\n");
    EXPECT_TRUE(next.pending());
    connection.feed("2 ok new\n");
    EXPECT_EQ(next.data, Dynamic{"new"});
    EXPECT_EQ(fixture.client->replies_dropped(), 1U);
}

TEST(StreamClient, ManyCallsPastOneThatIsSlow) {
    StreamFixture fixture;
    TestCall slow;
    fixture.submit(slow);
    FakeConnection& connection = fixture.connect();
    connection.written();
    for (int round = 0; round < 200; ++round) {
        TestCall quick;
        fixture.submit(quick);
        const std::string line = connection.written();
        connection.feed(line.substr(0, line.find(' ')) + " ok quick\n");
        ASSERT_TRUE(quick.succeeded_once());
    }
    connection.feed("1 ok slow\n");
    EXPECT_EQ(slow.data, Dynamic{"slow"});
}

TEST(StreamClient, WhatCannotBeWrittenFailsAloneAndLeavesTheConnection) {
    StreamFixture fixture;
    TestCall good;
    TestCall bad{"unspeakable"};
    fixture.submit(good);
    FakeConnection& connection = fixture.connect();
    fixture.submit(bad);
    EXPECT_EQ(bad.code(), Code::invalid_request);
    connection.feed("1 ok fine\n");
    EXPECT_TRUE(good.succeeded_once());
}

TEST(StreamClient, ACallGivenUpIsCancelledInEveryStage) {
    StreamFixture fixture;
    TestCall waiting;
    fixture.submit(waiting);
    fixture.client->cancel(waiting);
    fixture.executor.run_until_idle();
    EXPECT_EQ(waiting.code(), Code::cancelled);
    EXPECT_EQ(waiting.failure->message, "The caller gave up before the request was sent");
    FakeConnection& connection = fixture.connect();
    EXPECT_EQ(connection.written(), "");
    TestCall sent;
    fixture.submit(sent);
    fixture.client->cancel(sent);
    fixture.executor.run_until_idle();
    EXPECT_EQ(sent.code(), Code::cancelled);
    EXPECT_TRUE(sent.failure->message.ends_with("may be handled")) << sent.failure->message;
    connection.feed("1 ok late\n");
    EXPECT_EQ(fixture.client->replies_dropped(), 1U);
}

TEST(StreamClient, ACallThatRunsAnywayIsGivenUpOnceItIsSent) {
    StreamFixture fixture;
    TestCall call;
    call.runs_anyway = true;
    fixture.submit(call);
    fixture.client->cancel(call);
    fixture.executor.run_until_idle();
    EXPECT_EQ(call.code(), std::nullopt);
    FakeConnection& connection = fixture.connect();
    EXPECT_NE(connection.written(), "");
    fixture.client->cancel(call);
    fixture.executor.run_until_idle();
    EXPECT_EQ(call.code(), Code::cancelled);
}

TEST(StreamClient, ACallIsWithdrawnOnlyBeforeItIsSent) {
    StreamFixture fixture;
    TestCall waiting;
    fixture.submit(waiting);
    fixture.client->withdraw(waiting);
    fixture.executor.run_until_idle();
    EXPECT_EQ(waiting.code(), Code::cancelled);
    FakeConnection& connection = fixture.connect();
    TestCall sent;
    fixture.submit(sent);
    fixture.client->withdraw(sent);
    fixture.executor.run_until_idle();
    EXPECT_TRUE(sent.pending());
    connection.feed("1 ok fine\n");
    EXPECT_TRUE(sent.succeeded_once());
}

TEST(StreamClient, WhatWasNotSentEndsTogether) {
    StreamFixture fixture;
    TestCall sent;
    fixture.submit(sent);
    FakeConnection& connection = fixture.connect();
    TestCall unspoken[2];
    StreamFixture other;
    for (TestCall& call : unspoken) {
        other.submit(call);
    }
    for (StreamFixture* each : {&fixture, &other}) {
        each->client->end_unsent({.code = Code::no_responder, .message = "as told"});
        each->executor.run_until_idle();
    }
    for (const TestCall& call : unspoken) {
        EXPECT_EQ(call.code(), Code::no_responder);
    }
    EXPECT_TRUE(sent.pending());
    connection.feed("1 ok fine\n");
    EXPECT_TRUE(sent.succeeded_once());
}

TEST(StreamClient, CloseEndsEverything) {
    StreamFixture fixture{{.addresses = 2}};
    TestCall sent;
    fixture.submit(sent);
    FakeConnection& connection = fixture.connect();
    TestCall more;
    fixture.submit(more);
    fixture.client->close();
    EXPECT_EQ(sent.code(), Code::cancelled);
    EXPECT_EQ(more.code(), Code::cancelled);
    EXPECT_TRUE(connection.is_closing);
    connection.feed("1 ok late\n");
    EXPECT_TRUE(connection.input.empty());
    connection.lose();
    FakeConnection& second = fixture.connect();
    EXPECT_TRUE(second.is_closing);
    TestCall after;
    fixture.client->submit(after);
    EXPECT_EQ(after.code(), Code::cancelled);
    EXPECT_EQ(fixture.client->stream_counters().connections, 0U);
}

TEST(StreamClient, MayBeClosedAndLeftFromACompletion) {
    StreamFixture fixture;
    TestCall one;
    TestCall two;
    fixture.submit(one);
    fixture.submit(two);
    FakeConnection& connection = fixture.connect();
    one.on_finished = [&] {
        fixture.client->close();
        fixture.client = std::make_shared<StreamClient>(
            fixture.executor, std::make_shared<test::LineProtocol>(ResponseOrder::any),
            StreamClientOptions{});
    };
    connection.feed("1 ok a\n2 ok b\n");
    EXPECT_TRUE(one.succeeded_once());
    EXPECT_EQ(two.code(), Code::cancelled);
    EXPECT_TRUE(connection.input.empty());
}

TEST(StreamClient, OneCallOverTheLimitIsOverloaded) {
    StreamFixture fixture{{.options = {.in_flight_max = 2}}};
    TestCall calls[3];
    for (TestCall& call : calls) {
        fixture.submit(call);
    }
    EXPECT_TRUE(calls[1].pending());
    EXPECT_EQ(calls[2].code(), Code::overloaded);
    fixture.client->close();
}

TEST(StreamClient, CallsMadeBeforeItKnowsWhereToWaitForThat) {
    StreamFixture fixture;
    auto early = std::make_shared<StreamClient>(
        fixture.executor, std::make_shared<test::LineProtocol>(ResponseOrder::any),
        StreamClientOptions{});
    TestCall call;
    early->submit(call);
    fixture.executor.run_until_idle();
    EXPECT_TRUE(fixture.transport.attempts.empty());
    early->attach(fixture.transport);
    EXPECT_EQ(fixture.transport.attempts.size(), 1U);
    early->close();
    EXPECT_EQ(call.code(), Code::cancelled);
}

TEST(StreamClient, ABrokenStreamFailsItsCallsAndIsMadeAnew) {
    StreamFixture fixture;
    TestCall one;
    TestCall two;
    fixture.submit(one);
    fixture.submit(two);
    FakeConnection& connection = fixture.connect();
    connection.feed("1 ok fine\n!garbage");
    EXPECT_TRUE(one.succeeded_once());
    EXPECT_EQ(two.code(), Code::internal);
    EXPECT_NE(two.failure->message.find("tcp://server0"), std::string::npos);
    EXPECT_NE(two.failure->message.find("no line at all"), std::string::npos);
    EXPECT_TRUE(connection.is_closing);
    TestCall three;
    fixture.submit(three);
    ASSERT_EQ(fixture.transport.attempts.size(), 1U);
    EXPECT_EQ(fixture.connect().written(), "1 dx_example 1 60000\n");
    fixture.client->close();
}

TEST(StreamClient, InOrderEachConnectionCarriesOneCall) {
    StreamFixture fixture{
        {.order = ResponseOrder::as_requested, .options = {.pool = {.connections_max = 2}}}};
    TestCall calls[4];
    for (TestCall& call : calls) {
        fixture.submit(call);
    }
    EXPECT_EQ(fixture.transport.attempts.size(), 1U);
    FakeConnection& first = fixture.connect();
    EXPECT_EQ(first.written(), "0 dx_example 1 60000\n");
    ASSERT_EQ(fixture.transport.attempts.size(), 1U);
    FakeConnection& second = fixture.connect();
    EXPECT_EQ(second.written(), "0 dx_example 1 60000\n");
    EXPECT_TRUE(fixture.transport.attempts.empty());
    first.feed("0 ok a\n");
    EXPECT_EQ(calls[0].data, Dynamic{"a"});
    EXPECT_EQ(first.written(), "0 dx_example 1 60000\n");
    first.feed("0 ok c\n");
    second.feed("0 ok b\n");
    EXPECT_EQ(calls[1].data, Dynamic{"b"});
    EXPECT_EQ(calls[2].data, Dynamic{"c"});
    first.feed("0 ok d\n");
    EXPECT_EQ(calls[3].data, Dynamic{"d"});
    EXPECT_EQ(fixture.transport.attempts_made, 2U);
}

TEST(StreamClient, InOrderALoneCallerNeedsOneConnection) {
    StreamFixture fixture{{.addresses = 3, .order = ResponseOrder::as_requested}};
    for (int round = 0; round < 10; ++round) {
        TestCall call;
        fixture.submit(call);
        FakeConnection& connection =
            fixture.connections.empty() ? fixture.connect() : fixture.connections.front();
        connection.feed("0 ok a\n");
        EXPECT_TRUE(call.succeeded_once());
    }
    EXPECT_EQ(fixture.transport.attempts_made, 1U);
}

TEST(StreamClient, InOrderATimeOutCostsTheConnection) {
    StreamFixture fixture{
        {.order = ResponseOrder::as_requested, .options = {.pool = {.connections_max = 1}}}};
    TestCall slow{"slow", 1s};
    TestCall next;
    fixture.submit(slow);
    FakeConnection& connection = fixture.connect();
    fixture.submit(next);
    fixture.executor.advance(1s);
    EXPECT_EQ(slow.code(), Code::deadline_exceeded);
    EXPECT_TRUE(connection.is_closing);
    connection.feed("0 ok late\n");
    EXPECT_TRUE(next.pending());
    fixture.executor.advance(50ms);
    FakeConnection& anew = fixture.connect();
    anew.feed("0 ok mine\n");
    EXPECT_EQ(next.data, Dynamic{"mine"});
}

TEST(StreamClient, RefusesWhatAServerAsksAndPassesOverWhatItSays) {
    StreamFixture fixture;
    TestCall one;
    fixture.submit(one);
    FakeConnection& connection = fixture.connect();
    connection.written();
    connection.feed("0 ask me\n0 said\n9 ok another's\n1 ok hello\n");
    EXPECT_EQ(one.data, Dynamic{"hello"});
    EXPECT_EQ(connection.written(), "refused\n");
    EXPECT_FALSE(connection.is_closing);
    // One that asks and does not read costs no memory.
    connection.unsent = std::size_t{64} << 10;
    connection.feed("0 ask again\n");
    EXPECT_EQ(connection.written(), "");
    --connection.unsent;
    connection.feed("0 ask again\n");
    EXPECT_EQ(connection.written(), "refused\n");
}

TEST(StreamClient, InOrderWhatNobodyAskedForCostsTheConnection) {
    for (const char* extra : {"0 ok more\n", "0 o"}) {
        StreamFixture fixture{
            {.order = ResponseOrder::as_requested, .options = {.pool = {.connections_max = 1}}}};
        TestCall one;
        TestCall two;
        fixture.submit(one);
        fixture.submit(two);
        FakeConnection& connection = fixture.connect();
        connection.feed(std::string{"0 ok a\n"} + extra);
        EXPECT_EQ(one.data, Dynamic{"a"});
        EXPECT_TRUE(two.pending());
        EXPECT_TRUE(connection.is_closing);
        fixture.connect().feed("0 ok b\n");
        EXPECT_EQ(two.data, Dynamic{"b"});
    }
}

TEST(StreamClient, ACallWithoutTimeToBeSentBlamesNobody) {
    const Failure failure =
        stream_deadline_failure({.where = "tcp://server0", .is_connected = true}, 1ms);
    EXPECT_EQ(failure.code, Code::deadline_exceeded);
    EXPECT_EQ(failure.message,
              "Not sent to tcp://server0 within 1ms: the time was over before its turn came");
}

TEST(StreamClient, AReplyOverALimitIsNotCalledUnreadable) {
    const Failure over{.code = Code::reply_over_limit, .message = "over; the call was handled"};
    EXPECT_EQ(stream_broken_failure("tcp://server0", over).message, over.message);
}

TEST(StreamClient, InOrderADeadlineInTheQueueSaysThatAllAreBusy) {
    StreamFixture fixture{
        {.order = ResponseOrder::as_requested, .options = {.pool = {.connections_max = 1}}}};
    TestCall first;
    TestCall second{"dx_example", 1s};
    fixture.submit(first);
    fixture.connect();
    fixture.submit(second);
    fixture.executor.advance(1s);
    EXPECT_EQ(second.code(), Code::deadline_exceeded);
    EXPECT_TRUE(second.failure->message.starts_with("Not sent: every connection"));
    EXPECT_TRUE(first.pending());
    fixture.client->close();
}

}  // namespace
}  // namespace warren::runtime
