#include "transport/zmq/acceptor.hpp"
#include "unit/transport/zmq/harness.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

// Peers of a ROUTER that go while they have requests under way.
namespace warren::transport::test {
namespace {

using Reachable = std::vector<std::pair<std::string, bool>>;

/// A server whose sessions have requests under way until they are told.
struct BusyServer : Server {
    explicit BusyServer(Loop& loop, ZmqServerOptions options = {})
        : Server{loop, std::move(options)} {
        sink.echo = false;
        sink.busy = true;
    }
};

std::unique_ptr<Peer> dealer_at(const Server& server, std::string_view routing_id = {}) {
    auto dealer = std::make_unique<Peer>(zmq::socket_type::dealer);
    // One that was taken over does not take over in turn.
    dealer->socket().set(zmq::sockopt::reconnect_ivl, -1);
    if (!routing_id.empty()) {
        dealer->socket().set(zmq::sockopt::routing_id, routing_id);
    }
    dealer->connect(server.endpoint());
    return dealer;
}

TEST(ZmqServerDepartures, WhoClosesIsGoneAndOthersAreNot) {
    const Folder folder;
    for (const std::string& endpoint :
         {std::string{"tcp://127.0.0.1:0"}, "ipc://" + folder.file("socket")}) {
        SCOPED_TRACE(endpoint);
        Loop loop;
        BusyServer server{loop, {.endpoints = {endpoint}}};
        auto leaving = dealer_at(server);
        auto staying = dealer_at(server);
        leaving->send({"leaving"});
        staying->send({"staying"});
        ASSERT_TRUE(loop.until([&] { return server.sink.messages.size() == 2; }));
        leaving.reset();
        ASSERT_TRUE(loop.until([&] { return !server.sink.reachable.empty(); }));
        EXPECT_EQ(server.sink.reachable, (Reachable{{"leaving", false}}));
        staying->send({"still there"});
        ASSERT_TRUE(loop.until([&] { return server.sink.messages.size() == 3; }));
        EXPECT_EQ(server.sink.reachable.size(), 1U);
        EXPECT_EQ(server.sink.sessions, 2U) << "what it asked goes on";
    }
}

TEST(ZmqServerDepartures, AllThatAReqAndAProxyAskedIsOfOneThatIsGone) {
    Loop loop;
    BusyServer server{loop};
    auto req = std::make_unique<Peer>(zmq::socket_type::req);
    req->connect(server.endpoint());
    req->send({"one"});
    auto proxy = dealer_at(server);
    proxy->send({"a", "", "two"});
    proxy->send({"b", "", "three"});
    ASSERT_TRUE(loop.until([&] { return server.sink.messages.size() == 3; }));
    req.reset();
    ASSERT_TRUE(loop.until([&] { return server.sink.reachable.size() == 1; }));
    proxy.reset();
    ASSERT_TRUE(loop.until([&] { return server.sink.reachable.size() == 3; }));
    for (const auto& [message, is_reachable] : server.sink.reachable) {
        EXPECT_FALSE(is_reachable) << message;
    }
}

TEST(ZmqServerDepartures, WhatWasSentBeforeTheEndIsReadAndThenItsPeerIsGone) {
    constexpr std::size_t count = 5'000;
    Loop loop;
    BusyServer server{loop};
    auto dealer = dealer_at(server);
    for (std::size_t number = 0; number < count; ++number) {
        dealer->send({std::to_string(number)});
    }
    dealer->socket().set(zmq::sockopt::linger, -1);
    dealer.reset();
    ASSERT_TRUE(loop.until([&] {
        return server.sink.messages.size() == count && !server.sink.reachable.empty() &&
               !server.sink.reachable.back().second;
    }));
    EXPECT_EQ(server.sink.reachable.back().first, std::to_string(count - 1));
}

TEST(ZmqServerDepartures, WhoComesBackUnderItsIdIsReachable) {
    Loop loop;
    BusyServer server{loop};
    auto dealer = dealer_at(server, "name");
    dealer->send({"first"});
    ASSERT_TRUE(loop.until([&] { return server.sink.messages.size() == 1; }));
    dealer.reset();
    dealer = dealer_at(server, "name");
    dealer->send({"second"});
    ASSERT_TRUE(loop.until([&] { return server.sink.messages.size() == 2; }));
    // Whether or not it was given up meanwhile, it is there now, and gets the response to both.
    if (!server.sink.reachable.empty()) {
        EXPECT_TRUE(server.sink.reachable.back().second);
    }
    EXPECT_EQ(server.sink.sessions, 1U);
    server.sink.connections[0]->output() += "answer";
    server.sink.connections[0]->end_message();
    server.sink.connections[0]->touch();
    ASSERT_TRUE(loop.until([&] { return dealer->receive().size() == 1; }));
    dealer.reset();
    ASSERT_TRUE(loop.until(
        [&] { return !server.sink.reachable.empty() && !server.sink.reachable.back().second; }));
}

TEST(ZmqServerDepartures, WhoIsTakenOverIsReachableWhereItIsNow) {
    Loop loop;
    BusyServer server{loop};
    auto before = dealer_at(server, "name");
    before->send({"first"});
    ASSERT_TRUE(loop.until([&] { return server.sink.messages.size() == 1; }));
    auto after = dealer_at(server, "name");
    after->send({"second"});
    ASSERT_TRUE(loop.until([&] { return server.sink.messages.size() == 2; }));
    before.reset();
    // Who comes last has been heard of when all that was before has.
    auto last = dealer_at(server);
    last->send({"last"});
    ASSERT_TRUE(loop.until([&] { return server.sink.messages.size() == 3; }));
    last.reset();
    ASSERT_TRUE(loop.until([&] { return !server.sink.reachable.empty(); }));
    EXPECT_EQ(server.sink.reachable, (Reachable{{"last", false}}));
    after.reset();
    ASSERT_TRUE(loop.until([&] { return server.sink.reachable.size() == 2; }));
    EXPECT_EQ(server.sink.reachable.back(), (std::pair<std::string, bool>{"second", false}));
}

TEST(ZmqServerDepartures, WhatWasAskedBeforeAMoveIsKnown) {
    Loop loop;
    BusyServer server{loop};
    server.sink.pauses = true;
    auto before = dealer_at(server, "name");
    for (const char* const message : {"first", "second", "third"}) {
        before->send({message});
    }
    ASSERT_TRUE(loop.until([&] { return server.transport.counters().messages_in.get() == 3; }));
    server.sink.moved.clear();
    auto after = dealer_at(server, "name");
    after->send({"fourth"});
    after->send({"fifth"});
    ASSERT_TRUE(loop.until([&] { return server.transport.counters().messages_in.get() == 5; }));
    EXPECT_EQ(server.sink.moved, std::vector<std::string>{"first"});
    EXPECT_EQ(server.sink.reachable, Reachable{}) << "it is there all the time";
    server.sink.pauses = false;
    server.sink.connections[0]->resume();
    ASSERT_TRUE(loop.until([&] { return server.sink.messages.size() == 5; }));
    EXPECT_EQ(server.sink.offered_moved, (std::vector<std::string>{"second", "third"}));
}

TEST(ZmqServerDepartures, WhoComesBackUnderItsIdHasMoved) {
    Loop loop;
    BusyServer server{loop};
    for (const char* const message : {"first", "second", "third"}) {
        auto dealer = dealer_at(server, "name");
        dealer->send({message});
        ASSERT_TRUE(loop.until([&] {
            return !server.sink.messages.empty() && server.sink.messages.back() == message;
        }));
    }
    EXPECT_GE(server.sink.moved.size(), 3U) << "the first time from nowhere";
    EXPECT_EQ(server.sink.moved.back(), "second");
    EXPECT_EQ(server.sink.sessions, 1U);
}

TEST(ZmqServerDepartures, DescriptorsThatAreUsedAgainAreOfOthers) {
    Loop loop;
    BusyServer server{loop};
    for (int round = 0; round < 20; ++round) {
        const std::string name = std::to_string(round);
        auto dealer = dealer_at(server);
        dealer->send({name});
        ASSERT_TRUE(loop.until([&] { return server.sink.messages.size() == 2U * round + 1; }));
        dealer.reset();
        auto next = dealer_at(server);
        next->send({name + " next"});
        ASSERT_TRUE(loop.until([&] {
            return server.sink.messages.size() == 2U * round + 2 &&
                   server.sink.reachable.size() >= 2U * round + 1;
        }));
        EXPECT_EQ(server.sink.reachable.back(), (std::pair{name, false}));
        next.reset();
        ASSERT_TRUE(loop.until([&] { return server.sink.reachable.size() == 2U * round + 2; }));
        EXPECT_EQ(server.sink.reachable.back(), (std::pair{name + " next", false}));
    }
}

TEST(ZmqServerDepartures, WhomTheRouterConnectsToKeepsItsAnswers) {
    Loop loop;
    auto dealer = std::make_unique<Peer>(zmq::socket_type::dealer);
    const std::string endpoint = dealer->bind();
    BusyServer server{loop, {.endpoints = {endpoint}, .side = ZmqSide::connect}};
    dealer->send({"question"});
    ASSERT_TRUE(loop.until([&] { return server.sink.messages.size() == 1; }));
    dealer.reset();
    ASSERT_TRUE(loop.until([&] { return server.transport.counters().connections.get() == 0; }));
    server.sink.connections[0]->output() += "answer";
    server.sink.connections[0]->end_message();
    server.sink.connections[0]->touch();
    Peer next{zmq::socket_type::dealer};
    next.bind(endpoint);
    ASSERT_TRUE(loop.until([&] { return next.receive().size() == 1; }));
    EXPECT_EQ(server.sink.reachable, Reachable{});
    next.send({"another question"});
    ASSERT_TRUE(loop.until([&] { return server.sink.messages.size() == 2; }));
    EXPECT_TRUE(server.sink.sessions == 2 || server.sink.moved.back() == "question");
}

}  // namespace
}  // namespace warren::transport::test
