#include "runtime/client/stream_client.hpp"
#include "unit/runtime/client/fake_streams.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <deque>
#include <string>

// When a stream client sends a call again, and when not.
namespace warren::runtime::stream_client_retry_test {

using test::FakeConnection;
using test::StreamFixture;
using test::TestCall;
using namespace std::chrono_literals;

/// Connected, and known to answer.
FakeConnection& start(StreamFixture& fixture) {
    TestCall first;
    fixture.submit(first);
    FakeConnection& connection = fixture.connect();
    connection.written();
    connection.feed("1 ok a\n");
    return connection;
}

TEST(StreamClientRetry, WhatWasSentAndLostIsNotSentAgain) {
    StreamFixture fixture;
    FakeConnection& connection = start(fixture);
    TestCall call;
    fixture.submit(call);
    connection.lose();
    EXPECT_EQ(call.code(), Code::connection_lost);
    EXPECT_NE(call.failure->message.find("may have been handled: reset"), std::string::npos)
        << call.failure->message;
}

TEST(StreamClientRetry, AnIdempotentCallIsSentAgainAndSaysSo) {
    StreamFixture fixture;
    FakeConnection& connection = start(fixture);
    TestCall call;
    call.idempotent = true;
    fixture.submit(call);
    connection.lose();
    EXPECT_TRUE(call.pending());
    FakeConnection& anew = fixture.connect();
    EXPECT_EQ(anew.written(), "") << "not before its pause is over";
    fixture.executor.advance(50ms);
    EXPECT_TRUE(anew.written().starts_with("1 dx_example 2 "));
    anew.feed("1 ok b\n");
    EXPECT_TRUE(call.succeeded_once());
    EXPECT_EQ(fixture.client->retries(), 1U);
}

TEST(StreamClientRetry, NotMoreOftenThanTheLimit) {
    StreamFixture fixture{{.options = {.retry = {.retries_max = 2}}}};
    FakeConnection* connection = &start(fixture);
    TestCall call;
    call.idempotent = true;
    fixture.submit(call);
    for (int retry = 0; retry < 2; ++retry) {
        connection->lose();
        ASSERT_TRUE(call.pending());
        fixture.executor.advance(500ms);
        connection = &fixture.connect();
        EXPECT_NE(connection->written(), "");
    }
    connection->lose();
    EXPECT_EQ(call.code(), Code::connection_lost);
    EXPECT_TRUE(call.failure->message.ends_with("(attempt 3)")) << call.failure->message;
}

TEST(StreamClientRetry, OverloadedIsToldUnlessAskedOtherwise) {
    StreamFixture fixture;
    FakeConnection& connection = start(fixture);
    TestCall call;
    fixture.submit(call);
    connection.feed("2 overloaded too much\n");
    EXPECT_EQ(call.code(), Code::overloaded);
    EXPECT_EQ(call.failure->retry_after, 300ms);
}

TEST(StreamClientRetry, OverloadedIsSentAgainAfterTheServersPause) {
    for (const bool idempotent : {true, false}) {
        StreamFixture fixture{{.options = {.retry = {.overloaded = !idempotent}}}};
        FakeConnection& connection = start(fixture);
        TestCall call;
        call.idempotent = idempotent;
        fixture.submit(call);
        connection.written();
        connection.feed("2 overloaded too much\n");
        fixture.executor.advance(299ms);
        EXPECT_EQ(connection.written(), "");
        fixture.executor.advance(1ms);
        EXPECT_EQ(connection.written(), "3 dx_example 1 59700\n") << "nothing was done before";
        connection.feed("3 ok b\n");
        EXPECT_TRUE(call.succeeded_once());
    }
}

TEST(StreamClientRetry, AServerThatEndsIsLeftForTheNextAtOnce) {
    StreamFixture fixture;
    FakeConnection& old = start(fixture);
    TestCall begun;
    TestCall late;
    TestCall not_again;
    late.idempotent = true;
    fixture.submit(begun);
    fixture.submit(late);
    fixture.submit(not_again);
    old.written();
    old.feed("3 overloaded ending\n4 overloaded ending\n");
    EXPECT_TRUE(late.pending());
    EXPECT_EQ(not_again.code(), Code::overloaded) << "nothing was done, and only its caller knows";
    fixture.executor.advance(50ms);
    ASSERT_EQ(fixture.transport.attempts.size(), 1U) << "the pause is for who stays";
    EXPECT_EQ(old.written(), "") << "it gets no more calls";
    FakeConnection& next = fixture.connect();
    EXPECT_EQ(next.written(), "1 dx_example 1 59950\n");
    next.feed("1 ok b\n");
    EXPECT_TRUE(late.succeeded_once());
    old.feed("2 ok a\n");
    EXPECT_TRUE(begun.succeeded_once()) << "what it had begun it answers";
}

TEST(StreamClientRetry, NoNumberOfCallsIsTooManyForTheEndOfAServer) {
    StreamFixture fixture;
    FakeConnection& old = start(fixture);
    constexpr std::uint32_t many = 100;
    std::deque<TestCall> calls(many);
    std::string refusals;
    for (std::uint32_t at = 0; at < many; ++at) {
        calls[at].idempotent = true;
        fixture.submit(calls[at]);
        refusals += std::to_string(at + 2) + " overloaded ending\n";
    }
    old.feed(refusals);
    fixture.executor.advance(50ms);
    FakeConnection& next = fixture.connect();
    std::string responses;
    for (std::uint32_t id = 1; id <= many; ++id) {
        responses += std::to_string(id) + " ok b\n";
    }
    next.feed(responses);
    for (TestCall& call : calls) {
        EXPECT_TRUE(call.succeeded_once());
    }
}

TEST(StreamClientRetry, WhereTheEndOfAServerTakesConnectionsTheOthersAreAsked) {
    StreamFixture fixture{{.addresses = 2}};
    fixture.transport.finds_next = false;
    TestCall first;
    fixture.submit(first);
    FakeConnection& one = fixture.connect();
    FakeConnection& other = fixture.connect();
    one.written();
    one.feed("1 ok a\n");
    EXPECT_TRUE(first.succeeded_once());
    TestCall call;
    call.idempotent = true;
    fixture.submit(call);
    const bool was_first = !one.written().empty();
    FakeConnection& asked = was_first ? one : other;
    FakeConnection& not_asked = was_first ? other : one;
    asked.feed(was_first ? "2 overloaded ending\n" : "1 overloaded ending\n");
    fixture.executor.advance(50ms);
    EXPECT_NE(not_asked.written(), "");
    EXPECT_EQ(fixture.transport.attempts.size(), 0U) << "it would find the same server";
    not_asked.feed(was_first ? "1 ok b\n" : "2 ok b\n");
    EXPECT_TRUE(call.succeeded_once());
}

TEST(StreamClientRetry, NoCallIsSentToAServerThatEndsUntilItMayBeAnother) {
    StreamFixture fixture;
    fixture.transport.finds_next = false;
    FakeConnection& old = start(fixture);
    TestCall call;
    call.idempotent = true;
    fixture.submit(call);
    old.written();
    old.feed("2 overloaded ending\n");
    fixture.executor.advance(299ms);
    EXPECT_EQ(old.written(), "");
    EXPECT_EQ(fixture.transport.attempts.size(), 0U);
    fixture.executor.advance(1ms);
    ASSERT_EQ(fixture.transport.attempts.size(), 1U);
    FakeConnection& next = fixture.connect();
    EXPECT_TRUE(next.written().starts_with("1 dx_example 1 ")) << "one attempt, not several";
    next.feed("1 ok b\n");
    EXPECT_TRUE(call.succeeded_once());
}

TEST(StreamClientRetry, WhoWasAwayWhileAnotherAnsweredIsTriedAnew) {
    StreamFixture fixture{{.addresses = 2, .options = {.pool = {.connect_attempts = 3}}}};
    TestCall first;
    fixture.submit(first);
    FakeConnection& one = fixture.connect();
    one.feed("1 ok a\n");
    ASSERT_TRUE(first.succeeded_once());
    for (int attempt = 0; attempt < 4; ++attempt) {
        while (!fixture.transport.attempts.empty()) {
            fixture.refuse();
        }
        fixture.executor.advance(2s);
        TestCall call;
        fixture.submit(call);
        one.feed(std::to_string(attempt + 2) + " ok a\n");
        ASSERT_TRUE(call.succeeded_once());
    }
    while (!fixture.transport.attempts.empty()) {
        fixture.refuse();
    }
    one.lose();
    TestCall call;
    fixture.submit(call);
    ASSERT_EQ(fixture.transport.attempts.size(), 2U) << "each at once, whatever was before";
    fixture.refuse();
    EXPECT_TRUE(call.pending()) << "one of two has not been asked";
    fixture.connect().feed("1 ok a\n");
    EXPECT_TRUE(call.succeeded_once());
}

TEST(StreamClientRetry, OtherFailuresAreFinal) {
    StreamFixture fixture{{.options = {.retry = {.overloaded = true}}}};
    FakeConnection& connection = start(fixture);
    std::uint32_t id = 1;
    for (const char* code : {"failed", "expired_in_queue", "deadline_exceeded", "no_such_method"}) {
        TestCall call;
        call.idempotent = true;
        fixture.submit(call);
        connection.feed(std::to_string(++id) + ' ' + code + " so\n");
        EXPECT_EQ(call.code(), code_named(code));
    }
}

TEST(StreamClientRetry, WhatMayGoOtherwiseTheNextTimeIsSentAgain) {
    StreamFixture fixture;
    FakeConnection& connection = start(fixture);
    std::uint32_t id = 1;
    for (const char* code : {"internal", "cancelled", "no_responder", "connection_lost"}) {
        TestCall call;
        call.idempotent = true;
        fixture.submit(call);
        connection.written();
        connection.feed(std::to_string(++id) + ' ' + code + " so\n");
        EXPECT_TRUE(call.pending()) << code;
        fixture.executor.advance(50ms);
        EXPECT_NE(connection.written(), "") << code;
        connection.feed(std::to_string(++id) + " ok b\n");
        EXPECT_TRUE(call.succeeded_once()) << code;
        TestCall other;
        fixture.submit(other);
        connection.feed(std::to_string(++id) + ' ' + code + " so\n");
        EXPECT_EQ(other.code(), code_named(code));
    }
}

TEST(StreamClientRetry, WhatCannotBeReadIsAskedForAgainElsewhere) {
    StreamFixture fixture;
    FakeConnection& connection = start(fixture);
    TestCall call;
    call.idempotent = true;
    fixture.submit(call);
    connection.feed("!\n");
    fixture.executor.advance(50ms);
    FakeConnection& anew = fixture.connect();
    EXPECT_NE(anew.written(), "");
    anew.feed("1 ok b\n");
    EXPECT_TRUE(call.succeeded_once());
}

TEST(StreamClientRetry, WhatHasGivenPartsIsNotSentAgain) {
    StreamFixture fixture;
    FakeConnection& connection = start(fixture);
    TestCall call;
    call.idempotent = true;
    call.metadata.parts_window = 1000;
    fixture.submit(call);
    connection.feed("2 part a\n");
    connection.lose();
    EXPECT_EQ(call.code(), Code::connection_lost);
}

TEST(StreamClientRetry, ACallIsKnownByOneKey) {
    StreamFixture fixture{{.options = {.key_random = std::array<std::uint8_t, 16>{1}}}};
    FakeConnection& connection = start(fixture);
    TestCall call;
    call.idempotent = true;
    fixture.submit(call);
    const std::string key{call.metadata.idempotency_key};
    EXPECT_NE(key, "");
    connection.lose();
    fixture.executor.advance(50ms);
    fixture.connect().feed("1 ok b\n");
    EXPECT_TRUE(call.succeeded_once());
    EXPECT_EQ(call.metadata.idempotency_key, key);
    TestCall once;
    fixture.submit(once);
    EXPECT_EQ(once.metadata.idempotency_key, "") << "it is sent once";
    TestCall named;
    named.idempotent = true;
    named.metadata.idempotency_key = "order 7";
    fixture.submit(named);
    EXPECT_EQ(named.metadata.idempotency_key, "order 7");
    fixture.client->close();
}

TEST(StreamClientRetry, AOneWayCallIsOverWhenItIsWritten) {
    StreamFixture fixture;
    FakeConnection& connection = start(fixture);
    TestCall call;
    call.idempotent = true;
    call.wants_response = false;
    fixture.submit(call);
    EXPECT_TRUE(call.succeeded_once());
    connection.lose();
    fixture.executor.advance(1s);
    EXPECT_EQ(fixture.client->retries(), 0U);
}

TEST(StreamClientRetry, NotPastTheDeadline) {
    StreamFixture fixture;
    FakeConnection& connection = start(fixture);
    TestCall call{"dx_example", 300ms};
    call.idempotent = true;
    fixture.submit(call);
    connection.feed("2 overloaded too much\n");
    EXPECT_EQ(call.code(), Code::overloaded);
}

TEST(StreamClientRetry, TheBudgetEndsAStormOfThem) {
    StreamFixture fixture;
    FakeConnection& connection = start(fixture);
    std::deque<TestCall> calls(100);
    for (TestCall& call : calls) {
        call.idempotent = true;
        fixture.submit(call);
    }
    connection.lose();
    std::size_t failed = 0;
    for (const TestCall& call : calls) {
        failed += call.code() == Code::connection_lost ? 1U : 0U;
    }
    // No more than ten are saved up, however many calls there were.
    EXPECT_EQ(failed, 90U);
    EXPECT_EQ(fixture.client->retries(), 10U);
    fixture.client->close();
}

TEST(StreamClientRetry, TheBudgetFillsByCalls) {
    RetryBudget budget;
    for (int retry = 0; retry < 10; ++retry) {
        EXPECT_TRUE(budget.take());
    }
    EXPECT_FALSE(budget.take());
    for (int call = 0; call < 9; ++call) {
        budget.on_call();
    }
    EXPECT_FALSE(budget.take());
    budget.on_call();
    EXPECT_TRUE(budget.take());
    EXPECT_FALSE(budget.take());
}

TEST(StreamClientRetry, WhenNobodyIsThereAnyMoreTheFirstLossIsTold) {
    StreamFixture fixture;
    FakeConnection& connection = start(fixture);
    TestCall call;
    call.idempotent = true;
    fixture.submit(call);
    connection.lose();
    fixture.refuse_for(2s);
    EXPECT_EQ(call.code(), Code::connection_lost);
    EXPECT_NE(call.failure->message.find("may have been handled"), std::string::npos);
    EXPECT_NE(call.failure->message.find("nobody listens"), std::string::npos);
}

TEST(StreamClientRetry, ADeadlineBetweenAttemptsSaysWhatTheFirstCameTo) {
    StreamFixture fixture;
    FakeConnection& connection = start(fixture);
    TestCall call{"dx_example", 1s};
    call.idempotent = true;
    fixture.submit(call);
    connection.lose();
    fixture.executor.advance(1s);
    EXPECT_EQ(call.code(), Code::deadline_exceeded);
    EXPECT_TRUE(call.failure->message.starts_with("Not sent again within 1s; the attempt before"))
        << call.failure->message;
}

TEST(StreamClientRetry, GivenUpBetweenAttemptsItIsCancelledAsSent) {
    StreamFixture fixture;
    FakeConnection& connection = start(fixture);
    TestCall call;
    call.idempotent = true;
    fixture.submit(call);
    connection.lose();
    fixture.client->cancel(call);
    fixture.executor.run_until_idle();
    EXPECT_EQ(call.code(), Code::cancelled);
    EXPECT_TRUE(call.failure->message.ends_with("may be handled")) << call.failure->message;
    fixture.executor.advance(1s);
    EXPECT_EQ(call.completions, 1);
}

TEST(StreamClientRetry, WhatWasNeverSentGoesElsewhere) {
    StreamFixture fixture{{.addresses = 2}};
    TestCall call;
    fixture.submit(call);
    fixture.refuse();
    EXPECT_TRUE(call.pending());
    EXPECT_EQ(fixture.connect().written(), "1 dx_example 1 60000\n");
    fixture.client->close();
}

}  // namespace warren::runtime::stream_client_retry_test
