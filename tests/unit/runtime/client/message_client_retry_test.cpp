#include "unit/runtime/client/fake_transport.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <set>
#include <string>
#include <string_view>

// When a client at a broker sends a call again, and when not.
namespace warren::runtime::message_client_retry_test {

using test::broken;
using test::client_options;
using test::ClientFixture;
using test::Published;
using test::returned;
using test::TestCall;
using namespace std::chrono_literals;

/// Connected to a broker with a server of Warren's.
struct Retrying : ClientFixture {
    explicit Retrying(const RetryOptions& retry = {}) : ClientFixture{options(retry)} { start(); }

    static MessageClientOptions options(const RetryOptions& retry) {
        MessageClientOptions options = client_options();
        options.retry = retry;
        options.key_random = std::array<std::uint8_t, 16>{1};
        options.says_when_sent = true;
        options.cancels = true;
        options.when_absent = WhenAbsent::fail;
        return options;
    }
    void lose(RepliesSurvive replies = RepliesSurvive::no) { client->on_lost(broken, replies); }
    void come_back() {
        client->on_ready("another_queue");
        bind_all();
        executor.run_until_idle();
    }
    /// The server fails a request.
    void fail_with(const Published& request, const Dynamic& headers) {
        constexpr std::string_view body = R"({"success":false,"message":"so","data":null})";
        client->on_reply({.routing_key = "reply_queue",
                          .content_type = "application/json",
                          .correlation_id = request.correlation_id,
                          .headers = headers.value(),
                          .body = protocol::bytes_of(body),
                          .body_bytes = body.size()});
    }
    void fail(const Published& request, std::string_view code) {
        fail_with(request,
                  Dynamic::map({{"warren-code", std::string{code}}, {"warren-message", "so"}}));
    }
    std::size_t sent() const { return transport.published.size(); }
};

std::string header(const Published& request, std::string_view name) {
    const Value* const found = request.headers->find(name);
    if (found == nullptr) {
        return "none";
    }
    return found->is_text() ? std::string{found->as_text()} : std::to_string(found->as_int64());
}

/// One that may be done twice.
void submit_idempotent(Retrying& fixture, TestCall& call) {
    call.idempotent = true;
    fixture.submit(call);
}

TEST(MessageClientRetry, ALostConnectionSendsItAgainUnderTheSameKey) {
    Retrying fixture;
    TestCall call;
    submit_idempotent(fixture, call);
    const Published first = fixture.last();
    EXPECT_NE(header(first, "idempotency-key"), "none");
    EXPECT_EQ(header(first, "warren-attempt"), "none");
    fixture.client->on_accepted(first.token);
    fixture.lose();
    fixture.executor.advance(1s);
    EXPECT_TRUE(call.pending());
    EXPECT_EQ(fixture.sent(), 1U) << "there is no connection";
    fixture.come_back();
    ASSERT_EQ(fixture.sent(), 2U);
    const Published& second = fixture.last();
    EXPECT_EQ(header(second, "idempotency-key"), header(first, "idempotency-key"));
    EXPECT_EQ(header(second, "warren-attempt"), "2");
    EXPECT_NE(second.correlation_id, first.correlation_id);
    EXPECT_EQ(second.reply_to, "another_queue");
    EXPECT_EQ(second.expiration, "59000");
    EXPECT_TRUE(fixture.transport.controls.empty()) << "somebody still waits for it";
    fixture.reply(first);
    EXPECT_TRUE(call.pending()) << "what comes for the first attempt is nobody's";
    fixture.reply(second);
    EXPECT_TRUE(call.succeeded_once());
}

TEST(MessageClientRetry, OnlyWhatIsIdempotentAndMayGoOtherwise) {
    for (const char* code : {"overloaded", "cancelled", "internal", "connection_lost",
                             "no_responder", "broker_blocked"}) {
        Retrying fixture;
        TestCall idempotent;
        submit_idempotent(fixture, idempotent);
        fixture.fail(fixture.last(), code);
        EXPECT_TRUE(idempotent.pending()) << code;
        fixture.executor.advance(50ms);
        ASSERT_EQ(fixture.sent(), 2U) << code;
        fixture.reply(fixture.last());
        EXPECT_TRUE(idempotent.succeeded_once()) << code;
        TestCall other;
        fixture.submit(other);
        EXPECT_EQ(header(fixture.last(), "idempotency-key"), "none");
        fixture.fail(fixture.last(), code);
        EXPECT_EQ(other.code(), code_named(code));
    }
    for (const char* code :
         {"failed", "no_such_method", "invalid_request", "conflict", "permission_denied",
          "deadline_exceeded", "expired_in_queue", "contract_mismatch"}) {
        Retrying fixture;
        TestCall call;
        submit_idempotent(fixture, call);
        fixture.fail(fixture.last(), code);
        EXPECT_EQ(call.code(), code_named(code));
    }
}

TEST(MessageClientRetry, AfterThePauseThatTheServerAsksFor) {
    Retrying fixture;
    TestCall call;
    submit_idempotent(fixture, call);
    fixture.fail_with(fixture.last(), Dynamic::map({{"warren-code", "overloaded"},
                                                    {"warren-message", "full"},
                                                    {"warren-retry-after-ms", 300}}));
    fixture.executor.advance(299ms);
    EXPECT_EQ(fixture.sent(), 1U);
    fixture.executor.advance(1ms);
    ASSERT_EQ(fixture.sent(), 2U);
    EXPECT_EQ(header(fixture.last(), "warren-attempt"), "none") << "nothing was done before";
    fixture.client->close();
}

TEST(MessageClientRetry, WhatNoQueueTookIsSentAgain) {
    Retrying fixture;
    TestCall call;
    submit_idempotent(fixture, call);
    fixture.client->on_returned(fixture.last().token, returned);
    fixture.executor.advance(50ms);
    ASSERT_EQ(fixture.sent(), 2U);
    fixture.client->on_refused(fixture.last().token, {.code = Code::overloaded, .message = "nack"});
    fixture.executor.advance(100ms);
    ASSERT_EQ(fixture.sent(), 3U);
    fixture.client->on_refused(fixture.last().token,
                               {.code = Code::permission_denied, .message = "no"});
    EXPECT_EQ(call.code(), Code::permission_denied);
    EXPECT_EQ(call.failure->message, "no (attempt 3)");
}

TEST(MessageClientRetry, ALateWordOfAnEarlierAttemptIsNobodys) {
    Retrying fixture;
    TestCall call;
    call.wants_response = false;
    submit_idempotent(fixture, call);
    const Published first = fixture.last();
    fixture.client->on_refused(first.token, {.code = Code::overloaded, .message = "nack"});
    fixture.client->on_accepted(first.token);
    EXPECT_TRUE(call.pending());
    fixture.executor.advance(50ms);
    fixture.client->on_returned(first.token, returned);
    fixture.client->on_dropped(first.token);
    EXPECT_TRUE(call.pending());
    EXPECT_EQ(fixture.sent(), 2U);
    fixture.client->on_accepted(fixture.last().token);
    EXPECT_TRUE(call.succeeded_once());
}

TEST(MessageClientRetry, AOneWayCallIsOverWhenTheBrokerHasIt) {
    Retrying fixture;
    TestCall call;
    call.wants_response = false;
    submit_idempotent(fixture, call);
    EXPECT_NE(header(fixture.last(), "idempotency-key"), "none");
    fixture.lose();
    fixture.executor.advance(50ms);
    fixture.come_back();
    ASSERT_EQ(fixture.sent(), 2U);
    fixture.client->on_accepted(fixture.last().token);
    EXPECT_TRUE(call.succeeded_once());
    fixture.lose();
    fixture.executor.advance(1s);
    fixture.come_back();
    EXPECT_EQ(fixture.sent(), 2U);
}

TEST(MessageClientRetry, NotMoreOftenThanTheLimit) {
    Retrying fixture{{.retries_max = 2}};
    TestCall call;
    submit_idempotent(fixture, call);
    for (int retry = 0; retry < 2; ++retry) {
        fixture.lose();
        ASSERT_TRUE(call.pending());
        fixture.executor.advance(500ms);
        fixture.come_back();
    }
    EXPECT_EQ(header(fixture.last(), "warren-attempt"), "3");
    fixture.lose();
    EXPECT_EQ(call.code(), Code::connection_lost);
    EXPECT_TRUE(call.failure->message.ends_with("(attempt 3)")) << call.failure->message;

    Retrying never{{.retries_max = 0}};
    TestCall once;
    submit_idempotent(never, once);
    never.lose();
    EXPECT_EQ(once.code(), Code::connection_lost);
    EXPECT_FALSE(once.failure->message.contains("attempt")) << once.failure->message;
}

TEST(MessageClientRetry, TheBudgetEndsAStormOfThem) {
    Retrying fixture;
    std::deque<TestCall> calls(100);
    for (TestCall& call : calls) {
        submit_idempotent(fixture, call);
    }
    std::set<std::string> keys;
    for (const Published& request : fixture.transport.published) {
        keys.insert(header(request, "idempotency-key"));
    }
    EXPECT_EQ(keys.size(), 100U);
    fixture.lose();
    std::size_t failed = 0;
    for (const TestCall& call : calls) {
        failed += call.code() == Code::connection_lost ? 1U : 0U;
    }
    EXPECT_EQ(failed, 90U);
    EXPECT_EQ(fixture.client->retries(), 10U);
    fixture.client->close();
}

TEST(MessageClientRetry, NotPastTheDeadline) {
    Retrying fixture;
    TestCall call{"dx_example", 20ms};
    submit_idempotent(fixture, call);
    fixture.lose();
    EXPECT_EQ(call.code(), Code::connection_lost) << "its time is over before its pause";
    TestCall patient{"dx_example", 1s};
    fixture.come_back();
    submit_idempotent(fixture, patient);
    fixture.lose();
    fixture.executor.advance(1s);
    EXPECT_EQ(patient.code(), Code::deadline_exceeded);
    EXPECT_TRUE(patient.failure->message.starts_with(
        "Not sent again within 1s; the attempt before: The connection to"))
        << patient.failure->message;
}

TEST(MessageClientRetry, ADeadlineOfALaterAttemptSaysWhatTheFirstCameTo) {
    Retrying fixture;
    TestCall call{"dx_example", 1s};
    submit_idempotent(fixture, call);
    fixture.lose();
    fixture.come_back();
    EXPECT_EQ(fixture.sent(), 1U) << "its pause is not over";
    fixture.executor.advance(100ms);
    ASSERT_EQ(fixture.sent(), 2U);
    fixture.client->on_accepted(fixture.last().token);
    fixture.executor.advance(900ms);
    EXPECT_EQ(call.code(), Code::deadline_exceeded);
    EXPECT_TRUE(call.failure->message.contains("no reply came within 1s; the attempt before: "))
        << call.failure->message;
}

TEST(MessageClientRetry, WhatKeepsItFromBeingSentAgainDoesNotHideThatItWasSent) {
    Retrying fixture;
    TestCall call;
    submit_idempotent(fixture, call);
    fixture.lose();
    fixture.client->on_failed({.code = Code::unauthenticated, .message = "who are you"});
    EXPECT_EQ(call.code(), Code::connection_lost);
    EXPECT_TRUE(call.failure->message.ends_with("; then: who are you")) << call.failure->message;
}

TEST(MessageClientRetry, AServerThatIsNotBackYetIsAnAttemptMore) {
    Retrying fixture{{.retries_max = 2}};
    TestCall call;
    submit_idempotent(fixture, call);
    fixture.transport.counts = true;  // from now on the broker says who is there
    fixture.lose();
    fixture.client->on_ready("another_queue");
    fixture.bind_all();
    const auto say_absent = [&] {
        fixture.client->on_consumers(fixture.transport.counted.back().first, 0U);
    };
    fixture.executor.advance(6s);  // servers had their time to come back
    say_absent();
    EXPECT_TRUE(call.pending());
    fixture.executor.advance(100ms);
    say_absent();
    EXPECT_EQ(fixture.sent(), 1U);
    EXPECT_EQ(call.code(), Code::connection_lost) << "the first attempt may have had an effect";
    EXPECT_TRUE(call.failure->message.contains("may have been handled")) << call.failure->message;
    EXPECT_TRUE(call.failure->message.ends_with("is the server running? (attempt 3)"))
        << call.failure->message;
}

TEST(MessageClientRetry, WhatHasGivenPartsIsNotSentAgain) {
    Retrying fixture;
    TestCall call;
    call.metadata.parts_window = 1000;
    submit_idempotent(fixture, call);
    fixture.reply_to(fixture.last().correlation_id, "1", Dynamic::map({{"warren-part", 0}}));
    ASSERT_EQ(call.parts.size(), 1U);
    fixture.lose();
    EXPECT_EQ(call.code(), Code::connection_lost);
}

TEST(MessageClientRetry, ASilentServerIsToldAndAnotherAsked) {
    Retrying fixture;
    TestCall call{"dx_example", 40min};
    call.metadata.heartbeat = 1s;
    submit_idempotent(fixture, call);
    const Published first = fixture.last();
    fixture.reply_to(first.correlation_id, "null", Dynamic::map({{"warren-heartbeat", true}}));
    fixture.executor.advance(3s);
    EXPECT_TRUE(call.pending());
    EXPECT_EQ(fixture.transport.controls.size(), 1U) << "nobody waits for the first any more";
    fixture.executor.advance(50ms);
    ASSERT_EQ(fixture.sent(), 2U);
    fixture.executor.advance(10min);
    EXPECT_TRUE(call.pending()) << "it may wait in the queue";
    fixture.reply(fixture.last());
    EXPECT_TRUE(call.succeeded_once());
}

TEST(MessageClientRetry, GivenUpBetweenAttemptsItIsCancelledAsSent) {
    Retrying fixture;
    TestCall call;
    submit_idempotent(fixture, call);
    fixture.lose();
    fixture.client->cancel(call);
    fixture.executor.run_until_idle();
    EXPECT_EQ(call.code(), Code::cancelled);
    EXPECT_TRUE(call.failure->message.ends_with("may be handled")) << call.failure->message;
    fixture.come_back();
    fixture.executor.advance(1s);
    EXPECT_EQ(call.completions, 1);
    EXPECT_EQ(fixture.sent(), 1U);

    TestCall other;
    submit_idempotent(fixture, other);
    fixture.client->cancel(other);  // knows the first attempt, and is heard after its failure
    fixture.lose();
    fixture.executor.run_until_idle();
    EXPECT_EQ(other.code(), Code::cancelled);
}

TEST(MessageClientRetry, RepliesThatOutliveTheConnectionAreWaitedFor) {
    Retrying fixture;
    TestCall queued;
    submit_idempotent(fixture, queued);
    const Published accepted = fixture.last();
    fixture.client->on_accepted(accepted.token);
    TestCall unknown;
    submit_idempotent(fixture, unknown);
    fixture.lose(RepliesSurvive::yes);
    fixture.executor.advance(50ms);
    fixture.client->on_ready("reply_queue");
    ASSERT_EQ(fixture.sent(), 3U) << "nobody knows whether the broker has it";
    fixture.reply(fixture.last());
    EXPECT_TRUE(unknown.succeeded_once());
    EXPECT_TRUE(queued.pending());
    fixture.reply(accepted);
    EXPECT_TRUE(queued.succeeded_once());
}

TEST(MessageClientRetry, ItsOwnKeyIsKeptAndOthersAreNotTold) {
    Retrying fixture;
    TestCall call;
    call.metadata.idempotency_key = "order 7";
    submit_idempotent(fixture, call);
    EXPECT_EQ(header(fixture.last(), "idempotency-key"), "order 7");
    fixture.reply(fixture.last());

    ClientFixture foreign;
    foreign.start();
    TestCall plain;
    plain.idempotent = true;
    foreign.submit(plain);
    EXPECT_EQ(foreign.last().headers, Dynamic{});
    foreign.client->on_lost(broken, RepliesSurvive::no);
    foreign.client->on_ready("another_queue");
    foreign.executor.advance(50ms);
    foreign.bind_all();
    ASSERT_EQ(foreign.transport.published.size(), 2U);
    EXPECT_EQ(foreign.last().headers, Dynamic{}) << "nor which attempt it is";
    foreign.reply(foreign.last());
    EXPECT_TRUE(plain.succeeded_once());
}

}  // namespace warren::runtime::message_client_retry_test
