#include "protocol/tutorial.hpp"
#include "unit/runtime/client/fake_transport.hpp"

#include <gtest/gtest.h>

#include <expected>
#include <string>

// Servers and brokers that are not there: who calls hears of it soon, or waits when it wants to.
namespace warren::runtime {
namespace {

using test::broken;
using test::ClientFixture;
using test::TestCall;
using namespace std::chrono_literals;

MessageClientOptions impatient() {
    MessageClientOptions options = test::client_options();
    options.when_absent = WhenAbsent::fail;
    return options;
}

struct AtABroker : ClientFixture {
    explicit AtABroker(MessageClientOptions options = impatient())
        : ClientFixture{std::move(options)} {
        start();
        transport.counted.clear();
        transport.counts = true;
    }

    /// Answer the last question.
    void say(const std::expected<std::uint32_t, Failure>& consumers) {
        client->on_consumers(transport.counted.back().first, consumers);
        executor.run_until_idle();
    }
};

TEST(MessageClientPresence, ACallToAServerThatIsStoppedFailsAtOnceUnsent) {
    AtABroker broker;
    for (std::size_t asked = 1; asked <= 2; ++asked) {
        TestCall call;
        broker.submit(call);
        ASSERT_EQ(broker.transport.counted.size(), asked);
        EXPECT_EQ(broker.transport.counted.back().second, "server_queue");
        EXPECT_TRUE(call.pending());
        broker.say(0);
        EXPECT_EQ(call.code(), Code::no_responder);
        EXPECT_NE(call.failure->message.find("nobody consumes the queue 'server_queue'"),
                  std::string::npos)
            << call.failure->message;
    }
    EXPECT_TRUE(broker.transport.published.empty());
}

TEST(MessageClientPresence, AsksOnceAndThenNowAndThenWithoutHoldingCallsUp) {
    AtABroker broker;
    TestCall calls[4];
    broker.submit(calls[0]);
    broker.submit(calls[1]);
    EXPECT_EQ(broker.transport.counted.size(), 1U);
    broker.say(2);
    EXPECT_EQ(broker.transport.published.size(), 2U);
    broker.submit(calls[2]);
    EXPECT_EQ(broker.transport.counted.size(), 1U);
    EXPECT_EQ(broker.transport.published.size(), 3U);
    broker.executor.advance(5s);
    broker.submit(calls[3]);
    EXPECT_EQ(broker.transport.counted.size(), 2U);
    EXPECT_EQ(broker.transport.published.size(), 4U);
    broker.say(0);
    TestCall later;
    broker.submit(later);
    EXPECT_EQ(broker.transport.counted.size(), 3U);
    broker.say(0);
    EXPECT_EQ(later.code(), Code::no_responder);
    broker.client->close();
}

TEST(MessageClientPresence, WhatTheBrokerDoesNotSayKeepsNobodyFromCalling) {
    AtABroker broker;
    TestCall call;
    broker.submit(call);
    broker.say(std::unexpected{Failure{}});
    EXPECT_EQ(broker.transport.published.size(), 1U);
    broker.transport.counts = false;
    broker.executor.advance(59s);
    TestCall between;
    broker.submit(between);
    EXPECT_EQ(broker.transport.counted.size(), 1U);
    broker.executor.advance(1s);
    TestCall other;
    broker.submit(other);
    EXPECT_EQ(broker.transport.counted.size(), 2U);
    EXPECT_EQ(broker.transport.published.size(), 3U);
    broker.client->close();
}

TEST(MessageClientPresence, WhyTheBrokerDoesNotSayStandsInTheFailure) {
    AtABroker broker;
    TestCall call;
    call.timeout = 1s;
    broker.submit(call);
    broker.say(std::unexpected{
        Failure{.code = Code::conflict, .message = "The queue 'q' is another connection's alone"}});
    broker.client->on_accepted(broker.last().token);
    broker.executor.advance(1s);
    EXPECT_EQ(call.code(), Code::deadline_exceeded);
    EXPECT_TRUE(call.failure->message.ends_with(
        "but no reply came within 1s; whether a server is there is not known: The queue 'q' is "
        "another connection's alone"))
        << call.failure->message;

    broker.executor.advance(60s);
    TestCall known;
    known.timeout = 1s;
    broker.submit(known);
    broker.say(1);
    broker.client->on_accepted(broker.last().token);
    broker.executor.advance(1s);
    EXPECT_TRUE(known.failure->message.ends_with("within 1s")) << known.failure->message;
}

TEST(MessageClientPresence, WhatIsBeingMadeAnewSaysNothingOfTheMethod) {
    AtABroker broker;
    TestCall call;
    broker.submit(call);
    broker.say(1);
    broker.client->on_returned(
        broker.last().token,
        {.code = Code::no_responder, .message = "the exchange was missing", .retry_after = 100ms});
    EXPECT_EQ(call.code(), Code::no_responder);
}

TEST(MessageClientPresence, WhoWantsToWaitAsksNobody) {
    AtABroker broker{test::client_options()};
    TestCall call;
    broker.submit(call);
    EXPECT_TRUE(broker.transport.counted.empty());
    EXPECT_EQ(broker.transport.published.size(), 1U);
    broker.client->close();
}

TEST(MessageClientPresence, AOneWayCallWaitsInTheQueue) {
    AtABroker broker;
    TestCall call;
    call.wants_response = false;
    broker.submit(call);
    EXPECT_TRUE(broker.transport.counted.empty());
    EXPECT_EQ(broker.transport.published.size(), 1U);
    broker.client->close();
}

TEST(MessageClientPresence, AMethodThatARunningServerHasNoExchangeForIsNone) {
    const Failure missing{.code = Code::no_responder, .message = "no such exchange"};
    AtABroker broker;
    TestCall unbound{"unheard_of"};
    broker.submit(unbound);
    broker.say(1);
    broker.client->on_bound(broker.transport.bound.back().first, &missing);
    EXPECT_EQ(unbound.code(), Code::no_such_method);
    EXPECT_NE(unbound.failure->message.find(
                  "The server of the queue 'server_queue' runs, and does not serve the method "
                  "'unheard_of': no_responder: no such exchange"),
              std::string::npos)
        << unbound.failure->message;

    // Of a server that is not known to run, or that nobody asked for, it may be the server.
    for (const MessageClientOptions& options : {impatient(), test::client_options()}) {
        AtABroker unknown{options};
        TestCall call{"unheard_of"};
        unknown.submit(call);
        if (!unknown.transport.counted.empty()) {
            unknown.say(std::unexpected{Failure{}});
        }
        unknown.client->on_bound(unknown.transport.bound.back().first, &missing);
        EXPECT_EQ(call.code(), Code::no_responder);
    }
}

TEST(MessageClientPresence, AMethodWhoseExchangeOrBindingIsDeletedComesBack) {
    const Failure missing{.code = Code::no_responder, .message = "no queue takes it"};
    AtABroker broker;
    for (int round = 0; round < 2; ++round) {
        TestCall call;
        broker.submit(call);
        if (round == 0) {
            broker.say(1);
        }
        broker.client->on_returned(broker.last().token, missing);
        EXPECT_EQ(call.code(), Code::no_responder);
        EXPECT_EQ(call.failure->message, "no queue takes it");
    }
    TestCall served;
    broker.submit(served);
    broker.reply(broker.last());
    EXPECT_TRUE(served.succeeded_once());
}

TEST(MessageClientPresence, AfterALostConnectionServersHaveTimeToComeBack) {
    AtABroker broker;
    broker.client->on_lost(broken, RepliesSurvive::no);
    TestCall call;
    broker.submit(call);
    broker.ready();
    broker.executor.run_until_idle();
    broker.bind_all();
    ASSERT_EQ(broker.transport.counted.size(), 1U);
    broker.say(0);
    EXPECT_TRUE(call.pending());
    broker.executor.advance(250ms);
    ASSERT_EQ(broker.transport.counted.size(), 2U);
    broker.say(1);
    EXPECT_EQ(broker.transport.published.size(), 1U);
    broker.reply(broker.last());
    EXPECT_TRUE(call.succeeded_once());

    broker.client->on_lost(broken, RepliesSurvive::no);
    TestCall hopeless;
    broker.submit(hopeless);
    broker.ready();
    broker.bind_all();
    for (int round = 0; round < 30 && hopeless.pending(); ++round) {
        broker.say(0);
        broker.executor.advance(250ms);
    }
    EXPECT_EQ(hopeless.code(), Code::no_responder);
}

TEST(MessageClientPresence, WhoCannotAskAgainCallsAllTheSame) {
    AtABroker broker;
    broker.client->on_lost(broken, RepliesSurvive::no);
    TestCall call;
    broker.submit(call);
    broker.ready();
    broker.executor.run_until_idle();
    broker.bind_all();
    broker.transport.counts = false;
    broker.say(0);
    broker.executor.advance(250ms);
    broker.executor.run_until_idle();
    ASSERT_EQ(broker.transport.published.size(), 1U);
    broker.reply(broker.last());
    EXPECT_TRUE(call.succeeded_once());
}

TEST(MessageClientPresence, ALossWhileAQuestionIsOutAsksAgain) {
    AtABroker broker;
    TestCall call;
    broker.submit(call);
    broker.client->on_lost(broken, RepliesSurvive::no);
    EXPECT_TRUE(call.pending());
    broker.ready();
    broker.executor.run_until_idle();
    broker.bind_all();
    EXPECT_EQ(broker.transport.counted.size(), 2U);
    broker.say(1);
    EXPECT_EQ(broker.transport.published.size(), 1U);
    broker.client->close();
}

TEST(MessageClientPresence, AfterSoManyAttemptsToConnectCallsFail) {
    MessageClientOptions options = impatient();
    options.connect_attempts = 3;
    ClientFixture fixture{options};
    for (int round = 0; round < 2; ++round) {
        TestCall call;
        fixture.submit(call);
        fixture.client->on_lost(broken, RepliesSurvive::no);
        fixture.client->on_lost(broken, RepliesSurvive::no);
        EXPECT_TRUE(call.pending());
        fixture.client->on_lost(broken, RepliesSurvive::no);
        EXPECT_EQ(call.code(), Code::no_responder);
        EXPECT_NE(call.failure->message.find("in 3 attempts, the last one: the peer reset it"),
                  std::string::npos)
            << call.failure->message;
    }
}

TEST(MessageClientPresence, ADeadlineSaysWhatConnectingWaitsFor) {
    ClientFixture fixture;
    fixture.transport.waits_for = "the TLS handshake was not answered";
    TestCall call{"dx_example", 2s};
    fixture.submit(call);
    fixture.executor.advance(2s);
    EXPECT_EQ(call.code(), Code::no_responder);
    EXPECT_TRUE(call.failure->message.ends_with(" within 2s: the TLS handshake was not answered"))
        << call.failure->message;
}

TEST(MessageClientPresence, AnAlarmFailsWhatWaitsAndWillNot) {
    ClientFixture fixture;
    TestCall impatient_call;
    impatient_call.when_blocked = WhenBlocked::fail;
    TestCall patient;
    fixture.submit(impatient_call);
    fixture.submit(patient);
    fixture.ready();
    fixture.client->on_blocked("low on memory");
    EXPECT_EQ(impatient_call.code(), Code::broker_blocked);
    EXPECT_TRUE(patient.pending());
    fixture.client->close();
}

TEST(MessageClientPresence, NothingIsSentDuringAnAlarmThatWasThereBeforeTheConnection) {
    for (const bool wants_response : {true, false}) {
        ClientFixture fixture{test::client_options(),
                              protocol::make_tutorial_protocol("dx_example")};
        TestCall impatient_call;
        impatient_call.when_blocked = WhenBlocked::fail;
        impatient_call.wants_response = wants_response;
        TestCall patient;
        patient.wants_response = wants_response;
        fixture.submit(impatient_call);
        fixture.submit(patient);
        fixture.client->on_blocked("low on memory");
        fixture.ready();
        EXPECT_EQ(impatient_call.code(), Code::broker_blocked);
        EXPECT_TRUE(patient.pending());
        EXPECT_TRUE(fixture.transport.published.empty());
        fixture.client->on_unblocked();
        EXPECT_EQ(fixture.transport.published.size(), 1U);
        fixture.client->close();
    }
}

}  // namespace
}  // namespace warren::runtime
