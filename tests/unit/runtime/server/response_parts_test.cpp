#include "runtime/dispatch/forwarder.hpp"
#include "runtime/dispatch/response_writer.hpp"
#include "unit/runtime/server/broker_harness.hpp"
#include "unit/runtime/server/parts_protocol.hpp"
#include "unit/runtime/server/stream_harness.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

// Responses of many parts and one end, which come from another server and are handed on.
namespace warren::runtime::test {
namespace {

class PartForwarder final : public Forwarder {
public:
    void forward(const ForwardedCall&, std::unique_ptr<ForwardSink> response) override {
        responses.push_back(std::move(response));
        if (answers_at_once) {
            part(responses.size() - 1, 0);
            end(responses.size() - 1);
        }
    }

    void part(std::size_t call, int number) { responses[call]->part(Value::integer(number)); }
    void end(std::size_t call) {
        responses[call]->end(ForwardedResponse{.data = Value::text("end")});
    }

    bool answers_at_once = false;
    std::vector<std::unique_ptr<ForwardSink>> responses;
};

std::string request(int id) {
    return packed("[0, " + std::to_string(id) + ", \"m\", []]");
}

TEST(ResponseParts, LeaveAtOnceAndInOrderOverAStream) {
    PartForwarder forwarder;
    ServedStream served{std::make_unique<PartsOverStreams>()};
    served.serve({.listener = {.forwarder = &forwarder}});
    FakeConnection& peer = served.connect();
    peer.receive(request(1) + request(2));
    forwarder.part(0, 1);
    forwarder.part(1, 2);
    served.run();
    EXPECT_EQ(peer.take_responses(),
              (Texts{R"([1,1,null,["part",1]])", R"([1,2,null,["part",2]])"}));
    EXPECT_EQ(served.server->in_flight(), 2U) << "a part ends nothing";
    forwarder.part(0, 3);
    forwarder.end(0);
    served.run();
    EXPECT_EQ(peer.take_responses(), (Texts{R"([1,1,null,["part",3]])", R"([1,1,null,"end"])"}));
    forwarder.part(0, 4);
    served.run();
    EXPECT_EQ(peer.take_output(), "") << "nothing follows the end";
    forwarder.end(1);
    served.run();
    EXPECT_EQ(served.server->in_flight(), 0U);
}

TEST(ResponseParts, AnEndInsideOfItsDispatchComesBehindThem) {
    PartForwarder forwarder;
    forwarder.answers_at_once = true;
    ServedStream served{std::make_unique<PartsOverStreams>()};
    served.serve({.listener = {.forwarder = &forwarder}});
    FakeConnection& peer = served.connect();
    peer.receive(request(1));
    served.run();
    EXPECT_EQ(peer.take_responses(), (Texts{R"([1,1,null,["part",0]])", R"([1,1,null,"end"])"}));
}

TEST(ResponseParts, OfAConnectionThatIsGoneAreDropped) {
    PartForwarder forwarder;
    ServedStream served{std::make_unique<PartsOverStreams>()};
    served.serve({.listener = {.forwarder = &forwarder}});
    FakeConnection& peer = served.connect();
    peer.receive(request(1));
    forwarder.part(0, 1);
    peer.lose();
    forwarder.part(0, 2);
    served.run();
    served.drain();
    served.run();
    EXPECT_TRUE(served.drained) << "no byte of them is waited for";
}

TEST(ResponseParts, AreRefusedWhereAsMuchWaitsAsMay) {
    PartForwarder forwarder;
    ServedStream served{std::make_unique<PartsOverStreams>()};
    served.serve({.listener = {.forwarder = &forwarder}, .responses_bytes_per_connection_max = 20});
    FakeConnection& peer = served.connect();
    peer.receive(request(1));
    for (int number = 0; number < 3; ++number) {
        forwarder.part(0, number);
    }
    forwarder.end(0);
    served.run();
    const Texts responses = peer.take_responses();
    ASSERT_EQ(responses.size(), 3U);
    EXPECT_TRUE(responses[1].contains(R"(["part",1])"));
    EXPECT_TRUE(responses[2].contains("overloaded")) << "a response that lacks a part is none";
}

TEST(ResponseParts, AreNotOfAProtocolWithoutAnyNorOfOneWayCalls) {
    PartForwarder forwarder;
    ServedStream plain;
    plain.serve({.listener = {.forwarder = &forwarder}});
    FakeConnection& peer = plain.connect();
    peer.receive(request(1));
    forwarder.part(0, 1);
    forwarder.end(0);
    plain.run();
    EXPECT_EQ(peer.take_responses(), Texts{R"([1,1,null,"end"])"});
    ServedStream with_parts{std::make_unique<PartsOverStreams>()};
    with_parts.serve({.listener = {.forwarder = &forwarder}});
    FakeConnection& notifier = with_parts.connect();
    notifier.receive(packed(R"([2, "m", []])"));
    forwarder.part(1, 1);
    forwarder.end(1);
    with_parts.run();
    EXPECT_EQ(notifier.take_output(), "");
}

TEST(ResponseParts, SettleNothingAtABroker) {
    PartForwarder forwarder;
    ServedBroker served;
    served.protocol = std::make_unique<PartsOverMessages>();
    served.stage.registry.method("work", [] {});
    served.serve({.listener = {.forwarder = &forwarder}});
    served.caller->send({.correlation_id = "a"});
    served.run();
    ASSERT_EQ(forwarder.responses.size(), 1U);
    forwarder.part(0, 1);
    forwarder.part(0, 2);
    served.run();
    EXPECT_EQ(served.caller->replies("a").size(), 2U);
    EXPECT_FALSE(served.is_empty());
    forwarder.end(0);
    served.run();
    EXPECT_EQ(served.caller->replies("a").size(), 3U);
    EXPECT_TRUE(served.caller->replies("a")[1].contains(R"("data":2)"));
    EXPECT_TRUE(served.caller->replies("a")[2].contains(R"("data":"end")"));
    EXPECT_TRUE(served.is_empty());
}

TEST(ResponseParts, AnEndIsKeptForARedeliveryApartFromItsCall) {
    PartForwarder forwarder;
    ServedBroker served;
    served.protocol = std::make_unique<PartsOverMessages>();
    served.stage.registry.method("work", [] {});
    served.serve({.listener = {.forwarder = &forwarder}});
    served.caller->send({.correlation_id = "a"});
    served.run();
    forwarder.part(0, 1);
    served.run();
    served.lose_connection();
    forwarder.end(0);
    served.turn();
    EXPECT_EQ(served.server->redelivery_cache().size(), 1U);
    served.stage.executor.advance(1s);
    served.run();
    EXPECT_EQ(forwarder.responses.size(), 1U) << "it was not asked for again";
    EXPECT_TRUE(served.caller->replies("a").back().contains(R"("data":"end")"));
    EXPECT_TRUE(served.is_empty());
}

}  // namespace
}  // namespace warren::runtime::test
