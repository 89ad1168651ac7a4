#include "protocol/returned_requests.hpp"
#include "transport/memory/client_transport.hpp"
#include "unit/runtime/client/fake_transport.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string_view>

namespace warren::runtime {
namespace {

using test::ClientFixture;
using test::Published;
using test::TestCall;
using namespace std::chrono_literals;

/// A request as the broker gives it back.
void give_back(ClientFixture& fixture, const Published& sent, std::string_view reason) {
    const Dynamic headers = Dynamic::map(
        {{"x-death", Dynamic::list({Dynamic::map({{"reason", reason}, {"queue", "q"}})})}});
    fixture.client->on_reply({.correlation_id = sent.correlation_id,
                              .reply_to = sent.reply_to,
                              .headers = headers.value()});
}

TEST(MessageClientReturns, ARequestThatComesBackEndsItsCall) {
    ClientFixture fixture;
    fixture.transport.key = "back";
    fixture.start();
    TestCall call;
    fixture.submit(call);
    const Published sent = fixture.last();
    EXPECT_EQ(sent.headers, Dynamic::map({{"BCC", Dynamic::list({"back"})}}));
    EXPECT_EQ(sent.expiration, "59750") << "it is back before the deadline";
    give_back(fixture, sent, "expired");
    EXPECT_EQ(call.code(), Code::expired_in_queue);
    give_back(fixture, sent, "expired");
    EXPECT_EQ(fixture.client->replies_dropped(), 1U);
}

TEST(MessageClientReturns, OneWayCallsAndOthersAskForNothing) {
    for (const bool is_one_way : {true, false}) {
        ClientFixture fixture;
        fixture.transport.key = is_one_way ? "back" : "";
        fixture.start();
        TestCall call;
        call.wants_response = !is_one_way;
        fixture.submit(call);
        EXPECT_EQ(fixture.last().headers, Dynamic{});
        EXPECT_EQ(fixture.last().expiration, "60000");
        fixture.client->close();
    }
}

TEST(MessageClientReturns, ACopyOfARequestIsNone) {
    ClientFixture fixture;
    fixture.transport.key = "back";
    fixture.start();
    TestCall call;
    fixture.submit(call);
    const Published sent = fixture.last();
    fixture.client->on_reply({.correlation_id = sent.correlation_id, .reply_to = sent.reply_to});
    EXPECT_TRUE(call.pending());
    fixture.reply(sent);
    EXPECT_TRUE(call.succeeded_once());
}

/// A client and a broker, both on the clock that stands still. Nobody serves.
TEST(MessageClientReturns, WhatNobodyTakesComesBackBeforeItsDeadline) {
    for (const bool has_queue_that_returns : {true, false}) {
        transport::VirtualExecutor executor;
        transport::MemoryBroker broker{executor};
        const auto protocol = protocol::make_cyberfusion_protocol();
        protocol::Topology served{.exchanges = {{.name = "dx_example"}},
                                  .queues = {{.name = "server_queue", .durable = true}},
                                  .bindings = {{.queue = "server_queue",
                                                .exchange = "dx_example",
                                                .routing_key = "server_queue"}}};
        if (has_queue_that_returns) {
            protocol::return_requests(served);
        }
        ASSERT_TRUE(broker.declare(served, nullptr));
        const auto client =
            std::make_shared<MessageClient>(executor, *protocol, test::client_options());
        const auto transport =
            transport::make_memory_client_transport(broker, {.returns_dropped = true});
        client->attach(*transport);
        transport->start(*client);
        executor.run_until_idle();
        TestCall call{"dx_example", 10s};
        client->submit(call);
        executor.advance(9749ms);
        EXPECT_TRUE(call.pending());
        executor.advance(249ms);
        EXPECT_EQ(call.code(),
                  has_queue_that_returns ? std::optional{Code::expired_in_queue} : std::nullopt);
        executor.advance(2ms);
        EXPECT_EQ(call.code(),
                  has_queue_that_returns ? Code::expired_in_queue : Code::deadline_exceeded);
        client->close();
        transport->close({});
    }
}

}  // namespace
}  // namespace warren::runtime
