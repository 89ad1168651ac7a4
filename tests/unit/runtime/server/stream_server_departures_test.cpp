#include "protocol/msgpack_rpc_protocol.hpp"
#include "protocol/pyzmqrpc.hpp"
#include "protocol/pyzmqrpc_protocol.hpp"
#include "runtime/dispatch/forwarder.hpp"
#include "unit/runtime/server/peer_harness.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Peers that are gone before they have their responses.
namespace warren::runtime::test {
namespace {

TEST(StreamServerDepartures, OfAPeerThatIsGoneRunsWhatNeedsNoAnswer) {
    ServedMessages rpc{protocol::make_msgpack_rpc_protocol({.whole_messages = true})};
    rpc.peer->receive(packed(R"([0,1,"work",["a"]])"));
    rpc.peer->reach(false);
    rpc.peer->receive(packed(R"([0,2,"work",["b"]])"));
    rpc.peer->receive(packed(R"([2,"work",["c"]])"));
    rpc.peer->reach(true);
    rpc.peer->receive(packed(R"([0,3,"work",["d"]])"));
    rpc.run();
    EXPECT_EQ(rpc.calls, (Texts{"c", "d"}));

    ServedMessages commands{protocol::make_pyzmqrpc_protocol()};
    commands.peer->receive(command("work", "a"));
    commands.peer->reach(false);
    commands.peer->receive(command("work", "b"));
    commands.run();
    EXPECT_EQ(commands.calls, (Texts{"a", "b"}));
}

TEST(StreamServerDepartures, AHandlerWhosePeerIsGoneHearsOfItAndTakesNoPlaceOfOthers) {
    for (const bool is_rpc : {true, false}) {
        ServedMessages served{is_rpc ? protocol::make_msgpack_rpc_protocol({.whole_messages = true})
                                     : protocol::make_pyzmqrpc_protocol(),
                              {.limits = {.in_flight_max = 1}}};
        FakePeer other{served.stage.executor, *served.server};
        const auto asks = [is_rpc](std::string_view method, std::string_view name) {
            return is_rpc ? packed(R"([0,1,")" + std::string{method} + R"(",[")" +
                                   std::string{name} + "\"]]")
                          : command(method, name);
        };
        bool stopped = false;
        Texts refused;
        served.during = [&](Context& context) {
            other.receive(asks("echo", "refused"));
            refused = other.take_messages();
            EXPECT_FALSE(context.stop.stop_requested());
            served.peer->reach(false);
            stopped = context.stop.stop_requested();
            other.receive(asks("echo", "taken"));
        };
        served.peer->receive(asks("watch", "first"));
        served.run();
        EXPECT_TRUE(stopped);
        ASSERT_EQ(refused.size(), 1U);
        EXPECT_TRUE(refused[0].contains("max_simultaneous_requests"));
        EXPECT_EQ(served.calls, (Texts{"first", "taken"}));
        EXPECT_EQ(served.server->in_flight(), 0U);
    }
}

TEST(StreamServerDepartures, RoomThatIsMadeByAPeerThatIsGoneIsUsedAtOnce) {
    ServedMessages served{protocol::make_msgpack_rpc_protocol({.whole_messages = true}),
                          {.limits = {.in_flight_max = 1}}};
    FakePeer other{served.stage.executor, *served.server};
    served.during = [&](Context&) {
        other.receive(packed(R"([2,"echo",["one"]])"));
        other.receive(packed(R"([2,"echo",["two"]])"));
        served.turn();
        EXPECT_EQ(served.calls, (Texts{"watched", "one"}));
        served.peer->reach(false);
        served.turn();
        EXPECT_EQ(served.calls, (Texts{"watched", "one", "two"}));
    };
    served.peer->receive(packed(R"([0,1,"watch",["watched"]])"));
    served.run();
}

TEST(StreamServerDepartures, OneWayAPeerThatIsGoneStopsNothing) {
    ServedMessages served{protocol::make_msgpack_rpc_protocol({.whole_messages = true})};
    served.during = [&](Context& context) {
        served.peer->reach(false);
        EXPECT_FALSE(context.stop.stop_requested());
    };
    served.peer->receive(packed(R"([2,"watch",["one-way"]])"));
    served.run();
    EXPECT_EQ(served.calls, Texts{"one-way"});
}

TEST(StreamServerDepartures, CommandsOfAPeerThatIsGoneRunInTheirOrder) {
    ServedMessages served{protocol::make_pyzmqrpc_protocol()};
    int stopped = 0;
    served.during = [&](Context& context) {
        if (served.calls.size() == 1) {
            served.peer->reach(false);
            served.turn();
            EXPECT_EQ(served.calls, Texts{"a"}) << "the next one waits for its end";
        }
        stopped += context.stop.stop_requested() ? 1 : 0;
    };
    for (const char* const name : {"a", "b", "c"}) {
        served.peer->receive(command("watch", name));
    }
    served.run();
    EXPECT_EQ(served.calls, (Texts{"a", "b", "c"}));
    EXPECT_EQ(stopped, 1) << "the one that ran when its peer went";
}

TEST(StreamServerDepartures, WhoHasMovedGetsNoAnswerToWhatItAskedBefore) {
    for (const bool moves : {true, false}) {
        ServedMessages served{protocol::make_pyzmqrpc_protocol()};
        served.during = [&](Context& context) {
            if (served.calls.size() == 1 && moves) {
                served.peer->receive(command("work", "waits"));
                served.peer->receive("");
                served.peer->receive(protocol::pyzmqrpc_heartbeat);
                served.peer->receive(command("boom", "fails"));
                served.peer->move();
                EXPECT_TRUE(context.stop.stop_requested());
                served.peer->receive(command("work", "again"));
            }
        };
        served.peer->receive(command("watch", "before"));
        served.run();
        EXPECT_EQ(served.calls, moves ? (Texts{"before", "waits", "again"}) : Texts{"before"});
        EXPECT_EQ(served.peer->take_messages(), Texts{success(moves ? "again" : "before")});
        EXPECT_EQ(served.server->counters().dropped_responses, moves ? 1U : 0U);
        EXPECT_EQ(served.server->unfinished(), "");
        served.peer->receive(command("watch", "later"));
        served.run();
        EXPECT_EQ(served.peer->take_messages(), Texts{success("later")});
    }
}

TEST(StreamServerDepartures, WhoIsBackAndHasNotAskedAgainGetsItsAnswer) {
    ServedMessages served{protocol::make_pyzmqrpc_protocol()};
    served.during = [&](Context&) {
        served.peer->reach(false);
        served.peer->reach(true);
    };
    served.peer->receive(command("watch", "before"));
    served.run();
    EXPECT_EQ(served.peer->take_messages(), Texts{success("before")});
}

TEST(StreamServerDepartures, WhereAnswersSayWhatTheyAnswerAMoveChangesNothing) {
    ServedMessages served{protocol::make_msgpack_rpc_protocol({.whole_messages = true})};
    served.during = [&](Context& context) {
        served.peer->move();
        EXPECT_FALSE(context.stop.stop_requested());
    };
    served.peer->receive(packed(R"([0,1,"watch",["a"]])"));
    served.run();
    EXPECT_EQ(served.peer->take_messages().size(), 1U);
}

/// Keeps what it is given, and answers nothing.
class Silent final : public Forwarder {
public:
    void forward(const ForwardedCall& call, std::unique_ptr<ForwardSink> response) override {
        calls.push_back(
            {std::string{call.method}, call.runs_anyway, call.stop, std::move(response)});
    }

    struct Taken {
        std::string method;
        bool runs_anyway;
        std::stop_token stop;
        std::unique_ptr<ForwardSink> response;
    };
    std::vector<Taken> calls;
};

TEST(StreamServerDepartures, WhatWasForwardedForOneThatIsGoneEndsAndTheNextGoesOn) {
    for (const bool is_rpc : {true, false}) {
        Silent forwarder;
        ServedStream served{is_rpc ? protocol::make_msgpack_rpc_protocol({.whole_messages = true})
                                   : protocol::make_pyzmqrpc_protocol()};
        served.serve({.listener = {.forwarder = &forwarder}});
        FakePeer peer{served.stage.executor, *served.server};
        for (const char* const name : {"a", "b"}) {
            peer.receive(is_rpc ? packed(R"([0,1,"work",["a"]])") : command(name, name));
        }
        ASSERT_EQ(forwarder.calls.size(), is_rpc ? 2U : 1U);
        EXPECT_EQ(forwarder.calls[0].runs_anyway, !is_rpc);
        peer.reach(false);
        EXPECT_TRUE(forwarder.calls[0].stop.stop_requested());
        served.run();
        ASSERT_EQ(forwarder.calls.size(), 2U);
        EXPECT_EQ(forwarder.calls[1].stop.stop_requested(), is_rpc) << "commands run to the last";
        EXPECT_EQ(served.server->in_flight(), is_rpc ? 0U : 1U);
        forwarder.calls.clear();
        served.run();
        EXPECT_EQ(served.server->in_flight(), 0U);
    }
}

}  // namespace
}  // namespace warren::runtime::test
