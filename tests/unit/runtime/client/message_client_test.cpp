#include "runtime/client/message_client.hpp"

#include "unit/runtime/client/fake_transport.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <thread>
#include <vector>

namespace warren::runtime {
namespace {

using test::broken;
using test::client_options;
using test::ClientFixture;
using test::Published;
using test::returned;
using test::TestCall;
using namespace std::chrono_literals;

TEST(MessageClient, SendsWhatTheProtocolSaysAndGivesTheReply) {
    ClientFixture fixture;
    fixture.ready();
    TestCall call;
    fixture.submit(call);
    ASSERT_EQ(fixture.transport.bound.size(), 1U);
    EXPECT_EQ(fixture.transport.bound[0].second[0].exchange, "dx_example");
    EXPECT_TRUE(fixture.transport.published.empty());
    fixture.bind_all();
    ASSERT_EQ(fixture.transport.published.size(), 1U);
    const Published& sent = fixture.last();
    EXPECT_EQ(sent.exchange, "dx_example");
    EXPECT_EQ(sent.routing_key, "server_queue");
    EXPECT_EQ(sent.reply_to, "reply_queue");
    EXPECT_EQ(sent.expiration, "60000");
    EXPECT_EQ(sent.body, "{}");
    EXPECT_TRUE(call.pending());
    fixture.client->on_accepted(sent.token);
    fixture.reply(sent, R"({"tolerable":true})");
    EXPECT_TRUE(call.succeeded_once());
    EXPECT_EQ(call.data, Dynamic::map({{"tolerable", true}}));
    EXPECT_EQ(fixture.in_flight(), 0U);
}

TEST(MessageClient, SaysWhenItSentToServersOfWarrens) {
    for (const bool is_warren : {true, false}) {
        MessageClientOptions options = client_options();
        options.says_when_sent = is_warren;
        ClientFixture fixture{std::move(options)};
        fixture.start();
        TestCall call;
        call.metadata.sent_at_ms = 5;  // of one that is forwarded: when it was sent to the proxy
        fixture.executor.advance(3s);
        fixture.submit(call);
        EXPECT_EQ(fixture.last().headers,
                  is_warren ? Dynamic::map({{"warren-sent-at-ms", fixture.executor.unix_ms()}})
                            : Dynamic{});
        TestCall patient;
        patient.bears_deadline = false;
        fixture.submit(patient);
        EXPECT_EQ(fixture.last().headers, Dynamic{});
        fixture.client->close();
    }
}

Dynamic part_headers(int number) {
    return Dynamic::map({{"warren-part", number}});
}

Dynamic end_headers(int parts) {
    return Dynamic::map({{"warren-parts", parts}});
}

TEST(MessageClient, ACallSurvivesPartsOfItsAnswer) {
    ClientFixture fixture;
    fixture.ready();
    TestCall call;
    call.metadata.parts_window = 100;
    fixture.submit(call);
    fixture.bind_all();
    const std::string id = fixture.last().correlation_id;
    fixture.reply_to(id, "1", part_headers(0));
    fixture.reply_to(id, "2", part_headers(1));
    EXPECT_TRUE(call.pending());
    EXPECT_EQ(call.parts, (std::vector<Dynamic>{1, 2}));
    fixture.reply_to(id, "3", end_headers(2));
    EXPECT_TRUE(call.succeeded_once());
    EXPECT_EQ(call.data, Dynamic{3});
    fixture.reply_to(id, "4", part_headers(2));
    EXPECT_EQ(call.parts.size(), 2U);
    EXPECT_EQ(fixture.client->replies_dropped(), 1U);
}

TEST(MessageClient, APartThatIsMissingFailsTheCall) {
    const std::vector<std::vector<Dynamic>> replies{
        {part_headers(1)},                   // the first is missing
        {part_headers(0), part_headers(0)},  // one twice
        {part_headers(0), part_headers(2)},  // the second is missing
        {part_headers(0), end_headers(2)},   // the last is missing
        {end_headers(1)},                    // the only one
        {part_headers(0), Dynamic{}},        // an end of another call's
    };
    for (const auto& headers : replies) {
        ClientFixture fixture;
        fixture.ready();
        TestCall call;
        call.metadata.parts_window = 100;
        fixture.submit(call);
        fixture.bind_all();
        for (const Dynamic& each : headers) {
            fixture.reply_to(fixture.last().correlation_id, "1", each);
        }
        EXPECT_EQ(call.code(), Code::connection_lost);
    }
}

TEST(MessageClient, PartsThatNobodyAskedForAreDropped) {
    ClientFixture fixture;
    fixture.ready();
    TestCall call;
    fixture.submit(call);
    fixture.bind_all();
    const std::string id = fixture.last().correlation_id;
    fixture.reply_to(id, "1", part_headers(0));
    fixture.reply_to(id, "2", Dynamic::map({{"warren-progress", true}}));
    fixture.reply_to(id, "3", Dynamic::map({{"warren-heartbeat", true}}));
    EXPECT_TRUE(call.pending());
    EXPECT_TRUE(call.parts.empty());
    fixture.reply_to(id, "4");
    EXPECT_EQ(call.data, Dynamic{4});
}

TEST(MessageClient, AServerThatHadBegunAndFallsSilentIsLost) {
    ClientFixture fixture;
    fixture.ready();
    TestCall call{"dx_example", 40min};
    call.metadata.heartbeat = 1s;
    fixture.submit(call);
    fixture.bind_all();
    const std::string id = fixture.last().correlation_id;
    fixture.executor.advance(10min);
    EXPECT_TRUE(call.pending()) << "it may wait in the queue";
    for (int minute = 0; minute < 120; ++minute) {
        fixture.reply_to(id, "null", Dynamic::map({{"warren-heartbeat", true}}));
        fixture.executor.advance(1s);
    }
    EXPECT_TRUE(call.pending());
    fixture.executor.advance(1999ms);
    EXPECT_TRUE(call.pending());
    fixture.executor.advance(1ms);
    EXPECT_EQ(call.code(), Code::connection_lost);
}

TEST(MessageClient, WhatTheBrokerNeverLookedAtIsSentAgain) {
    ClientFixture fixture;
    fixture.ready();
    TestCall call;
    fixture.submit(call);
    fixture.bind_all();
    fixture.client->on_dropped(fixture.last().token);
    ASSERT_EQ(fixture.transport.published.size(), 2U);
    EXPECT_TRUE(call.pending());
    fixture.reply(fixture.last(), R"({"tolerable":true})");
    EXPECT_TRUE(call.succeeded_once());
}

TEST(MessageClient, ACallMayGoToAnotherServer) {
    ClientFixture fixture;
    fixture.ready();
    TestCall call;
    call.server = "other_queue";
    fixture.submit(call);
    fixture.bind_all();
    EXPECT_EQ(fixture.last().routing_key, "other_queue");
    fixture.client->close();
}

TEST(MessageClient, BindsOncePerMethod) {
    ClientFixture fixture;
    fixture.ready();
    TestCall calls[3];
    for (TestCall& call : calls) {
        fixture.submit(call);
    }
    TestCall other{"dx_other"};
    fixture.submit(other);
    EXPECT_EQ(fixture.transport.bound.size(), 2U);
    fixture.bind_all();
    EXPECT_EQ(fixture.transport.published.size(), 4U);
    TestCall later;
    fixture.submit(later);
    EXPECT_EQ(fixture.transport.bound.size(), 2U);
    EXPECT_EQ(fixture.transport.published.size(), 5U);
    fixture.client->close();
}

TEST(MessageClient, ARefusedBindingFailsItsCallsAndIsTriedAnew) {
    ClientFixture fixture;
    fixture.ready();
    TestCall one;
    TestCall two;
    fixture.submit(one);
    fixture.submit(two);
    fixture.client->on_bound(fixture.transport.bound[0].first, &returned);
    EXPECT_EQ(one.code(), Code::no_responder);
    EXPECT_EQ(two.code(), Code::no_responder);
    TestCall three;
    fixture.submit(three);
    ASSERT_EQ(fixture.transport.bound.size(), 2U);
    fixture.client->on_bound(fixture.transport.bound[1].first, nullptr);
    EXPECT_EQ(fixture.transport.published.size(), 1U);
    fixture.client->close();
}

TEST(MessageClient, ExpirationIsWhatIsLeftWhenItIsSent) {
    ClientFixture fixture;
    TestCall call{"dx_example", 5s};
    fixture.submit(call);
    fixture.executor.advance(1500ms);
    fixture.ready();
    fixture.bind_all();
    EXPECT_EQ(fixture.last().expiration, "3500");
    fixture.client->close();
}

TEST(MessageClient, AReturnedRequestFailsAtOnce) {
    ClientFixture fixture;
    fixture.start();
    TestCall call;
    fixture.submit(call);
    fixture.client->on_returned(fixture.last().token, returned);
    EXPECT_EQ(call.code(), Code::no_responder);
    EXPECT_EQ(call.failure->message, "nobody serves it");
}

TEST(MessageClient, ADeadlineSaysHowFarTheCallCame) {
    ClientFixture fixture;
    fixture.start();
    TestCall sent{"dx_example", 1s};
    TestCall accepted{"dx_example", 1s};
    TestCall binding{"dx_new", 1s};
    fixture.submit(sent);
    fixture.submit(accepted);
    fixture.client->on_accepted(fixture.last().token);
    fixture.submit(binding);
    fixture.executor.advance(999ms);
    EXPECT_TRUE(sent.pending() && accepted.pending() && binding.pending());
    fixture.executor.advance(1ms);
    EXPECT_EQ(sent.code(), Code::deadline_exceeded);
    EXPECT_TRUE(sent.failure->message.starts_with("Sent, but")) << sent.failure->message;
    EXPECT_EQ(accepted.code(), Code::deadline_exceeded);
    EXPECT_TRUE(accepted.failure->message.starts_with("Queued at"));
    EXPECT_EQ(binding.code(), Code::deadline_exceeded);
    EXPECT_TRUE(binding.failure->message.starts_with("Not sent"));
    EXPECT_EQ(fixture.in_flight(), 0U);
}

TEST(MessageClient, WithoutABrokerTheDeadlineNamesItAndTheLastError) {
    ClientFixture fixture;
    TestCall call{"dx_example", 2s};
    fixture.submit(call);
    fixture.client->on_lost({.code = Code::connection_lost, .message = "connection refused"},
                            RepliesSurvive::no);
    fixture.executor.advance(1999ms);
    EXPECT_TRUE(call.pending());
    fixture.executor.advance(1ms);
    EXPECT_EQ(call.code(), Code::no_responder);
    EXPECT_EQ(call.failure->message,
              "Not sent: no connection to amqp://broker:5672/ within 2s: connection refused");
}

TEST(MessageClient, ATimeoutOfNothingIsNotSent) {
    ClientFixture fixture;
    fixture.start();
    for (const auto timeout : {0ms, -5ms}) {
        TestCall call{"dx_example", timeout};
        fixture.submit(call);
        EXPECT_EQ(call.code(), Code::deadline_exceeded);
    }
    EXPECT_TRUE(fixture.transport.published.empty());
}

TEST(MessageClient, TheLongestTimeoutIsWhatABrokerTakes) {
    ClientFixture fixture;
    fixture.start();
    TestCall longest{"dx_example", call_timeout_max};
    fixture.submit(longest);
    EXPECT_EQ(fixture.last().expiration, "4294967295");
    TestCall longer{"dx_example", call_timeout_max + 1ms};
    fixture.submit(longer);
    EXPECT_EQ(longer.code(), Code::invalid_request);
    EXPECT_EQ(fixture.transport.published.size(), 1U);
    fixture.client->close();
}

TEST(MessageClient, ALostConnectionFailsWhatWasSentAndKeepsWhatWasNot) {
    ClientFixture fixture;
    fixture.start();
    TestCall sent;
    TestCall accepted;
    TestCall queued{"dx_new"};
    fixture.submit(sent);
    fixture.submit(accepted);
    fixture.client->on_accepted(fixture.last().token);
    fixture.submit(queued);
    fixture.client->on_lost(broken, RepliesSurvive::no);
    EXPECT_EQ(sent.code(), Code::connection_lost);
    EXPECT_EQ(accepted.code(), Code::connection_lost);
    EXPECT_NE(sent.failure->message, accepted.failure->message);
    TestCall meanwhile;
    fixture.submit(meanwhile);
    EXPECT_TRUE(queued.pending() && meanwhile.pending());
    fixture.transport.published.clear();
    fixture.ready();
    fixture.bind_all();
    ASSERT_EQ(fixture.transport.published.size(), 2U);
    for (const Published& published : std::vector{fixture.transport.published}) {
        fixture.reply(published);
    }
    EXPECT_TRUE(queued.succeeded_once() && meanwhile.succeeded_once());
}

TEST(MessageClient, WhereRepliesSurviveSentCallsWaitOn) {
    ClientFixture fixture;
    fixture.start();
    TestCall call;
    fixture.submit(call);
    fixture.client->on_lost(broken, RepliesSurvive::yes);
    EXPECT_TRUE(call.pending());
    fixture.ready();
    EXPECT_EQ(fixture.transport.published.size(), 1U) << "it must not be sent twice";
    fixture.reply(fixture.last());
    EXPECT_TRUE(call.succeeded_once());
}

TEST(MessageClient, WhenTheTransportGivesUpSoDoesEveryCallUntilItIsReady) {
    ClientFixture fixture;
    fixture.start();
    TestCall sent;
    TestCall queued{"dx_new"};
    fixture.submit(sent);
    fixture.submit(queued);
    const Failure refused{.code = Code::unauthenticated, .message = "wrong password"};
    fixture.client->on_failed(refused);
    EXPECT_EQ(sent.code(), Code::connection_lost) << "it may have been handled";
    EXPECT_EQ(queued.code(), Code::unauthenticated);
    TestCall next;
    fixture.submit(next);
    EXPECT_EQ(next.code(), Code::unauthenticated);
    fixture.ready();
    TestCall after;
    fixture.submit(after);
    fixture.bind_all();
    EXPECT_TRUE(after.pending());
    fixture.reply(fixture.last());
    EXPECT_TRUE(after.succeeded_once());
}

TEST(MessageClient, WhileBlockedCallsWaitOrFailAsTheyWish) {
    ClientFixture fixture;
    fixture.start();
    fixture.client->on_blocked("low on memory");
    TestCall waits{"dx_example", 10s};
    TestCall times_out{"dx_example", 1s};
    TestCall fails{"dx_example", 10s};
    fails.when_blocked = WhenBlocked::fail;
    fixture.submit(waits);
    fixture.submit(times_out);
    fixture.submit(fails);
    EXPECT_EQ(fails.code(), Code::broker_blocked);
    EXPECT_TRUE(fixture.transport.published.empty());
    fixture.executor.advance(1s);
    EXPECT_EQ(times_out.code(), Code::broker_blocked);
    EXPECT_TRUE(times_out.failure->message.contains("low on memory"));
    EXPECT_TRUE(waits.pending());
    fixture.client->on_unblocked();
    ASSERT_EQ(fixture.transport.published.size(), 1U);
    fixture.reply(fixture.last());
    EXPECT_TRUE(waits.succeeded_once());
}

TEST(MessageClient, ALostConnectionIsNotBlockedAnyMore) {
    ClientFixture fixture;
    fixture.start();
    fixture.client->on_blocked("low on disk");
    fixture.client->on_lost(broken, RepliesSurvive::no);
    TestCall call{"dx_example", 1s};
    fixture.submit(call);
    fixture.executor.advance(1s);
    EXPECT_EQ(call.code(), Code::no_responder);
}

TEST(MessageClient, LateAndDuplicateRepliesAreDroppedAndCounted) {
    ClientFixture fixture;
    fixture.start();
    TestCall call;
    fixture.submit(call);
    const Published first = fixture.last();
    fixture.reply(first);
    fixture.reply(first);
    EXPECT_EQ(call.completions, 1);
    EXPECT_EQ(fixture.client->replies_dropped(), 1U);
    TestCall late{"dx_example", 1s};
    fixture.submit(late);
    const Published second = fixture.last();
    fixture.executor.advance(1s);
    fixture.reply(second);
    fixture.client->on_accepted(second.token);
    EXPECT_EQ(late.code(), Code::deadline_exceeded);
    EXPECT_EQ(fixture.client->replies_dropped(), 2U);
    fixture.reply_to("");
    fixture.reply_to("not a correlation id");
    EXPECT_EQ(fixture.client->replies_dropped(), 4U);
    TestCall third;
    fixture.submit(third);
    EXPECT_NE(fixture.last().correlation_id, second.correlation_id);
    fixture.reply(second);
    EXPECT_TRUE(third.pending()) << "the slot's earlier call is another one";
    fixture.client->close();
}

TEST(MessageClient, AReplyMayComeBeforeItsConfirmation) {
    ClientFixture fixture;
    fixture.start();
    TestCall call;
    fixture.submit(call);
    const Published sent = fixture.last();
    fixture.reply(sent);
    TestCall next;
    fixture.submit(next);
    fixture.client->on_accepted(sent.token);
    fixture.client->on_returned(sent.token, returned);
    EXPECT_TRUE(call.succeeded_once());
    EXPECT_TRUE(next.pending());
    fixture.client->close();
}

TEST(MessageClient, OneCallOverTheLimitIsOverloaded) {
    MessageClientOptions options = client_options();
    options.in_flight_max = 3;
    ClientFixture fixture{std::move(options)};
    TestCall calls[3];
    for (TestCall& call : calls) {
        fixture.submit(call);
        EXPECT_TRUE(call.pending());
    }
    TestCall over;
    fixture.submit(over);
    EXPECT_EQ(over.code(), Code::overloaded);
    fixture.client->cancel(calls[1]);
    fixture.executor.run_until_idle();
    TestCall again;
    fixture.submit(again);
    EXPECT_TRUE(again.pending());
    fixture.client->close();
    EXPECT_EQ(fixture.in_flight(), 0U);
}

TEST(MessageClient, OneMethodOverTheLimitIsOverloaded) {
    ClientFixture fixture;
    fixture.ready();
    std::vector<std::string> names;
    std::deque<TestCall> calls;
    for (std::size_t index = 0; index <= MethodBindings::methods_max; ++index) {
        names.push_back("method_" + std::to_string(index));
    }
    for (const std::string& name : names) {
        fixture.client->submit(calls.emplace_back(name));
    }
    fixture.executor.run_until_idle();
    EXPECT_EQ(fixture.transport.bound.size(), MethodBindings::methods_max);
    EXPECT_EQ(calls.back().code(), Code::overloaded);
    EXPECT_TRUE(calls[calls.size() - 2].pending());
    fixture.client->close();
}

TEST(MessageClient, AFailureReplyCarriesWhatTheServerSaid) {
    ClientFixture fixture;
    fixture.start();
    TestCall call;
    fixture.submit(call);
    const std::string body = R"({"success":false,"message":"Out of onions","data":{"left":0}})";
    fixture.client->on_reply({.correlation_id = fixture.last().correlation_id,
                              .body = protocol::bytes_of(body),
                              .body_bytes = body.size()});
    EXPECT_EQ(call.code(), Code::failed);
    EXPECT_EQ(call.failure->message, "Out of onions");
    EXPECT_EQ(call.failure->data, Dynamic::map({{"left", 0}}));
}

TEST(MessageClient, AnUnreadableReplyEndsItsCall) {
    ClientFixture fixture;
    fixture.start();
    TestCall call;
    fixture.submit(call);
    fixture.client->on_reply({.correlation_id = fixture.last().correlation_id,
                              .body = protocol::bytes_of("<html>"),
                              .body_bytes = 6});
    EXPECT_EQ(call.code(), Code::internal);
}

TEST(MessageClient, GivingUpWorksAtEveryStage) {
    ClientFixture fixture;
    TestCall before;
    fixture.client->cancel(before);
    fixture.submit(before);
    EXPECT_EQ(before.code(), Code::cancelled);
    fixture.start();
    TestCall submitted;
    fixture.client->submit(submitted);
    fixture.client->cancel(submitted);
    fixture.executor.run_until_idle();
    EXPECT_EQ(submitted.code(), Code::cancelled);
    TestCall sent;
    fixture.submit(sent);
    const Published request = fixture.last();
    fixture.client->cancel(sent);
    fixture.client->cancel(sent);
    fixture.executor.run_until_idle();
    EXPECT_EQ(sent.code(), Code::cancelled);
    fixture.reply(request);
    EXPECT_EQ(sent.completions, 1);
    EXPECT_EQ(fixture.client->replies_dropped(), 1U);
}

TEST(MessageClient, ACompletionMayCallAgainOrClose) {
    ClientFixture fixture;
    fixture.start();
    TestCall first;
    TestCall second;
    TestCall third;
    first.on_finished = [&] { fixture.client->submit(second); };
    second.on_finished = [&] { fixture.client->close(); };
    fixture.submit(first);
    fixture.submit(third);
    fixture.reply(fixture.transport.published[0]);
    EXPECT_TRUE(second.pending());
    fixture.executor.run_until_idle();
    fixture.reply(fixture.last());
    EXPECT_TRUE(second.succeeded_once());
    EXPECT_EQ(third.code(), Code::cancelled);
    TestCall late;
    fixture.submit(late);
    EXPECT_EQ(late.code(), Code::cancelled);
}

TEST(MessageClient, ClosingInsideOfEveryLoopEndsEveryCallOnce) {
    using Step = void (*)(ClientFixture&);
    const std::vector<std::pair<std::string, Step>> steps{
        {"lost", [](ClientFixture& f) { f.client->on_lost(broken, RepliesSurvive::no); }},
        {"failed", [](ClientFixture& f) { f.client->on_failed(broken); }},
        {"deadline", [](ClientFixture& f) { f.executor.advance(2s); }},
        {"refused binding",
         [](ClientFixture& f) { f.client->on_bound(f.transport.bound.back().first, &returned); }},
    };
    for (const auto& [name, step] : steps) {
        SCOPED_TRACE(name);
        ClientFixture fixture;
        fixture.start();
        std::deque<TestCall> calls;
        for (const char* method : {"dx_example", "dx_new", "dx_example", "dx_new"}) {
            TestCall& call = calls.emplace_back(method, 1s);
            call.on_finished = [&] { fixture.client->close(); };
            fixture.submit(call);
        }
        step(fixture);
        fixture.executor.run_until_idle();
        for (const TestCall& call : calls) {
            EXPECT_EQ(call.completions, 1);
        }
        EXPECT_EQ(fixture.in_flight(), 0U);
    }
}

TEST(MessageClient, TenThousandCallsInFlight) {
    ClientFixture fixture;
    fixture.start();
    std::deque<TestCall> calls(10'000);
    for (TestCall& call : calls) {
        fixture.client->submit(call);
    }
    EXPECT_EQ(fixture.executor.run_until_idle(), 1U) << "one wake-up for all of them";
    ASSERT_EQ(fixture.transport.published.size(), calls.size());
    // Answered backwards: no order is needed.
    for (std::size_t index = calls.size(); index-- > 0;) {
        fixture.reply(fixture.transport.published[index], std::to_string(index));
    }
    for (std::size_t index = 0; index < calls.size(); ++index) {
        ASSERT_TRUE(calls[index].succeeded_once());
        ASSERT_EQ(calls[index].data, Dynamic{index});
    }
    EXPECT_EQ(fixture.in_flight(), 0U);
    EXPECT_EQ(fixture.client->replies_dropped(), 0U);
}

TEST(MessageClient, ThreadsSubmitAndGiveUpAtOnce) {
    constexpr int threads_count = 4;
    constexpr int calls_count = 2000;
    ClientFixture fixture;
    fixture.start();
    std::deque<TestCall> calls(threads_count * calls_count);
    std::atomic<int> running = threads_count;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < threads_count; ++thread) {
        threads.emplace_back([&, thread] {
            for (int index = 0; index < calls_count; ++index) {
                TestCall& call = calls[static_cast<std::size_t>(thread * calls_count + index)];
                fixture.client->submit(call);
                if (index % 3 == 0) {
                    fixture.client->cancel(call);
                }
            }
            --running;
        });
    }
    while (running > 0 || fixture.executor.run_until_idle() > 0) {
        fixture.executor.run_until_idle();
        for (const Published& request : std::exchange(fixture.transport.published, {})) {
            fixture.reply(request);
        }
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    fixture.executor.run_until_idle();
    for (const Published& request : std::exchange(fixture.transport.published, {})) {
        fixture.reply(request);
    }
    for (const TestCall& call : calls) {
        ASSERT_EQ(call.completions, 1);
    }
    EXPECT_EQ(fixture.in_flight(), 0U);
}

}  // namespace
}  // namespace warren::runtime
