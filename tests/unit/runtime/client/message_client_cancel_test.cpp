#include "protocol/callme.hpp"
#include "protocol/tutorial.hpp"
#include "unit/runtime/client/fake_transport.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <utility>

// What a client over a broker tells servers of calls that nobody waits for any more.
namespace warren::runtime {
namespace {

using test::broken;
using test::client_options;
using test::ClientFixture;
using test::Published;
using test::returned;
using test::TestCall;
using namespace std::chrono_literals;

struct Cancelling : ClientFixture {
    explicit Cancelling(
        std::unique_ptr<protocol::MessageProtocol> spoken = protocol::make_cyberfusion_protocol())
        : ClientFixture{options(), std::move(spoken)} {}

    static MessageClientOptions options() {
        MessageClientOptions options = client_options();
        options.cancels = true;
        options.user_id = "shop";
        return options;
    }
    const std::vector<Published>& controls() {
        executor.run_until_idle();
        return transport.controls;
    }
};

TEST(MessageClientCancel, TellsTheServersOfTheCallsQueue) {
    Cancelling fixture;
    fixture.start();
    TestCall call;
    call.server = "other_queue";
    fixture.submit(call);
    fixture.bind_all();
    const Published sent = fixture.last();
    fixture.executor.advance(20s);
    fixture.client->cancel(call);
    ASSERT_EQ(fixture.controls().size(), 1U);
    const Published& said = fixture.controls().front();
    EXPECT_EQ(said.type, "warren.cancel");
    EXPECT_EQ(said.exchange, "amq.direct");
    EXPECT_EQ(said.routing_key, "warren.control.other_queue");
    EXPECT_EQ(said.correlation_id, sent.correlation_id);
    EXPECT_EQ(said.expiration, "50000") << "what is left of its time, and the way";
    EXPECT_EQ(said.user_id, "shop");
    EXPECT_EQ(call.code(), Code::cancelled);
}

TEST(MessageClientCancel, WhatRunsAnywayIsLeftInItsQueue) {
    Cancelling fixture;
    fixture.start();
    TestCall call;
    call.runs_anyway = true;
    fixture.submit(call);
    fixture.bind_all();
    fixture.client->cancel(call);
    EXPECT_TRUE(fixture.controls().empty());
    EXPECT_EQ(call.code(), Code::cancelled) << "its caller is gone";
}

TEST(MessageClientCancel, NamesTheQueueAsTheServerOfItsProtocolDoes) {
    for (const auto& [protocol, key] : {std::pair{0, "warren.control.server_queue"},
                                        std::pair{1, "warren.control.server_server_queue_queue"}}) {
        Cancelling fixture{protocol == 0 ? protocol::make_tutorial_protocol("")
                                         : protocol::make_callme_protocol(CallmeFormat::json)};
        fixture.ready();
        TestCall call;
        fixture.submit(call);
        fixture.bind_all();
        fixture.client->cancel(call);
        ASSERT_EQ(fixture.controls().size(), 1U);
        EXPECT_EQ(fixture.controls().front().routing_key, key);
    }
}

TEST(MessageClientCancel, ATimeOutAndTheClientsEndSayTheSame) {
    Cancelling fixture;
    fixture.start();
    TestCall late{"dx_example", 5s};
    fixture.submit(late);
    fixture.executor.advance(5s);
    EXPECT_EQ(late.code(), Code::deadline_exceeded);
    ASSERT_EQ(fixture.controls().size(), 1U);
    EXPECT_EQ(fixture.controls()[0].correlation_id, fixture.last().correlation_id);
    EXPECT_EQ(fixture.controls()[0].expiration, "10000");
    TestCall last;
    fixture.submit(last);
    fixture.client->close();
    ASSERT_EQ(fixture.controls().size(), 2U);
    EXPECT_EQ(fixture.controls()[1].correlation_id, fixture.last().correlation_id);
}

TEST(MessageClientCancel, WhatWasNotSentOrIsOverIsNothingToTell) {
    Cancelling fixture;
    TestCall waiting;
    fixture.submit(waiting);
    fixture.client->cancel(waiting);
    fixture.executor.run_until_idle();
    fixture.start();
    TestCall answered;
    fixture.submit(answered);
    fixture.reply(fixture.last());
    fixture.client->cancel(answered);
    TestCall unrouted;
    fixture.submit(unrouted);
    fixture.client->on_returned(fixture.last().token, returned);
    TestCall one_way;
    one_way.wants_response = false;
    fixture.submit(one_way);
    fixture.client->cancel(one_way);
    EXPECT_TRUE(fixture.controls().empty());
    EXPECT_EQ(one_way.code(), Code::cancelled);
}

TEST(MessageClientCancel, OthersThanWarrensServersAreToldNothing) {
    ClientFixture fixture;
    fixture.start();
    TestCall call;
    fixture.submit(call);
    fixture.client->cancel(call);
    fixture.executor.run_until_idle();
    EXPECT_EQ(call.code(), Code::cancelled);
    EXPECT_TRUE(fixture.transport.controls.empty());
}

TEST(MessageClientCancel, ALostConnectionsCallsAreToldOfByTheNextOne) {
    Cancelling fixture;
    fixture.start();
    TestCall lost;
    fixture.submit(lost);
    const Published sent = fixture.last();
    fixture.client->on_lost(broken, RepliesSurvive::no);
    EXPECT_EQ(lost.code(), Code::connection_lost);
    EXPECT_TRUE(fixture.controls().empty());
    fixture.executor.advance(30s);
    fixture.ready();
    ASSERT_EQ(fixture.controls().size(), 1U);
    EXPECT_EQ(fixture.controls().front().correlation_id, sent.correlation_id);
    EXPECT_EQ(fixture.controls().front().expiration, "40000");
}

TEST(MessageClientCancel, ServersThatComeBackLaterAreToldASecondTime) {
    Cancelling fixture;
    fixture.start();
    TestCall lost;
    fixture.submit(lost);
    fixture.client->on_lost(broken, RepliesSurvive::no);
    fixture.ready();
    TestCall next;
    fixture.submit(next);
    fixture.client->cancel(next);
    EXPECT_EQ(fixture.controls().size(), 2U);
    fixture.executor.advance(5s);
    EXPECT_EQ(fixture.controls().size(), 4U);
    TestCall last;
    fixture.submit(last);
    fixture.client->cancel(last);
    EXPECT_EQ(fixture.controls().size(), 5U);
    fixture.executor.advance(60s);
    EXPECT_EQ(fixture.controls().size(), 5U);
    fixture.client->on_lost(broken, RepliesSurvive::no);
    fixture.ready();
    EXPECT_EQ(fixture.controls().size(), 5U);
}

TEST(MessageClientCancel, OneThatCannotComeAnyMoreIsNotToldOf) {
    Cancelling fixture;
    fixture.start();
    TestCall lost;
    fixture.submit(lost);
    fixture.client->on_failed(broken);
    fixture.executor.advance(70s);
    fixture.ready();
    EXPECT_TRUE(fixture.controls().empty());
}

TEST(MessageClientCancel, ACallWhoseReplySurvivesIsNotCancelledByALostConnection) {
    Cancelling fixture;
    fixture.start();
    TestCall patient;
    fixture.submit(patient);
    fixture.client->on_lost(broken, RepliesSurvive::yes);
    fixture.ready();
    EXPECT_TRUE(fixture.controls().empty());
    EXPECT_TRUE(patient.pending());
    fixture.client->on_lost(broken, RepliesSurvive::yes);
    fixture.client->cancel(patient);
    EXPECT_TRUE(fixture.controls().empty());
    fixture.ready();
    EXPECT_EQ(fixture.controls().size(), 1U);
}

TEST(MessageClientCancel, ABrokerThatTakesNothingIsToldLater) {
    Cancelling fixture;
    fixture.start();
    TestCall call;
    fixture.submit(call);
    fixture.client->on_blocked("low on memory");
    fixture.client->cancel(call);
    EXPECT_TRUE(fixture.controls().empty());
    fixture.client->on_unblocked();
    EXPECT_EQ(fixture.controls().size(), 1U);
}

}  // namespace
}  // namespace warren::runtime
