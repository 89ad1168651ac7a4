#include "runtime/client/stream_client.hpp"
#include "unit/runtime/client/fake_streams.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>

// Health is answers: what becomes of servers that take connections and do not answer.
namespace warren::runtime {
namespace {

using protocol::ResponseOrder;
using test::FakeConnection;
using test::StreamFixture;
using test::TestCall;
using namespace std::chrono_literals;

/// Two servers whose connections are asked "ping" first.
struct TwoServers : StreamFixture {
    TwoServers() : StreamFixture{{.addresses = 2, .probe = "ping"}} {
        submit(first);
        hung = &connect();
        good = &connect();
    }

    TestCall first;
    FakeConnection* hung = nullptr;
    FakeConnection* good = nullptr;
};

/// Answer the last request.
void response(FakeConnection& connection) {
    connection.feed(connection.written().substr(0, 1) + " ok x\n");
}

TEST(StreamClientHealth, ACallWaitsForTheServerThatAnswers) {
    TwoServers servers;
    EXPECT_EQ(servers.hung->written(), "1 ping 1 -\n");
    EXPECT_EQ(servers.good->written(), "1 ping 1 -\n");
    servers.good->feed("1 ok alive\n");
    EXPECT_EQ(servers.good->written(), "2 dx_example 1 60000\n");
    servers.good->feed("2 ok there\n");
    EXPECT_TRUE(servers.first.succeeded_once());
    EXPECT_TRUE(servers.good->is_proven);
    EXPECT_FALSE(servers.hung->is_proven);
    for (int round = 0; round < 6; ++round) {
        TestCall call;
        servers.submit(call);
        EXPECT_EQ(servers.hung->text, "");
        response(*servers.good);
        EXPECT_TRUE(call.succeeded_once());
    }
}

TEST(StreamClientHealth, AnErrorIsASignOfLifeAsWell) {
    TwoServers servers;
    servers.good->feed("1 no_such_method ping\n");
    EXPECT_EQ(servers.good->written(), "1 ping 1 -\n2 dx_example 1 60000\n");
    servers.client->close();
}

TEST(StreamClientHealth, OneThatComesBackIsUsedAgain) {
    TwoServers servers;
    servers.good->feed("1 ok alive\n");
    servers.good->feed("2 ok there\n");
    servers.executor.advance(2s);
    servers.hung->written();
    servers.good->written();
    servers.hung->feed("1 ok sorry\n");
    std::deque<TestCall> calls(2);
    for (TestCall& call : calls) {
        servers.submit(call);
    }
    EXPECT_NE(servers.hung->written(), "");
    servers.client->close();
}

TEST(StreamClientHealth, OneThatGoesSilentIsAskedAndThenLeft) {
    TwoServers servers;
    servers.hung->feed("1 ok alive\n");
    servers.good->feed("1 ok alive\n");
    servers.hung->feed("2 ok there\n");
    std::deque<TestCall> calls(2);
    for (TestCall& call : calls) {
        servers.submit(call);
    }
    servers.good->written();
    servers.good->feed("2 ok there\n");
    servers.hung->written();
    servers.executor.advance(1s);
    EXPECT_NE(servers.hung->written().find("ping"), std::string::npos);
    servers.executor.advance(1500ms);
    std::deque<TestCall> later(4);
    for (TestCall& call : later) {
        servers.submit(call);
    }
    EXPECT_EQ(servers.hung->written(), "");
    // It was only slow: its response counts, and its server, too.
    servers.hung->feed("3 ok late\n4 ok alive\n");
    EXPECT_TRUE(calls[0].succeeded_once() && calls[1].succeeded_once());
    std::deque<TestCall> again(2);
    for (TestCall& call : again) {
        servers.submit(call);
    }
    EXPECT_NE(servers.hung->written(), "");
    servers.client->close();
}

TEST(StreamClientHealth, WhatIsNoAnswerIsNoSignOfLife) {
    TwoServers servers;
    servers.hung->feed("1 ok alive\n");
    servers.good->feed("1 ok alive\n");
    servers.hung->feed("2 ok there\n");
    std::deque<TestCall> calls(2);
    for (TestCall& call : calls) {
        servers.submit(call);
    }
    servers.good->feed("2 ok there\n");
    servers.hung->written();
    std::deque<TestCall> later;
    for (int round = 0; round < 23; ++round) {
        servers.executor.advance(300ms);
        servers.hung->feed("0 hear this\n99 ok of nothing\n0 he");
        servers.hung->feed("ar that\n");
        if (round == 0) {
            EXPECT_EQ(servers.hung->written(), "");
        } else if (round >= 8) {
            servers.hung->written();
            servers.good->written();
            servers.submit(later.emplace_back());
            EXPECT_EQ(servers.hung->written(), "") << round;
            const std::string sent = servers.good->written();
            servers.good->feed(sent.substr(0, sent.find(' ')) + " ok x\n");
            EXPECT_TRUE(later.back().succeeded_once());
        }
    }
    EXPECT_FALSE(servers.hung->is_closing) << "a late answer would still be heard";
    servers.client->close();
}

TEST(StreamClientHealth, ATimeOutIsEnoughForAQuestion) {
    TwoServers servers;
    servers.hung->feed("1 ok alive\n");
    servers.hung->feed("2 ok there\n");
    servers.good->feed("1 ok alive\n");
    std::deque<TestCall> calls;
    for (int count = 0; count < 2; ++count) {
        servers.submit(calls.emplace_back("dx_example", 100ms));
    }
    servers.good->feed("2 ok there\n");
    servers.hung->written();
    servers.executor.advance(100ms);
    EXPECT_NE(servers.hung->written().find("ping"), std::string::npos);
    TestCall next[2];
    servers.submit(next[0]);
    servers.submit(next[1]);
    EXPECT_EQ(servers.hung->written(), "");
    servers.client->close();
}

TEST(StreamClientHealth, ConnectionsThatNeverAnswerAreMadeAnewWithPauses) {
    TwoServers servers;
    servers.good->feed("1 ok alive\n");
    servers.good->feed("2 ok there\n");
    servers.executor.advance(6s);
    EXPECT_TRUE(servers.hung->is_closing);
    servers.executor.advance(50ms);
    TestCall call;
    servers.submit(call);
    ASSERT_EQ(servers.transport.attempts.size(), 1U);
    EXPECT_EQ(servers.transport.attempts.front().address, 0U);
    FakeConnection& again = servers.connect();
    EXPECT_EQ(again.written(), "1 ping 1 -\n");
    again.feed("1 ok back\n");
    std::deque<TestCall> calls(2);
    for (TestCall& each : calls) {
        servers.submit(each);
    }
    EXPECT_NE(again.written(), "");
    servers.client->close();
}

TEST(StreamClientHealth, WhereNobodyAnswersCallsGoOutAllTheSame) {
    TwoServers servers;
    servers.executor.advance(1500ms);
    EXPECT_NE((servers.hung->text + servers.good->text).find("dx_example"), std::string::npos);
    servers.client->close();
}

TEST(StreamClientHealth, ATrialThatBreaksCountsAsAnAttempt) {
    StreamFixture fixture{
        {.addresses = 2, .options = {.pool = {.connect_attempts = 4}}, .probe = "ping"}};
    TestCall call;
    fixture.submit(call);
    for (int round = 0; round < 4 && call.pending(); ++round) {
        while (fixture.transport.attempts.empty()) {
            fixture.executor.advance(10ms);
        }
        fixture.connect().lose({.code = Code::connection_lost, .message = "closed at once"});
        fixture.executor.run_until_idle();
    }
    EXPECT_EQ(call.code(), Code::no_responder);
    EXPECT_NE(call.failure->message.find("closed at once"), std::string::npos);
}

TEST(StreamClientHealth, AnotherAddressOfTheSameNameIsTriedWhenOneIsSilent) {
    StreamFixture fixture{{.probe = "ping"}};
    TestCall call;
    fixture.submit(call);
    FakeConnection& silent = fixture.connect(true);
    EXPECT_EQ(silent.written(), "1 ping 1 -\n");
    fixture.executor.advance(1s);
    EXPECT_TRUE(silent.is_closing);
    fixture.executor.advance(50ms);
    ASSERT_EQ(fixture.transport.attempts.size(), 1U);
    FakeConnection& other = fixture.connect();
    EXPECT_EQ(other.written(), "1 dx_example 1 58950\n") << "the last one is believed";
    other.feed("1 ok here\n");
    EXPECT_TRUE(call.succeeded_once());
}

TEST(StreamClientHealth, OneServerAloneIsNotAsked) {
    StreamFixture fixture{{.probe = "ping"}};
    TestCall call;
    fixture.submit(call);
    FakeConnection& connection = fixture.connect();
    EXPECT_EQ(connection.written(), "1 dx_example 1 60000\n");
    fixture.executor.advance(30s);
    EXPECT_EQ(connection.written(), "");
    fixture.client->close();
}

TEST(StreamClientHealth, WithoutAQuestionACallFindsOutNowAndThen) {
    StreamFixture fixture{{.addresses = 2, .order = ResponseOrder::as_requested}};
    TestCall first{"dx_example", 1s};
    fixture.submit(first);
    const std::size_t hung = fixture.transport.attempts.front().address;
    fixture.connect();
    fixture.executor.advance(1s);
    EXPECT_EQ(first.code(), Code::deadline_exceeded);
    for (int round = 0; round < 5; ++round) {
        TestCall call;
        fixture.submit(call);
        while (!fixture.transport.attempts.empty()) {
            EXPECT_NE(fixture.transport.attempts.front().address, hung);
            fixture.connect();
        }
        fixture.connections.back().feed("0 ok b\n");
        EXPECT_TRUE(call.succeeded_once());
    }
    fixture.executor.advance(1s);
    TestCall asking[2];
    fixture.submit(asking[0]);
    fixture.submit(asking[1]);
    ASSERT_FALSE(fixture.transport.attempts.empty());
    EXPECT_EQ(fixture.transport.attempts.front().address, hung);
    fixture.client->close();
}

}  // namespace
}  // namespace warren::runtime
