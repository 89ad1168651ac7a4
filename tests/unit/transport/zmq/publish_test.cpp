#include "unit/transport/zmq/harness.hpp"

#include <algorithm>

namespace warren::transport::test {
namespace {

using Frames = std::vector<std::string>;

ZmqPublisherOptions at(const std::string& endpoint) {
    return {.endpoints = {endpoint}};
}

TEST(ZmqPublish, ReachesEverySubscriberOverEveryTransport) {
    const Folder folder;
    for (const std::string& endpoint :
         {std::string{"tcp://127.0.0.1:0"}, "ipc://" + folder.file("socket"),
          std::string{"inproc://publishes"}}) {
        SCOPED_TRACE(endpoint);
        Loop loop;
        Publisher publisher{loop, at(endpoint)};
        Subscriber first{loop, {.endpoints = publisher.transport.endpoints()}};
        Subscriber second{loop, {.endpoints = publisher.transport.endpoints()}};
        ASSERT_TRUE(publisher.connect(loop));
        // Which of them came first, the publisher does not say.
        ASSERT_TRUE(loop.until([&] {
            publisher.send("hello");
            return !first.sink.messages.empty() && !second.sink.messages.empty();
        }));
        EXPECT_EQ(first.sink.messages[0], "hello");
        first.sink.connections[0]->output() += "an answer";
        first.sink.connections[0]->touch();
        ASSERT_TRUE(
            loop.until([&] { return first.transport.counters().dropped_messages.get() == 1; }));
        bool closed = false;
        publisher.transport.close_all([&] { closed = true; });
        ASSERT_TRUE(loop.until([&] { return closed && first.sink.closed.size() == 1; }));
        EXPECT_EQ(publisher.sink.closed.size(), 1U);
        EXPECT_EQ(publisher.sink.sessions, 0U);
    }
}

TEST(ZmqPublish, ReachesASubscriberThatIsBound) {
    Loop loop;
    Subscriber subscriber{loop, {.endpoints = {"tcp://127.0.0.1:0"}, .side = ZmqSide::bind}};
    Publisher publisher{loop,
                        {.endpoints = subscriber.transport.endpoints(), .side = ZmqSide::connect}};
    ASSERT_TRUE(publisher.connect(loop));
    publisher.send("first");
    publisher.send("second");
    ASSERT_TRUE(loop.until([&] { return subscriber.sink.messages.size() == 2; }));
    EXPECT_EQ(subscriber.sink.messages, (Frames{"first", "second"}));
    bool closed = false;
    subscriber.transport.close_all([&] { closed = true; });
    ASSERT_TRUE(loop.until([&] { return closed && publisher.sink.closed.size() == 1; }));
    EXPECT_NE(publisher.sink.closed[0].message.find("The last subscriber"), std::string::npos);
}

TEST(ZmqPublish, SaysThatNobodySubscribes) {
    Loop loop;
    Publisher publisher{loop, {.endpoints = {"tcp://127.0.0.1:0"}, .subscriber_timeout = 20ms}};
    EXPECT_FALSE(publisher.connect(loop));
    ASSERT_EQ(publisher.sink.failed.size(), 1U);
    EXPECT_EQ(publisher.sink.failed[0].second.code, Code::connection_lost);
    EXPECT_EQ(publisher.sink.failed[0].second.message,
              "Nobody subscribed at " + publisher.transport.endpoints()[0] + " within 20ms");
}

TEST(ZmqPublish, WaitsForNobodyWhenItNeedNot) {
    Loop loop;
    Publisher publisher{loop, {.endpoints = {"tcp://127.0.0.1:0"}, .subscriber_timeout = 0ms}};
    ASSERT_TRUE(publisher.connect(loop));
    publisher.send("to nobody");
    ASSERT_TRUE(loop.until([&] { return publisher.transport.counters().messages_out.get() == 1; }));
}

TEST(ZmqPublish, TellsSubscribersThatItIsThere) {
    Loop loop;
    Publisher publisher{
        loop, {.endpoints = {"tcp://127.0.0.1:0"}, .heartbeat = "beat", .heartbeat_interval = 5ms}};
    Subscriber subscriber{loop, {.endpoints = publisher.transport.endpoints()}};
    ASSERT_TRUE(loop.until([&] { return subscriber.sink.messages.size() >= 3; }));
    EXPECT_EQ(subscriber.sink.messages[0], "beat");
    EXPECT_EQ(publisher.transport.counters().messages_out.get(), 0U);
}

TEST(ZmqPublish, TakesWhatLibzmqPublishesAndPublishesToIt) {
    Loop loop;
    Peer pub{zmq::socket_type::pub};
    Subscriber subscriber{loop, {.endpoints = {pub.bind()}}};
    ASSERT_TRUE(loop.until([&] {
        pub.send({"topic", "of several frames"});
        pub.send({"text"});
        return !subscriber.sink.messages.empty();
    }));
    EXPECT_EQ(subscriber.sink.messages[0], "text");
    Publisher publisher{loop, at("tcp://127.0.0.1:0")};
    Peer sub{zmq::socket_type::sub};
    sub.socket().set(zmq::sockopt::subscribe, "");
    sub.connect(publisher.transport.endpoints()[0]);
    ASSERT_TRUE(publisher.connect(loop));
    publisher.send("other text");
    ASSERT_TRUE(loop.until([&] { return sub.receive().size() == 1; }));
    EXPECT_EQ(sub.receive()[0], Frames{"other text"});
}

TEST(ZmqPublish, LosesForASlowSubscriberAlone) {
    constexpr std::size_t count = 3'000;
    constexpr std::size_t batch = 100;
    const std::string large(std::size_t{16} << 10, 'x');
    Loop loop;
    // More than what the system holds for one that does not read, and less than it is all.
    Publisher publisher{loop,
                        {.endpoints = {"tcp://127.0.0.1:0"}, .limits = {.high_water_mark = 1'000}}};
    Peer slow{zmq::socket_type::sub};
    slow.socket().set(zmq::sockopt::rcvhwm, 1);
    slow.socket().set(zmq::sockopt::subscribe, "");
    slow.connect(publisher.transport.endpoints()[0]);
    ASSERT_TRUE(publisher.connect(loop));
    Subscriber quick{loop, {.endpoints = publisher.transport.endpoints()}};
    ASSERT_TRUE(loop.until([&] {
        publisher.send("begin");
        return !quick.sink.messages.empty();
    }));
    const std::size_t begun = publisher.transport.counters().messages_out.get();
    const auto large_messages = [&] {
        return quick.transport.counters().bytes_in.get() / large.size();
    };
    for (std::size_t sent = 0; sent < count; sent += batch) {
        for (std::size_t number = 0; number < batch; ++number) {
            publisher.send(large);
        }
        ASSERT_TRUE(loop.until([&] { return large_messages() == sent + batch; }));
    }
    EXPECT_EQ(publisher.transport.counters().messages_out.get(), begun + count);
    std::size_t arrived = 0;
    slow.socket().set(zmq::sockopt::rcvtimeo, 200);
    for (zmq::message_t frame; slow.socket().recv(frame);) {
        arrived += frame.size() == large.size() ? 1 : 0;
    }
    EXPECT_LT(arrived, count);
}

TEST(ZmqSubscriber, ConnectsAnewAfterSilence) {
    Loop loop;
    Lines lines;
    Peer pub{zmq::socket_type::pub};
    Subscriber subscriber{loop,
                          {.endpoints = {pub.bind()}, .silence_timeout = 30ms, .log = &lines}};
    ASSERT_TRUE(loop.until([&] { return subscriber.transport.counters().reconnects.get() == 2; }));
    EXPECT_TRUE(lines.contain("within 30ms: it is connected to anew"));
    EXPECT_EQ(subscriber.sink.closed.size(), 2U);
    ASSERT_TRUE(loop.until([&] {
        pub.send({"text"});
        return !subscriber.sink.messages.empty();
    }));
    EXPECT_LE(subscriber.sink.sessions, 1U);
}

TEST(ZmqSubscriber, WaitsForAPublisherAndComesBackToIt) {
    Loop loop;
    Lines lines;
    const Folder folder;
    const std::string endpoint = "ipc://" + folder.file("socket");
    Subscriber subscriber{loop, {.endpoints = {endpoint}, .log = &lines}};
    ASSERT_TRUE(loop.until([&] { return lines.contain("is a server running there?"); }));
    for (const std::size_t turn : {1U, 2U}) {
        Publisher publisher{loop, at(endpoint)};
        ASSERT_TRUE(publisher.connect(loop));
        publisher.send("text");
        ASSERT_TRUE(loop.until([&] { return subscriber.sink.messages.size() == turn; }));
        bool closed = false;
        publisher.transport.close_all([&] { closed = true; });
        ASSERT_TRUE(loop.until([&] { return closed; }));
    }
    EXPECT_TRUE(lines.contain("closed the connection"));
}

TEST(ZmqSubscriber, SaysThatItIsNotLetIn) {
    Loop loop;
    Lines lines;
    Publisher publisher{loop,
                        {.endpoints = {"tcp://127.0.0.1:0"},
                         .security = ZmqPlain{"user", "password"},
                         .subscriber_timeout = 50ms}};
    Subscriber stranger{loop, {.endpoints = publisher.transport.endpoints(), .log = &lines}};
    ASSERT_TRUE(
        loop.until([&] { return publisher.transport.counters().handshake_failures.get() != 0; }));
    EXPECT_FALSE(publisher.connect(loop));
    EXPECT_TRUE(lines.contain("unauthenticated: The server at"));
    EXPECT_EQ(publisher.sink.failed[0].second.code, Code::unauthenticated);
    EXPECT_NE(publisher.sink.failed[0].second.message.find(
                  "one that came was refused: it does not come with PLAIN"),
              std::string::npos);
    Subscriber known{
        loop,
        {.endpoints = publisher.transport.endpoints(), .security = ZmqPlain{"user", "password"}}};
    while (publisher.sink.failed.size() < 100 && publisher.sink.connections.empty()) {
        const std::size_t failed = publisher.sink.failed.size();
        publisher.transport.connect(0, 1);
        ASSERT_TRUE(loop.until([&] {
            return publisher.sink.failed.size() > failed || !publisher.sink.connections.empty();
        }));
    }
    ASSERT_FALSE(publisher.sink.connections.empty());
    publisher.send("secret");
    ASSERT_TRUE(loop.until([&] { return known.sink.messages.size() == 1; }));
    EXPECT_TRUE(stranger.sink.messages.empty());
}

TEST(ZmqSubscriber, WithAPasswordReachesOneThatAsksForNone) {
    Loop loop;
    Peer pub{zmq::socket_type::pub};
    Subscriber subscriber{loop, {.endpoints = {pub.bind()}, .security = ZmqPlain{"u", "p"}}};
    ASSERT_TRUE(loop.until([&] {
        pub.send({"news"});
        return !subscriber.sink.messages.empty();
    }));
    EXPECT_EQ(subscriber.transport.counters().handshake_failures.get(), 0U);
}

TEST(ZmqSubscriber, GoesOnWithANewSessionWhereOneHadEnough) {
    Loop loop;
    Publisher publisher{loop, at("tcp://127.0.0.1:0")};
    Subscriber subscriber{loop, {.endpoints = publisher.transport.endpoints()}};
    ASSERT_TRUE(publisher.connect(loop));
    publisher.send("broken");
    ASSERT_TRUE(loop.until([&] { return subscriber.sink.messages.size() == 1; }));
    subscriber.sink.connections[0]->close_after_output();
    publisher.send("good");
    ASSERT_TRUE(loop.until([&] { return subscriber.sink.messages.size() == 2; }));
    EXPECT_EQ(subscriber.sink.closed.size(), 1U);
    EXPECT_EQ(subscriber.sink.sessions, 1U);
    EXPECT_EQ(subscriber.transport.counters().reconnects.get(), 0U);
}

TEST(ZmqSubscriber, OffersAMessageAgainThatWasNotTaken) {
    Loop loop;
    Publisher publisher{loop, at("tcp://127.0.0.1:0")};
    Subscriber subscriber{loop, {.endpoints = publisher.transport.endpoints()}};
    subscriber.sink.takes_nothing = true;
    ASSERT_TRUE(publisher.connect(loop));
    publisher.send("first");
    publisher.send("second");
    ASSERT_TRUE(loop.until([&] { return subscriber.transport.counters().messages_in.get() == 1; }));
    subscriber.sink.takes_nothing = false;
    subscriber.sink.connections[0]->resume();
    ASSERT_TRUE(loop.until([&] { return subscriber.sink.messages.size() == 2; }));
    EXPECT_EQ(subscriber.sink.messages, (Frames{"first", "second"}));
}

TEST(ZmqSubscriber, TakesNoMoreOnceItStops) {
    Loop loop;
    Publisher publisher{loop, at("inproc://stops")};
    Subscriber stopping{loop, {.endpoints = publisher.transport.endpoints()}};
    Subscriber other{loop, {.endpoints = publisher.transport.endpoints()}};
    ASSERT_TRUE(publisher.connect(loop));
    ASSERT_TRUE(loop.until([&] { return other.transport.counters().connections.get() == 1; }));
    stopping.transport.stop_listening();
    publisher.send("text");
    ASSERT_TRUE(loop.until([&] { return other.sink.messages.size() == 1; }));
    EXPECT_TRUE(stopping.sink.messages.empty());
    bool closed = false;
    stopping.transport.close_all([&] { closed = true; });
    ASSERT_TRUE(loop.until([&] { return closed; }));
    EXPECT_EQ(stopping.sink.sessions, 0U);
}

}  // namespace
}  // namespace warren::transport::test
