#include "runtime/dispatch/forwarder.hpp"
#include "runtime/dispatch/response_writer.hpp"
#include "unit/runtime/server/broker_harness.hpp"
#include "unit/runtime/server/stream_harness.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

// Responses of many parts and one end, which come from another server and are handed on.
namespace warren::runtime::test {
namespace {

class PartForwarder final : public Forwarder {
public:
    void forward(const ForwardedCall& call, std::unique_ptr<ForwardSink> response) override {
        flows.push_back(call.parts);
        responses.push_back(std::move(response));
        if (answers_at_once) {
            part(responses.size() - 1, 0);
            end(responses.size() - 1);
        }
    }

    void part(std::size_t call, int number) {
        responses[call]->part(protocol::ResponseKind::part, Value::integer(number));
    }
    void end(std::size_t call) {
        responses[call]->end(ForwardedResponse{.data = Value::text("end")});
    }

    bool answers_at_once = false;
    std::vector<std::unique_ptr<ForwardSink>> responses;
    std::vector<std::shared_ptr<PartsFlow>> flows;
};

/// in   asks: for what comes before the end
std::string request(int id, const std::string& asks = R"("parts": 100)") {
    return packed("[0, " + std::to_string(id) + R"(, "m", [{"$warren": "positional", )" + asks +
                  "}]]");
}

std::string part_of(int id, int number, int data) {
    return "[1," + std::to_string(id) + ",null," + std::to_string(data) +
           R"(,{"$warren":"part","number":)" + std::to_string(number) + "}]";
}

std::string end_of(int id, int parts) {
    return "[1," + std::to_string(id) + R"(,null,"end",{"$warren":"bare","number":)" +
           std::to_string(parts) + "}]";
}

TEST(ResponseParts, LeaveAtOnceAndInOrderOverAStream) {
    PartForwarder forwarder;
    ServedStream served;
    served.serve({.listener = {.forwarder = &forwarder}});
    FakeConnection& peer = served.connect();
    peer.receive(request(1) + request(2));
    forwarder.part(0, 1);
    forwarder.part(1, 2);
    served.run();
    EXPECT_EQ(peer.take_responses(), (Texts{part_of(1, 0, 1), part_of(2, 0, 2)}));
    EXPECT_EQ(served.server->in_flight(), 2U) << "a part ends nothing";
    forwarder.part(0, 3);
    forwarder.end(0);
    served.run();
    EXPECT_EQ(peer.take_responses(), (Texts{part_of(1, 1, 3), end_of(1, 2)}));
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
    ServedStream served;
    served.serve({.listener = {.forwarder = &forwarder}});
    FakeConnection& peer = served.connect();
    peer.receive(request(1));
    served.run();
    EXPECT_EQ(peer.take_responses(), (Texts{part_of(1, 0, 0), end_of(1, 1)}));
}

TEST(ResponseParts, OfAConnectionThatIsGoneAreDropped) {
    PartForwarder forwarder;
    ServedStream served;
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
    ServedStream served;
    served.serve({.listener = {.forwarder = &forwarder},
                  .limits = {.responses_bytes_per_connection_max = 30}});
    FakeConnection& peer = served.connect();
    peer.receive(request(1));
    for (int number = 0; number < 3; ++number) {
        forwarder.part(0, number);
    }
    forwarder.end(0);
    served.run();
    const Texts responses = peer.take_responses();
    ASSERT_EQ(responses.size(), 3U);
    EXPECT_EQ(responses[1], part_of(1, 1, 1));
    EXPECT_TRUE(responses[2].contains("overloaded")) << "a response that lacks a part is none";
}

TEST(ResponseParts, AreNotForCallersThatTakeNoneNorOfOneWayCalls) {
    PartForwarder forwarder;
    ServedStream served;
    served.serve({.listener = {.forwarder = &forwarder}});
    FakeConnection& peer = served.connect();
    peer.receive(packed(R"([0, 1, "m", []])"));
    forwarder.part(0, 1);
    forwarder.end(0);
    served.run();
    EXPECT_EQ(peer.take_responses(), Texts{R"([1,1,null,"end"])"});
    peer.receive(packed(R"([2, "m", [{"$warren": "positional", "parts": 100}]])"));
    forwarder.part(1, 1);
    forwarder.end(1);
    served.run();
    EXPECT_EQ(peer.take_output(), "");
}

TEST(ResponseParts, ACallerSaysWhenItIsDoneWithThem) {
    PartForwarder forwarder;
    ServedStream served;
    served.serve({.listener = {.forwarder = &forwarder}});
    FakeConnection& peer = served.connect();
    const std::size_t part_bytes = packed(part_of(7, 0, 0)).size();
    peer.receive(request(7, "\"parts\": " + std::to_string(2 * part_bytes)));
    PartsFlow& flow = *forwarder.flows[0];
    std::vector<std::uint64_t> done;
    flow.watch([&](std::uint64_t parts) { done.push_back(parts); });
    forwarder.part(0, 0);
    EXPECT_TRUE(flow.has_room());
    forwarder.part(0, 1);
    EXPECT_FALSE(flow.has_room());
    int waited = 0;
    flow.wait([&] { ++waited; });
    served.run();
    const auto credit = [&](std::size_t bytes) {
        peer.receive(packed(R"([2, "$warren.credit", [7, )" + std::to_string(bytes) + "]]"));
    };
    credit(part_bytes - 1);
    EXPECT_EQ(waited, 1) << "a byte of room is room";
    EXPECT_EQ(done, std::vector<std::uint64_t>{0});
    credit(2 * part_bytes);
    credit(2 * part_bytes);
    credit(9 * part_bytes);
    EXPECT_EQ(done, (std::vector<std::uint64_t>{0, 2})) << "what was not sent is not done with";
    forwarder.end(0);
    served.run();
    credit(3 * part_bytes);
    EXPECT_EQ(waited, 1);
    EXPECT_EQ(peer.take_responses(), (Texts{part_of(7, 0, 0), part_of(7, 1, 1), end_of(7, 2)}));
}

TEST(ResponseParts, NobodyWaitsForCreditThatCannotCome) {
    PartForwarder forwarder;
    ServedStream served;
    served.serve({.listener = {.forwarder = &forwarder}});
    FakeConnection& peer = served.connect();
    peer.receive(request(1, "\"parts\": 0") + request(2, "\"parts\": 0"));
    forwarder.part(0, 0);
    served.run();
    PartsFlow& early = *forwarder.flows[0];
    int waited = 0;
    early.wait([&] { ++waited; });
    EXPECT_EQ(waited, 0);
    peer.end_input();
    EXPECT_EQ(waited, 1);
    EXPECT_FALSE(early.has_room());
    EXPECT_FALSE(early.expects_more());
    PartsFlow& late = *forwarder.flows[1];
    EXPECT_TRUE(late.has_room()) << "one always may be under way";
    forwarder.part(1, 0);
    served.run();
    late.wait([&] { ++waited; });
    EXPECT_EQ(waited, 2);
    forwarder.end(0);
    forwarder.end(1);
    served.run();
    EXPECT_EQ(peer.take_responses(),
              (Texts{part_of(1, 0, 0), part_of(2, 0, 0), end_of(1, 1), end_of(2, 1)}));
}

TEST(ResponseParts, AWindowOfNothingAdmitsOneAtATime) {
    PartsFlow flow{0};
    EXPECT_TRUE(flow.has_room());
    flow.sent(1000);
    EXPECT_FALSE(flow.has_room());
    flow.done(1000);
    EXPECT_TRUE(flow.has_room());
    flow.sent(1);
    int waited = 0;
    flow.wait([&] { ++waited; });
    EXPECT_EQ(waited, 0);
    flow.close();
    EXPECT_EQ(waited, 1) << "nobody waits for ever";
}

TEST(ResponseParts, CreditThatCannotBeReadIsRefused) {
    PartForwarder forwarder;
    ServedStream served;
    served.serve({.listener = {.forwarder = &forwarder}});
    FakeConnection& peer = served.connect();
    for (const char* const arguments : {"[]", "[1]", "[-1, 5]", "[1, \"x\"]", "{}"}) {
        peer.receive(packed(R"([2, "$warren.credit", )" + std::string{arguments} + "]"));
    }
    peer.receive(packed(R"([2, "$warren.credit", [4, 5]])"));
    peer.receive(request(1));
    forwarder.end(0);
    served.run();
    EXPECT_EQ(peer.take_responses(), Texts{end_of(1, 0)}) << "the connection goes on";
}

TEST(ResponseParts, HeartbeatsComeUntilTheEnd) {
    PartForwarder forwarder;
    ServedStream served;
    served.serve({.listener = {.forwarder = &forwarder}});
    FakeConnection& peer = served.connect();
    peer.receive(request(1, R"("heartbeat_ms": 1000)"));
    served.run();
    const std::string beat = R"([1,1,null,null,{"$warren":"heartbeat"}])";
    EXPECT_EQ(peer.take_responses(), Texts{beat}) << "the first says that a server has it";
    served.stage.executor.advance(999ms);
    served.run();
    EXPECT_EQ(peer.take_output(), "");
    served.stage.executor.advance(1ms);
    served.run();
    EXPECT_EQ(peer.take_responses(), Texts{beat});
    forwarder.end(0);
    served.run();
    EXPECT_EQ(peer.take_responses(), Texts{R"([1,1,null,"end"])"});
    served.stage.executor.advance(10s);
    served.run();
    EXPECT_EQ(peer.take_output(), "");
}

TEST(ResponseParts, SettleNothingAtABroker) {
    PartForwarder forwarder;
    ServedBroker served;
    served.stage.registry.method("work", [] {});
    served.serve({.listener = {.forwarder = &forwarder}});
    const std::array headers{Member{Value::text("warren-parts-window"), Value::integer(1'000'000)}};
    served.caller->send({.correlation_id = "a", .headers = Value::map(headers)});
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
    served.stage.registry.method("work", [] {});
    served.serve({.listener = {.forwarder = &forwarder}});
    const std::array headers{Member{Value::text("warren-parts-window"), Value::integer(1'000'000)}};
    served.caller->send({.correlation_id = "a", .headers = Value::map(headers)});
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
