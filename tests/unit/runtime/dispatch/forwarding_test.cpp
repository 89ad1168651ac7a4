#include "runtime/dispatch/forwarder.hpp"
#include "unit/runtime/dispatch/harness.hpp"
#include "unit/runtime/server/stream_harness.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <deque>
#include <functional>
#include <stdexcept>
#include <thread>

// Calls that go on to another server, which is what the test says.
namespace warren::runtime::test {
namespace {

class FakeForwarder final : public Forwarder {
public:
    struct Consumed {
        std::string method;
        model::ArgumentStyle style{};
        Dynamic arguments;
        std::optional<std::chrono::milliseconds> time_left;
        std::string idempotency_key;
        std::string traceparent;
        std::uint32_t attempt = 0;
        bool wants_response = true;
        std::stop_token stop;
        std::unique_ptr<ForwardSink> completion;
    };

    void forward(const ForwardedCall& call, std::unique_ptr<ForwardSink> completion) override {
        if (on_forward) {
            return on_forward(call, std::move(completion));
        }
        taken.push_back({std::string{call.method}, call.style, Dynamic{call.arguments},
                         call.metadata.time_left, std::string{call.metadata.idempotency_key},
                         std::string{call.metadata.traceparent}, call.metadata.attempt,
                         call.wants_response, call.stop, std::move(completion)});
    }

    std::deque<Consumed> taken;
    std::function<void(const ForwardedCall&, std::unique_ptr<ForwardSink>)> on_forward;
};

/// in  data: must outlive what takes it
ForwardedResponse reply(std::string_view message, const Dynamic& data) {
    return {.message = message, .data = data.value()};
}

struct ForwardingStage : Stage {
    FakeForwarder forwarder;

    explicit ForwardingStage(std::vector<std::string> methods = {}) {
        serve({.forwarder = &forwarder, .forwarded = std::move(methods), .name = "proxy"});
    }
    FakeForwarder::Consumed& last() { return forwarder.taken.back(); }
};

TEST(Forwarding, ACallGoesOnAsItCame) {
    ForwardingStage stage;
    const Dynamic arguments = Dynamic::list({1, Dynamic::map({{"token", "gAAAAA"}})});
    const protocol::Call call{
        .method = "whatever",
        .style = model::ArgumentStyle::positional,
        .arguments = arguments.value(),
        .correlation_id = "id",
        .metadata = {
            .time_left = 5s, .attempt = 3, .idempotency_key = "key", .traceparent = "trace"}};
    stage.dispatcher.dispatch(std::make_unique<TestCall>("a", stage.outcomes), call,
                              *stage.listener);
    ASSERT_EQ(stage.forwarder.taken.size(), 1U);
    EXPECT_EQ(stage.last().method, "whatever");
    EXPECT_EQ(stage.last().style, model::ArgumentStyle::positional);
    EXPECT_EQ(stage.last().arguments, arguments);
    EXPECT_EQ(stage.last().time_left, 5s);
    EXPECT_EQ(stage.last().idempotency_key, "key");
    EXPECT_EQ(stage.last().traceparent, "trace");
    EXPECT_EQ(stage.last().attempt, 3U);
    EXPECT_TRUE(stage.last().wants_response);
    EXPECT_FALSE(stage.last().stop.stop_requested());
    EXPECT_EQ(stage.dispatcher.in_flight(), 1U);
    EXPECT_EQ(stage.dispatcher.queued(), 0U);

    const Dynamic data = Dynamic::map({{"answer", 42}});
    stage.last().completion->end(reply("Well done", data));
    const Outcome outcome = stage.take();
    EXPECT_EQ(outcome.failure, std::nullopt);
    EXPECT_EQ(outcome.message, "Well done");
    EXPECT_EQ(outcome.data, data);
    EXPECT_EQ(stage.dispatcher.in_flight(), 0U);
    EXPECT_EQ(stage.dispatcher.successes(), 1U);
}

TEST(Forwarding, AFailureComesBackAsItIs) {
    for (const Code code :
         {Code::invalid_request, Code::no_such_method, Code::no_responder, Code::connection_lost,
          Code::contract_mismatch, Code::failed, Code::internal, Code::overloaded}) {
        ForwardingStage stage;
        stage.call("a", "m", {});
        stage.last().completion->end(
            std::unexpected{Failure{.code = code,
                                    .message = "theirs",
                                    .errors = {{{"field"}, "is wrong", "wrong"}},
                                    .data = Dynamic{7},
                                    .retry_after = 20ms}});
        const Outcome outcome = stage.take();
        EXPECT_EQ(outcome.failure, code);
        EXPECT_EQ(outcome.message, "theirs");
        EXPECT_EQ(outcome.errors.size(), 1U);
        EXPECT_EQ(outcome.data, Dynamic{7});
        EXPECT_EQ(outcome.retry_after, 20ms);
        EXPECT_EQ(stage.log.size(), 0U);
    }
}

TEST(Forwarding, AReplyWithoutAMessageSaysOkAsOneOfAHandlerDoes) {
    ForwardingStage stage;
    stage.call("a", "m", {});
    stage.last().completion->end(ForwardedResponse{});
    EXPECT_EQ(stage.take().message, "OK");
}

TEST(Forwarding, TheOutcomeMayBeThereAtOnce) {
    ForwardingStage stage;
    const Dynamic data{5};
    stage.forwarder.on_forward = [&](const ForwardedCall& call,
                                     std::unique_ptr<ForwardSink> completion) {
        completion->end(reply("now", data));
        EXPECT_EQ(call.method, "m") << "what the call views is still there";
    };
    stage.call("a", "m", {});
    EXPECT_EQ(stage.take().message, "now");
}

TEST(Forwarding, OnlyTheMethodsThatAreNamedGoOn) {
    ForwardingStage stage{{"b", "a"}};
    stage.call("1", "a", {});
    stage.call("2", "b", {});
    EXPECT_EQ(stage.forwarder.taken.size(), 2U);
    stage.call("3", "c", {});
    EXPECT_EQ(stage.take().failure, Code::no_such_method);
    EXPECT_EQ(stage.forwarder.taken.size(), 2U);
    for (auto& taken : stage.forwarder.taken) {
        taken.completion->end(ForwardedResponse{});
    }
}

TEST(Forwarding, AtTheDeadlineTheCallerIsAnsweredAndALaterOutcomeIsDropped) {
    ForwardingStage stage;
    stage.call("a", "m", {}, 1s);
    stage.executor.advance(999ms);
    EXPECT_TRUE(stage.outcomes.empty());
    EXPECT_FALSE(stage.last().stop.stop_requested());
    stage.executor.advance(1ms);
    const Outcome outcome = stage.take();
    EXPECT_EQ(outcome.failure, Code::deadline_exceeded);
    EXPECT_TRUE(stage.last().stop.stop_requested());
    stage.last().completion->end(ForwardedResponse{});
    EXPECT_TRUE(stage.outcomes.empty());
    EXPECT_EQ(stage.dispatcher.successes(), 0U);
}

TEST(Forwarding, AnOutcomeBeforeTheDeadlineIsTheOnlyOne) {
    ForwardingStage stage;
    stage.call("a", "m", {}, 1s);
    stage.executor.advance(999ms);
    stage.last().completion->end(ForwardedResponse{});
    EXPECT_EQ(stage.take().failure, std::nullopt);
    stage.executor.advance(10s);
    EXPECT_TRUE(stage.outcomes.empty());
    EXPECT_FALSE(stage.last().stop.stop_requested());
}

TEST(Forwarding, WhatHasNoTimeLeftIsNotForwarded) {
    ForwardingStage stage;
    stage.call("a", "m", {}, 0ms);
    EXPECT_EQ(stage.take().failure, Code::expired_in_queue);
    EXPECT_TRUE(stage.forwarder.taken.empty());
}

TEST(Forwarding, CallsThatAreAbandonedEndAndTheOthersGoOn) {
    ForwardingStage stage;
    stage.call("a", "m", {});
    stage.call("b", "m", {});
    const ServerCall* first = nullptr;
    stage.dispatcher.abandon(*stage.listener, [&first](const ServerCall& server_call) {
        first = first == nullptr ? &server_call : first;
        return first == &server_call;
    });
    const Outcome outcome = stage.take();
    EXPECT_EQ(outcome.failure, Code::cancelled);
    int stopped = 0;
    for (auto& taken : stage.forwarder.taken) {
        stopped += taken.stop.stop_requested() ? 1 : 0;
        taken.completion->end(ForwardedResponse{});
    }
    EXPECT_EQ(stopped, 1);
    EXPECT_EQ(stage.take().failure, std::nullopt);
}

TEST(Forwarding, CancelAllEndsWhatIsOnItsWay) {
    ForwardingStage stage;
    stage.call("a", "m", {});
    stage.dispatcher.cancel_all();
    EXPECT_EQ(stage.take().failure, Code::cancelled);
    EXPECT_TRUE(stage.last().stop.stop_requested());
    stage.last().completion->end(ForwardedResponse{});
    EXPECT_TRUE(stage.outcomes.empty());
    stage.call("b", "m", {});
    EXPECT_EQ(stage.take().failure, Code::overloaded);
    EXPECT_EQ(stage.forwarder.taken.size(), 1U);
}

TEST(Forwarding, AParkedCallCannotBeWithdrawnAsItMayBeHandled) {
    ForwardingStage stage;
    auto server_call = std::make_unique<TestCall>("a", stage.outcomes);
    ServerCall& parked = *server_call;
    stage.dispatcher.dispatch(std::move(server_call), {.method = "m"}, *stage.listener);
    EXPECT_FALSE(
        stage.dispatcher.withdraw(parked, *stage.listener, {.code = Code::connection_lost}));
    stage.last().completion->end(ForwardedResponse{});
    EXPECT_EQ(stage.take().failure, std::nullopt);
}

TEST(Forwarding, AForwarderThatLetsGoOfACallFailsIt) {
    ForwardingStage stage;
    stage.call("a", "m", {});
    stage.forwarder.taken.clear();
    EXPECT_EQ(stage.take().failure, Code::internal);
    EXPECT_TRUE(stage.log.contains("let go"));
    stage.forwarder.on_forward = [](const ForwardedCall&, std::unique_ptr<ForwardSink>) {
        throw std::runtime_error{"out of order"};
    };
    stage.call("b", "m", {});
    EXPECT_EQ(stage.take().failure, Code::internal);
    EXPECT_TRUE(stage.log.contains("out of order"));
}

TEST(Forwarding, CallsCountUnderABoundedLabel) {
    metrics::CallSeriesTable table;
    const metrics::ListenerSeries all =
        table.listener_series({std::string{metrics::forwarded_method}}, {"tcp", "msgpack-rpc"});
    Stage stage;
    FakeForwarder forwarder;
    stage.serve({.forwarder = &forwarder, .series = &all});
    stage.call("a", "one", {});
    stage.call("b", "two", {});
    forwarder.taken[0].completion->end(ForwardedResponse{});
    forwarder.taken[1].completion->end(std::unexpected{Failure{.code = Code::no_responder}});
    EXPECT_EQ(all.of(metrics::forwarded_method).successes(), 1U);
    EXPECT_EQ(all.of(metrics::forwarded_method).failures(Code::no_responder), 1U);
    EXPECT_EQ(table.all().size(), 2U);
}

// What is checked here is mostly what a thread sanitizer sees.
TEST(Forwarding, ADeadlineAndAnOutcomeOnAnotherThreadGiveOneAnswer) {
    constexpr int rounds = 200;
    for (int round = 0; round != rounds; ++round) {
        ForwardingStage stage;
        stage.call("a", "m", {}, 1s);
        std::barrier both{2};
        std::thread other{[&] {
            both.arrive_and_wait();
            const Dynamic data{round};
            stage.last().completion->end(reply("done", data));
        }};
        both.arrive_and_wait();
        stage.executor.advance(1s);
        other.join();
        EXPECT_EQ(stage.outcomes.size(), 1U);
        EXPECT_EQ(stage.dispatcher.in_flight(), 0U);
    }
}

TEST(Forwarding, CancelAllAndAnOutcomeOnOtherThreadsGiveOneAnswer) {
    constexpr int rounds = 200;
    for (int round = 0; round != rounds; ++round) {
        ForwardingStage stage;
        stage.call("a", "m", {});
        std::barrier both{2};
        std::thread other{[&] {
            both.arrive_and_wait();
            stage.last().completion->end(std::unexpected{Failure{.code = Code::failed}});
        }};
        both.arrive_and_wait();
        stage.dispatcher.cancel_all();
        other.join();
        EXPECT_EQ(stage.outcomes.size(), 1U);
    }
}

struct ForwardingStream : ServedStream {
    FakeForwarder forwarder;

    ForwardingStream() {
        StreamServerOptions options;
        options.listener.forwarder = &forwarder;
        serve(std::move(options));
    }
    ~ForwardingStream() { forwarder.taken.clear(); }
};

TEST(Forwarding, AConnectionGetsItsAnswersInAnyOrder) {
    ForwardingStream served;
    FakeConnection& peer = served.connect();
    peer.receive(packed(R"([0, 1, "one", []])") + packed(R"([0, 2, "two", [{"a": 1}]])"));
    ASSERT_EQ(served.forwarder.taken.size(), 2U);
    EXPECT_TRUE(peer.is_busy());
    const Dynamic data = Dynamic::list({"x"});
    served.forwarder.taken[1].completion->end(reply("", data));
    std::thread{[&] {
        served.forwarder.taken[0].completion->end(
            std::unexpected{Failure{.code = Code::no_responder, .message = "gone"}});
    }}.join();
    served.turn();
    EXPECT_EQ(peer.take_responses(),
              (std::vector<std::string>{R"([1,2,null,["x"]])",
                                        R"([1,1,{"code":"no_responder","message":"gone"},null])"}));
    EXPECT_FALSE(peer.is_busy());
}

TEST(Forwarding, ALargeRequestIsReadOnAWorkerAndThenGoesOn) {
    ForwardingStream served;
    FakeConnection& peer = served.connect();
    const std::string text(2 * quick_bytes_max, 'x');
    peer.receive(packed(R"([0, 1, "one", [")" + text + R"("]])"));
    served.turn();
    EXPECT_TRUE(served.forwarder.taken.empty());
    EXPECT_TRUE(served.stage.workers.run_one());
    EXPECT_TRUE(served.forwarder.taken.empty()) << "which is the I/O thread's";
    served.turn();
    ASSERT_EQ(served.forwarder.taken.size(), 1U);
    EXPECT_EQ(served.forwarder.taken[0].arguments, Dynamic::list({text}));
    served.forwarder.taken[0].completion->end(ForwardedResponse{});
    served.turn();
    EXPECT_EQ(peer.take_responses(), std::vector<std::string>{"[1,1,null,null]"});
}

TEST(Forwarding, ALargeRequestThatWasNotForwardedWasNotHandled) {
    ForwardingStream served;
    FakeConnection& peer = served.connect();
    peer.receive(packed(R"([0, 1, "one", [")" + std::string(2 * quick_bytes_max, 'x') + R"("]])"));
    served.turn();
    served.stage.dispatcher.cancel_all();
    served.run();
    const std::vector<std::string> responses = peer.take_responses();
    ASSERT_EQ(responses.size(), 1U);
    EXPECT_NE(responses[0].find(R"("overloaded")"), std::string::npos) << responses[0];
    EXPECT_TRUE(served.forwarder.taken.empty());
}

TEST(Forwarding, TheCallsOfAConnectionThatIsGoneAreGivenUp) {
    ForwardingStream served;
    FakeConnection& peer = served.connect();
    peer.receive(packed(R"([0, 1, "one", []])") + packed(R"([2, "two", []])"));
    ASSERT_EQ(served.forwarder.taken.size(), 2U);
    peer.lose();
    EXPECT_TRUE(served.forwarder.taken[0].stop.stop_requested());
    EXPECT_FALSE(served.forwarder.taken[1].stop.stop_requested()) << "it was one-way";
    EXPECT_FALSE(served.forwarder.taken[1].wants_response);
    for (auto& taken : served.forwarder.taken) {
        taken.completion->end(ForwardedResponse{});
    }
    served.turn();
    EXPECT_EQ(served.server->in_flight(), 0U);
}

TEST(Forwarding, AOneWayCallThatFailsIsToldAndCounted) {
    ForwardingStream served;
    served.connect().receive(packed(R"([2, "two", []])"));
    served.forwarder.taken[0].completion->end(
        std::unexpected{Failure{.code = Code::no_responder, .message = "gone"}});
    served.turn();
    EXPECT_TRUE(
        served.stage.log.contains("two (listener): a one-way call failed: no_responder: gone"));
    EXPECT_EQ(served.stage.dispatcher.one_way_failures(), 1U);
}

}  // namespace
}  // namespace warren::runtime::test
