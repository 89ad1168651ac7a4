#include <warren/client.hpp>
#include <warren/server.hpp>

#include "support/served.hpp"

#include <gtest/gtest.h>

#include <future>
#include <string>

// One-way calls of the public client, to a server in the same process.
namespace notify_test {

using namespace std::chrono_literals;
using warren::Client;
using warren::Code;
using warren::Dynamic;
using warren::Error;
using warren::Failure;
using warren::test::failure_of;

struct Note {
    std::string text;
};
WARREN_MODEL(Note, (text, min_length(1)))
WARREN_CONTRACT(take, "take", Note, void)

/// Serves `take`, which keeps its note, over memory and TCP.
class NotifyTest : public testing::Test {
protected:
    NotifyTest() {
        server.method("take", [this](const Note& note) { taken.set_value(note.text); });
        server.listen("memory:" + name());
        server.listen("tcp://127.0.0.1:0");
        server.start();
        tcp = warren::test::address_of(server, 1);
    }

    static std::string name() {
        return testing::UnitTest::GetInstance()->current_test_info()->name();
    }
    std::string note() {
        std::string text = taken.get_future().get();
        taken = {};
        return text;
    }

    std::promise<std::string> taken;
    warren::Server server;
    std::string tcp;
};

TEST_F(NotifyTest, ReachesItsMethodOverEveryTransport) {
    for (const std::string& url : {"memory:" + name(), tcp}) {
        Client client{url};
        client.notify<take>({.text = "typed"});
        EXPECT_EQ(note(), "typed") << url;
        client.notify("take", Dynamic::map({{"text", "named"}}));
        EXPECT_EQ(note(), "named") << url;
        std::promise<bool> done;
        client.start_notify<take>({.text = "later"}, [&done](std::expected<void, Failure> sent) {
            done.set_value(sent.has_value());
        });
        EXPECT_TRUE(done.get_future().get());
        EXPECT_EQ(note(), "later") << url;
        EXPECT_EQ(client.counters().succeeded, 3U);
        EXPECT_EQ(client.counters().in_flight, 0U);
    }
}

TEST_F(NotifyTest, WhatWasHandedOverLeavesWithTheClient) {
    Client{tcp}.notify<take>({.text = "last words"});
    EXPECT_EQ(note(), "last words");
}

TEST_F(NotifyTest, OneOfSeveralServersAtABroker) {
    Client client{"memory:" + name() + "?queue=elsewhere"};
    client.target(name()).notify<take>({.text = "here"});
    EXPECT_EQ(note(), "here");
}

TEST_F(NotifyTest, ARequestThatBreaksTheContractIsNotSent) {
    Client client{tcp};
    EXPECT_EQ(failure_of([&] { client.notify<take>({}); }).code, Code::invalid_request);
    EXPECT_EQ(client.counters().calls, 0U);
}

TEST_F(NotifyTest, WithoutAServerItFails) {
    Client direct{"tcp://127.0.0.1:1", {.connect_attempts = 1}};
    EXPECT_EQ(failure_of([&] { direct.notify<take>({.text = "x"}); }).code, Code::no_responder);
    Client nobody{"memory:" + name() + "?queue=elsewhere"};
    EXPECT_EQ(failure_of([&] { nobody.notify<take>({.text = "x"}); }).code, Code::no_responder);
}

TEST_F(NotifyTest, ArrpcSaysThatItHasNone) {
    Client client{"arrpc://127.0.0.1:1"};
    const Failure failure = failure_of([&] { client.notify<take>({.text = "x"}); });
    EXPECT_EQ(failure.code, Code::invalid_request);
    EXPECT_TRUE(failure.message.contains("arrpc has no one-way calls")) << failure.message;
}

TEST_F(NotifyTest, OfAClosedClientItIsCancelled) {
    Client client{tcp};
    client.close();
    EXPECT_EQ(failure_of([&] { client.notify<take>({.text = "x"}); }).code, Code::cancelled);
}

}  // namespace notify_test
