#include "unit/runtime/server/stream_harness.hpp"

#include <functional>
#include <string>
#include <vector>

// Calls that nobody waits for any more give their places to others.
namespace warren::runtime::test {
namespace {

struct ServedSlow : ServedStream {
    int runs = 0;
    std::function<void(Context&)> during{};

    explicit ServedSlow(StreamServerOptions options = {}) {
        stage.registry.method("slow", [this](Context& context) {
            ++runs;
            if (during) {
                during(context);
            }
        });
        stage.registry.method("hello", [] { return 1; }).run_on_io_thread();
        stage.registry.method("alone", [this] { ++runs; }).run_alone();
        serve(std::move(options));
    }
};

std::string call(int id, std::string_view method) {
    return packed("[0," + std::to_string(id) + R"(,")" + std::string{method} + R"(",[]])");
}
std::string cancel(int id) {
    return packed(R"([2,"$warren.cancel",[)" + std::to_string(id) + "]]");
}

TEST(StreamServerCancel, WhatHasNotStartedDoesNot) {
    ServedSlow served;
    FakeConnection& peer = served.connect();
    peer.receive(call(1, "slow") + call(2, "slow") + call(3, "alone") + call(4, "alone"));
    served.turn();
    peer.receive(cancel(1) + cancel(4) + cancel(9));
    served.turn();
    EXPECT_EQ(served.server->in_flight(), 2U);
    served.run();
    EXPECT_EQ(served.runs, 2);
    const Texts responses = peer.take_responses();
    EXPECT_EQ(responses, (Texts{"[1,2,null,null]", "[1,3,null,null]"}))
        << "and what is cancelled is not answered";
    EXPECT_EQ(served.stage.dispatcher.one_way_failures(), 0U) << "it is no call of its own";
    EXPECT_FALSE(peer.is_busy());
}

TEST(StreamServerCancel, WhatIsToRunAnywayIsStoppedWhereItRuns) {
    ServedSlow served;
    FakeConnection& peer = served.connect();
    const auto cancel_begun = [](int id) {
        return packed(R"([2,"$warren.cancel",[)" + std::to_string(id) + R"(,"begun"]])");
    };
    served.during = [&](Context& context) {
        if (served.runs == 1) {
            peer.receive(cancel_begun(1) + cancel_begun(2));
            served.turn();
        }
        EXPECT_EQ(context.stop.stop_requested(), served.runs == 1);
    };
    peer.receive(call(1, "slow") + call(2, "slow"));
    served.run();
    EXPECT_EQ(served.runs, 2);
    EXPECT_EQ(peer.take_responses(), Texts{"[1,2,null,null]"});
}

TEST(StreamServerCancel, ThePlacesOfAThousandAreFreeForTheNext) {
    constexpr int calls = 1'000;
    ServedSlow served{{.limits = {.in_flight_per_connection_max = calls, .in_flight_max = calls}}};
    FakeConnection& peer = served.connect();
    std::string requests;
    for (int id = 1; id <= calls; ++id) {
        requests += call(id, "slow");
    }
    peer.receive(requests);
    served.turn();
    // Cancelled and followed by others in one read.
    requests.clear();
    for (int id = 1; id <= calls; ++id) {
        requests += cancel(id);
    }
    for (int id = 1; id <= calls; ++id) {
        requests += call(calls + id, "hello");
    }
    peer.receive(requests);
    const Texts responses = peer.take_responses();
    ASSERT_EQ(responses.size(), static_cast<std::size_t>(calls));
    for (const std::string& text : responses) {
        EXPECT_TRUE(text.ends_with(",null,1]")) << text;
    }
    served.run();
    EXPECT_EQ(served.runs, 0);
    EXPECT_EQ(served.server->in_flight(), 0U);
}

TEST(StreamServerCancel, OneThatRunsHearsOfItAndTakesNoPlaceOfOthers) {
    ServedSlow served{{.limits = {.in_flight_per_connection_max = 1, .in_flight_max = 1}}};
    FakeConnection& peer = served.connect();
    bool stopped = false;
    served.during = [&](Context& context) {
        peer.receive(call(2, "hello"));
        EXPECT_EQ(peer.take_responses().size(), 1U);
        peer.receive(cancel(1));
        served.turn();
        stopped = context.stop.stop_requested();
        peer.receive(call(3, "hello"));
        EXPECT_EQ(peer.take_responses(), Texts{"[1,3,null,1]"});
    };
    peer.receive(call(1, "slow"));
    served.run();
    EXPECT_TRUE(stopped);
    EXPECT_TRUE(peer.take_responses().empty());
    EXPECT_EQ(served.server->in_flight(), 0U);
}

TEST(StreamServerCancel, OfAConnectionThatEndsNoneTakesAPlaceButTheyStayBounded) {
    ServedSlow served{{.limits = {.in_flight_max = 2}}};
    bool nested = false;
    served.during = [&](Context&) {
        if (std::exchange(nested, true)) {
            return;
        }
        // One runs and one waits, both of a connection that is gone: others have all places.
        served.peers.front()->lose();
        FakeConnection& other = served.connect();
        other.receive(call(1, "slow") + call(2, "slow") + call(3, "slow"));
        served.turn();
        const Texts refused = other.take_responses();
        ASSERT_EQ(refused.size(), 1U);
        EXPECT_NE(refused[0].find("max_simultaneous_requests"), std::string::npos);
    };
    FakeConnection& peer = served.connect();
    peer.receive(call(1, "slow") + call(2, "slow"));
    served.run();
    EXPECT_EQ(served.runs, 3);
    EXPECT_EQ(served.server->in_flight(), 0U);
}

TEST(StreamServerCancel, WhatNamesNoRequestIsRefused) {
    ServedSlow served;
    FakeConnection& peer = served.connect();
    peer.receive(packed(R"([2,"$warren.cancel",["x"]])"));
    served.run();
    EXPECT_EQ(served.stage.dispatcher.one_way_failures(), 1U);
    // As a request it is a method that nobody has.
    peer.receive(packed(R"([0,1,"$warren.cancel",[1]])"));
    served.run();
    EXPECT_NE(peer.take_responses().at(0).find("no_such_method"), std::string::npos);
}

}  // namespace
}  // namespace warren::runtime::test
