#include "transport/zmq/departures.hpp"

#include "transport/zmq/peer.hpp"
#include "transport/zmq/peer_set.hpp"

#include <gtest/gtest.h>
#include <zmq.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// Events and messages in every order that they may be heard of in.
namespace warren::transport::test {
namespace {

using Peers = std::vector<ZmqPeer*>;

class Nobody final : public ZmqPeerSet::Owner {
public:
    std::unique_ptr<runtime::StreamSession> make_session(runtime::StreamConnection&) override {
        return nullptr;
    }
    void want_iteration_end() override {}
    void handle_events() override {}
    void on_too_many_peers() override {}
    void on_unread_response() override {}
    void on_full_queue() override {}
};

/// What stands before the messages of a peer of that routing id.
std::string view_of(std::string_view routing_id) {
    const auto length = static_cast<std::uint16_t>(routing_id.size());
    std::string envelope(sizeof length, '\0');
    std::memcpy(envelope.data(), &length, sizeof length);
    return envelope.append(routing_id);
}

struct Departures {
    Nobody owner{};
    ZmqServerOptions options{};
    ZmqCounters counters{};
    ZmqPeerSet home{owner, options, counters};
    ZmqPeer peer{home, {.envelope = view_of({"\0aaaa", 5})}};
    ZmqPeer other{home, {.envelope = view_of({"\0bbbb", 5})}};
    ZmqPeer named{home, {.envelope = view_of("name")}};
    ZmqDepartures heard{};

    bool accepted(std::uint32_t descriptor) {
        return heard.handle_event({.what = ZMQ_EVENT_ACCEPTED, .value = descriptor});
    }
    bool ended(std::uint32_t descriptor) {
        return heard.handle_event({.what = ZMQ_EVENT_DISCONNECTED, .value = descriptor});
    }
};

TEST(ZmqDepartures, WhoseConnectionEndsIsGoneAndNobodyElse) {
    Departures on;
    on.accepted(10);
    on.accepted(11);
    EXPECT_FALSE(on.heard.met(on.peer, 10));
    EXPECT_FALSE(on.heard.met(on.other, 11));
    EXPECT_TRUE(on.ended(10));
    EXPECT_EQ(on.heard.take(), Peers{&on.peer});
    EXPECT_EQ(on.heard.take(), Peers{}) << "it is told once";
    EXPECT_FALSE(on.heard.handle_event({.what = ZMQ_EVENT_HANDSHAKE_SUCCEEDED, .value = 11}));
}

TEST(ZmqDepartures, AllThatCameByAConnectionGoWithIt) {
    Departures on;
    on.accepted(10);
    on.heard.met(on.peer, 10);
    on.heard.met(on.other, 10);
    on.heard.met(on.named, 10);
    on.heard.forget(on.other);
    on.ended(10);
    EXPECT_EQ(on.heard.take().size(), 2U);
}

TEST(ZmqDepartures, WhatIsReadWhenItsConnectionHasEndedComesFromOneThatIsGone) {
    Departures on;
    on.accepted(10);
    on.ended(10);
    EXPECT_TRUE(on.heard.met(on.peer, 10));
    EXPECT_EQ(on.heard.take(), Peers{&on.peer});
    EXPECT_TRUE(on.heard.met(on.peer, 10)) << "and once more, as one more message has come";
    EXPECT_EQ(on.heard.take(), Peers{&on.peer});
}

TEST(ZmqDepartures, ANumberThatIsUsedAgainIsAnotherConnection) {
    Departures on;
    on.accepted(10);
    on.heard.met(on.peer, 10);
    on.ended(10);
    on.accepted(10);
    on.heard.met(on.other, 10);
    EXPECT_EQ(on.heard.take(), Peers{&on.peer});
    on.ended(10);
    EXPECT_EQ(on.heard.take(), Peers{&on.other});
}

TEST(ZmqDepartures, WhoIsBackUnderItsIdIsNotGone) {
    Departures on;
    on.accepted(10);
    on.heard.met(on.named, 10);
    on.ended(10);
    on.accepted(11);
    EXPECT_EQ(on.heard.take(), Peers{}) << "it may be the one that has said nothing yet";
    on.heard.met(on.named, 11);
    EXPECT_EQ(on.heard.take(), Peers{});
    EXPECT_FALSE(on.heard.met(on.named, 10)) << "which it said before it was back";
    EXPECT_EQ(on.heard.take(), Peers{});
    on.ended(11);
    EXPECT_EQ(on.heard.take(), Peers{&on.named});
}

TEST(ZmqDepartures, WhoMightHaveBeenBackIsGoneWhenItWasSomebodyElse) {
    Departures on;
    on.accepted(9);  // older than its own
    on.accepted(10);
    on.heard.met(on.named, 10);
    on.ended(10);
    on.accepted(11);
    on.accepted(12);
    EXPECT_EQ(on.heard.take(), Peers{});
    EXPECT_TRUE(on.heard.met(on.other, 11)) << "another one may still be it";
    EXPECT_EQ(on.heard.take(), Peers{});
    EXPECT_TRUE(on.ended(12));
    EXPECT_EQ(on.heard.take(), Peers{&on.named});
}

TEST(ZmqDepartures, WhatWasTakenOverEndsWithoutAWord) {
    Departures on;
    on.accepted(10);
    on.heard.met(on.named, 10);
    on.heard.met(on.peer, 10);
    on.accepted(11);  // which took the routing id over, and has not said anything yet
    on.accepted(10);
    on.heard.met(on.other, 10);
    EXPECT_EQ(on.heard.take(), Peers{&on.peer});
    on.heard.met(on.named, 11);
    EXPECT_EQ(on.heard.take(), Peers{});
}

TEST(ZmqDepartures, WithinTheProcessThereAreNoConnections) {
    Departures on;
    EXPECT_FALSE(on.heard.met(on.peer, -1));
    EXPECT_EQ(on.heard.take(), Peers{});
}

}  // namespace
}  // namespace warren::transport::test
