#include "runtime/client/stream_client.hpp"
#include "unit/runtime/client/fake_streams.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <set>
#include <string>

// How a stream client makes connections, and what becomes of calls when it cannot.
namespace warren::runtime {
namespace {

using protocol::ResponseOrder;
using test::FakeConnection;
using test::StreamFixture;
using test::TestCall;
using namespace std::chrono_literals;

TEST(StreamClientConnect, GivesUpAfterSoManyAttemptsInARow) {
    StreamFixture fixture;
    TestCall call;
    fixture.submit(call);
    fixture.refuse_for(1s);
    EXPECT_EQ(call.code(), Code::no_responder);
    EXPECT_EQ(call.failure->message,
              "Not sent: no connection to tcp://server0 in 5 attempts, the last one: nobody "
              "listens");
    EXPECT_EQ(fixture.transport.attempts_made, 5U);
    EXPECT_EQ(fixture.client->stream_counters().connect_failures, 5U);
    // Nobody waits, so nobody tries; the next call begins anew.
    fixture.executor.advance(10s);
    EXPECT_EQ(fixture.transport.attempts_made, 5U);
    TestCall next;
    fixture.submit(next);
    EXPECT_EQ(fixture.transport.attempts_made, 6U);
    EXPECT_EQ(fixture.connect().written(), "1 dx_example 1 60000\n");
    fixture.client->close();
}

TEST(StreamClientConnect, WaitsAsItsOptionsSay) {
    StreamFixture fixture{
        {.options = {.pool = {.connect_attempts = 3,
                              .connect_backoff = {
                                  .first = 1s, .max = 10s, .growth = BackoffGrowth::linear}}}}};
    TestCall call;
    fixture.submit(call);
    fixture.refuse();
    fixture.executor.advance(999ms);
    EXPECT_EQ(fixture.transport.attempts_made, 1U);
    fixture.executor.advance(1ms);
    EXPECT_EQ(fixture.transport.attempts_made, 2U);
    fixture.refuse();
    fixture.executor.advance(1999ms);
    EXPECT_EQ(fixture.transport.attempts_made, 2U);
    fixture.executor.advance(1ms);
    fixture.refuse();
    EXPECT_EQ(call.code(), Code::no_responder);
    EXPECT_EQ(fixture.transport.attempts_made, 3U);
}

TEST(StreamClientConnect, AServerThatComesUpInBetweenIsUsed) {
    StreamFixture fixture;
    TestCall call;
    fixture.submit(call);
    fixture.refuse();
    fixture.executor.advance(50ms);
    fixture.refuse();
    fixture.executor.advance(100ms);
    fixture.connect().feed("1 ok at last\n");
    EXPECT_TRUE(call.succeeded_once());
}

TEST(StreamClientConnect, APermanentRefusalIsToldAtOnce) {
    StreamFixture fixture;
    TestCall call;
    fixture.submit(call);
    fixture.refuse(RetryClass::permanent);
    EXPECT_EQ(call.code(), Code::unauthenticated);
    EXPECT_EQ(call.failure->message, "Not sent: no connection to tcp://server0: not trusted");
    EXPECT_EQ(fixture.transport.attempts_made, 1U);
}

TEST(StreamClientConnect, APermanentRefusalOfOneAddressLeavesTheOther) {
    StreamFixture fixture{{.addresses = 2}};
    TestCall call;
    fixture.submit(call);
    ASSERT_EQ(fixture.transport.attempts.size(), 2U);
    fixture.refuse(RetryClass::permanent);
    EXPECT_TRUE(call.pending());
    fixture.connect().feed("1 ok other\n");
    EXPECT_TRUE(call.succeeded_once());
}

TEST(StreamClientConnect, TheDeadlineHoldsWhileConnecting) {
    StreamFixture fixture;
    TestCall call{"dx_example", 30ms};
    fixture.submit(call);
    fixture.executor.advance(30ms);
    EXPECT_EQ(call.code(), Code::no_responder);
    EXPECT_EQ(call.failure->message, "Not sent: no connection to tcp://server0 within 30ms");
    fixture.refuse();
    TestCall other{"dx_example", 10ms};
    fixture.submit(other);
    fixture.executor.advance(10ms);
    EXPECT_EQ(other.failure->message,
              "Not sent: no connection to tcp://server0 within 10ms: nobody listens");
}

TEST(StreamClientConnect, AllAddressesCountAndAllAreTried) {
    StreamFixture fixture{{.addresses = 7}};
    TestCall call;
    fixture.submit(call);
    ASSERT_EQ(fixture.transport.attempts.size(), 7U);
    for (int refused = 0; refused < 6; ++refused) {
        fixture.refuse();
        EXPECT_TRUE(call.pending());
    }
    fixture.refuse();
    EXPECT_EQ(call.code(), Code::no_responder);
    EXPECT_NE(call.failure->message.find("tcp://server3 or 3 more in 7 attempts"),
              std::string::npos)
        << call.failure->message;
}

TEST(StreamClientConnect, GoesRoundThoseThatAreUp) {
    StreamFixture fixture{{.addresses = 3, .options = {.pool = {.connections_per_address = 2}}}};
    TestCall first;
    fixture.submit(first);
    EXPECT_EQ(fixture.transport.attempts.size(), 3U) << "one at each until it is known to be up";
    while (!fixture.transport.attempts.empty()) {
        fixture.connect();
    }
    ASSERT_EQ(fixture.connections.size(), 6U);
    std::deque<TestCall> calls(12);
    for (TestCall& call : calls) {
        fixture.submit(call);
    }
    for (FakeConnection& connection : fixture.connections) {
        EXPECT_GE(connection.touches, 2);
    }
    fixture.client->close();
}

TEST(StreamClientConnect, AServerWithoutRoomIsLeftAloneForAsLongAsItSays) {
    StreamFixture fixture{{.addresses = 2}};
    TestCall first;
    fixture.submit(first);
    FakeConnection& full = fixture.connect();
    fixture.connect();
    full.feed("1 ok a\n");
    TestCall both[2];
    fixture.submit(both[0]);
    fixture.submit(both[1]);
    full.feed("2 overloaded too much\n");
    EXPECT_TRUE(both[0].failure || both[1].failure);
    full.written();
    std::deque<TestCall> calls(4);
    for (TestCall& call : calls) {
        fixture.submit(call);
    }
    EXPECT_EQ(full.written(), "");
    fixture.executor.advance(300ms);
    TestCall later[2];
    fixture.submit(later[0]);
    fixture.submit(later[1]);
    EXPECT_NE(full.written(), "");
    fixture.client->close();
}

TEST(StreamClientConnect, CallsThatFollowAnswersLeaveTogetherWhereTheseCameFrom) {
    StreamFixture fixture{{.options = {.pool = {.connections_per_address = 3}}}};
    TestCall probe;
    fixture.submit(probe);
    while (!fixture.transport.attempts.empty()) {
        fixture.connect();
    }
    ASSERT_EQ(fixture.connections.size(), 3U);
    fixture.connections[0].feed("1 ok here\n");
    std::deque<TestCall> calls(9);
    for (TestCall& call : calls) {
        fixture.submit(call);
    }
    for (FakeConnection& connection : fixture.connections) {
        EXPECT_EQ(std::ranges::count(connection.written(), '\n'),
                  &connection == &fixture.connections[0] ? 4 : 3)
            << "without answers all have the same to do";
    }
    fixture.connections[1].feed("1 ok a\n2 ok b\n3 ok c\n");
    std::deque<TestCall> following(3);
    for (TestCall& call : following) {
        fixture.submit(call);
    }
    EXPECT_EQ(std::ranges::count(fixture.connections[1].written(), '\n'), 3);
    EXPECT_EQ(fixture.connections[0].written() + fixture.connections[2].written(), "");
    fixture.client->close();
}
TEST(StreamClientConnect, AnAnswerOfAConnectionThatIsGivenUpBringsItNoCalls) {
    StreamFixture fixture{{.options = {.pool = {.connections_per_address = 2}}}};
    TestCall first{"dx_example", 10s};
    TestCall patient;
    TestCall elsewhere;
    fixture.submit(first);
    FakeConnection& silent = fixture.connect();
    fixture.submit(patient);
    FakeConnection& other = fixture.connect();
    fixture.submit(elsewhere);
    fixture.executor.advance(10s);
    EXPECT_EQ(first.code(), Code::deadline_exceeded);
    silent.written();
    other.written();
    silent.feed("2 ok after all\n");
    EXPECT_TRUE(patient.succeeded_once());
    TestCall next;
    fixture.submit(next);
    EXPECT_EQ(silent.written(), "");
    EXPECT_NE(other.written(), "");
    fixture.client->close();
}
TEST(StreamClientConnect, CallsGoOnWhereAServerIsUpAndTheOtherIsTriedLater) {
    StreamFixture fixture{{.addresses = 2}};
    TestCall first;
    fixture.submit(first);
    fixture.refuse();
    FakeConnection& up = fixture.connect();
    up.feed("1 ok a\n");
    TestCall more[2];
    fixture.submit(more[0]);
    fixture.submit(more[1]);
    EXPECT_TRUE(fixture.transport.attempts.empty());
    up.feed("2 ok b\n3 ok c\n");
    EXPECT_TRUE(more[0].succeeded_once() && more[1].succeeded_once());
    fixture.executor.advance(50ms);
    TestCall later;
    fixture.submit(later);
    ASSERT_EQ(fixture.transport.attempts.size(), 1U);
    EXPECT_EQ(fixture.transport.attempts.front().address, 0U);
    EXPECT_NE(up.written().find("4 dx_example"), std::string::npos);
    fixture.client->close();
}

TEST(StreamClientConnect, AfterALossTheOtherServerTakesOver) {
    StreamFixture fixture{{.addresses = 2}};
    TestCall one;
    fixture.submit(one);
    FakeConnection& first = fixture.connect();
    FakeConnection& second = fixture.connect();
    first.feed("1 ok a\n");
    first.lose();
    for (int round = 0; round < 4; ++round) {
        TestCall call;
        fixture.submit(call);
        EXPECT_NE(second.text, "");
        second.feed(second.written().substr(0, 1) + " ok b\n");
        EXPECT_TRUE(call.succeeded_once());
    }
    EXPECT_EQ(fixture.client->stream_counters().connections_lost, 1U);
}

TEST(StreamClientConnect, ARefusalIsBelievedUntilTheFirstAnswer) {
    const Failure refused{.code = Code::unauthenticated, .message = "no certificate"};
    StreamFixture fixture;
    TestCall unanswered;
    fixture.submit(unanswered);
    fixture.connect().lose(refused);
    EXPECT_EQ(unanswered.code(), Code::unauthenticated);
    for (const bool is_awaited : {true, false}) {
        TestCall first{"dx_example", 1s};
        TestCall second;
        fixture.submit(first);
        fixture.submit(second);
        fixture.executor.advance(500ms);
        FakeConnection& connection = fixture.connect();
        fixture.executor.advance(is_awaited ? 0s : 1s);
        connection.feed(connection.written().substr(0, 1) + " ok first\n");
        connection.lose(refused);
        EXPECT_EQ(second.code(), Code::connection_lost);
        EXPECT_NE(second.failure->message.find("may have been handled"), std::string::npos);
    }
}

TEST(StreamClientConnect, AConnectionThatGivesNothingIsNotMadeAnewAtOnce) {
    StreamFixture fixture;
    for (int round = 0; round < 3; ++round) {
        TestCall call;
        fixture.submit(call);
        if (fixture.transport.attempts.empty()) {
            fixture.executor.advance(2s);
        }
        const std::size_t before = fixture.transport.attempts_made;
        fixture.connect().lose();
        EXPECT_EQ(call.code(), Code::connection_lost);
        EXPECT_EQ(fixture.transport.attempts_made, before);
    }
}

TEST(StreamClientConnect, AWaitingCallIsTriedAgainAfterAConnectionThatGaveNothing) {
    StreamFixture fixture{
        {.order = ResponseOrder::as_requested, .options = {.pool = {.connections_max = 1}}}};
    TestCall one;
    TestCall two;
    fixture.submit(one);
    fixture.submit(two);
    fixture.connect().lose();
    EXPECT_EQ(one.code(), Code::connection_lost);
    EXPECT_TRUE(two.pending());
    fixture.executor.advance(50ms);
    fixture.connect().feed("0 ok b\n");
    EXPECT_TRUE(two.succeeded_once());
}

TEST(StreamClientConnect, ASilentConnectionGetsNoMoreCalls) {
    StreamFixture fixture;
    TestCall first{"dx_example", 10s};
    TestCall patient;
    fixture.submit(first);
    FakeConnection& silent = fixture.connect();
    fixture.submit(patient);
    fixture.executor.advance(10s);
    EXPECT_EQ(first.code(), Code::deadline_exceeded);
    EXPECT_FALSE(silent.is_closing) << "another call is still waiting on it";
    silent.written();
    TestCall next;
    fixture.submit(next);
    EXPECT_EQ(silent.written(), "");
    fixture.executor.advance(100ms);
    fixture.connect().feed("1 ok here\n");
    EXPECT_TRUE(next.succeeded_once());
    silent.feed("2 ok after all\n");
    EXPECT_TRUE(patient.succeeded_once());
    EXPECT_TRUE(silent.is_closing);
}

TEST(StreamClientConnect, ATimeOutAloneDoesNotCostTheConnection) {
    StreamFixture fixture;
    TestCall slow{"slow", 10s};
    fixture.submit(slow);
    FakeConnection& connection = fixture.connect();
    fixture.executor.advance(9s);
    TestCall quick;
    fixture.submit(quick);
    connection.feed("2 ok quick\n");
    fixture.executor.advance(1s);
    EXPECT_EQ(slow.code(), Code::deadline_exceeded);
    connection.written();
    TestCall next;
    fixture.submit(next);
    EXPECT_EQ(connection.written(), "3 dx_example 1 60000\n");
    fixture.client->close();
}

}  // namespace
}  // namespace warren::runtime
