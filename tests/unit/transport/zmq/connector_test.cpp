#include "transport/zmq/connector.hpp"

#include "unit/transport/zmq/harness.hpp"

#include <boost/asio/ip/tcp.hpp>

namespace warren::transport::test {
namespace {

using Frames = std::vector<std::string>;

/// What connecting fails with; empty: it did not.
Failure failure_of(Loop& loop, ZmqClientOptions options) {
    Client client{loop, std::move(options)};
    EXPECT_FALSE(client.connect(loop));
    return client.sink.failed.empty() ? Failure{} : client.sink.failed.front().second;
}

TEST(ZmqConnector, CallsAServerOverEveryTransport) {
    const Folder folder;
    for (const std::string& endpoint :
         {std::string{"tcp://127.0.0.1:0"}, std::string{"tcp://*:0"},
          "ipc://" + folder.file("socket"), std::string{"inproc://calls"}}) {
        SCOPED_TRACE(endpoint);
        Loop loop;
        Server server{loop, {.endpoints = {endpoint}}};
        Client client{loop, {.endpoints = {server.endpoint()}}};
        ASSERT_TRUE(client.connect(loop)) << client.sink.failed[0].second.message;
        client.send("one");
        client.send("two");
        ASSERT_TRUE(loop.until([&] { return client.sink.messages.size() == 2; }));
        EXPECT_EQ(client.sink.messages, (Frames{"one", "two"}));
        EXPECT_EQ(client.transport.counters().bytes_in.get(), 6U);
        EXPECT_EQ(client.transport.counters().bytes_out.get(), 6U);
        EXPECT_EQ(server.sink.sessions, 1U);
        bool closed = false;
        server.transport.close_all([&] { closed = true; });
        ASSERT_TRUE(loop.until([&] { return closed && client.sink.closed.size() == 1; }));
        EXPECT_EQ(client.sink.closed[0].code, Code::connection_lost);
        EXPECT_EQ(client.transport.counters().connections.get(), 0U);
    }
}

TEST(ZmqConnector, TellsAnswersOfARepApartByTheIdInFront) {
    Loop loop;
    Peer rep{zmq::socket_type::rep};
    Client client{loop, {.endpoints = {rep.bind()}, .envelope = ZmqEnvelope::delimited}};
    ASSERT_TRUE(client.connect(loop));
    client.send("0001first");
    client.send("0002second");
    for (const std::string text : {"first", "second"}) {
        ASSERT_TRUE(loop.until([&] { return !rep.receive().empty(); }));
        EXPECT_EQ(rep.receive().back(), Frames{text});
        rep.take();
        rep.send({"answer to " + text});
    }
    ASSERT_TRUE(loop.until([&] { return client.sink.messages.size() == 2; }));
    EXPECT_EQ(client.sink.messages, (Frames{"0001answer to first", "0002answer to second"}));
}

TEST(ZmqConnector, TakesNoAnswerWithoutItsEnvelope) {
    Loop loop;
    Peer router{zmq::socket_type::router};
    Client client{loop, {.endpoints = {router.bind()}, .envelope = ZmqEnvelope::delimited}};
    ASSERT_TRUE(client.connect(loop));
    client.send("0001question");
    ASSERT_TRUE(loop.until([&] { return router.receive().size() == 1; }));
    const Frames request = router.receive()[0];
    ASSERT_EQ(request.size(), 4U);
    EXPECT_EQ((Frames{request.begin() + 1, request.end()}), (Frames{"0001", "", "question"}));
    router.send({request[0], "bare"});
    router.send({request[0], "", "no id"});
    router.send({request[0], "0001", "no delimiter", "answer"});
    router.send({request[0], "0001", "", "answer"});
    ASSERT_TRUE(loop.until([&] { return client.sink.messages.size() == 1; }));
    EXPECT_EQ(client.sink.messages[0], "0001answer");
    EXPECT_EQ(client.transport.counters().malformed_messages.get(), 3U);
}

TEST(ZmqConnector, SaysWhyItCannotConnect) {
    Loop loop;
    std::string unused;
    {
        const Server gone{loop};
        unused = gone.endpoint();
    }
    Failure failure = failure_of(loop, {.endpoints = {unused}});
    EXPECT_EQ(failure.code, Code::connection_lost);
    EXPECT_EQ(failure.message, "Cannot connect to " + unused +
                                   ": refused, or not reached: is a server running there?");
    failure = failure_of(loop, {.endpoints = {"tcp://no-such-host.invalid:1"}});
    EXPECT_NE(failure.message.find("'no-such-host.invalid' is not resolved"), std::string::npos);
    failure = failure_of(loop, {.endpoints = {"ipc:///no/such/socket"}});
    EXPECT_NE(failure.message.find("is a server running there?"), std::string::npos);
    failure = failure_of(loop, {.endpoints = {"inproc://nobody"}});
    EXPECT_NE(failure.message.find("nobody in this process has bound that name"),
              std::string::npos);
}

TEST(ZmqConnector, SaysThatWhatAnswersIsNoZeroMq) {
    Loop loop;
    boost::asio::ip::tcp::acceptor silent{loop.executor.context(),
                                          {boost::asio::ip::address_v4::loopback(), 0}};
    const std::string endpoint =
        "tcp://127.0.0.1:" + std::to_string(silent.local_endpoint().port());
    const Failure failure = failure_of(loop, {.endpoints = {endpoint}, .connect_timeout = 50ms});
    EXPECT_EQ(failure.code, Code::connection_lost);
    EXPECT_NE(failure.message.find("did not shake hands"), std::string::npos) << failure.message;
}

TEST(ZmqConnector, SaysForHowLongAHandshakeIsNotAnswered) {
    Loop loop;
    boost::asio::ip::tcp::acceptor silent{loop.executor.context(),
                                          {boost::asio::ip::address_v4::loopback(), 0}};
    const std::string endpoint =
        "tcp://127.0.0.1:" + std::to_string(silent.local_endpoint().port());
    Client client{loop, {.endpoints = {endpoint}}};
    EXPECT_EQ(client.transport.progress(), "");
    client.transport.connect(0, 1);
    ASSERT_TRUE(loop.until([&] { return !client.transport.progress().empty(); }));
    EXPECT_TRUE(client.transport.progress().starts_with(
        endpoint + " took the connection, and has not answered ZeroMQ's handshake for "))
        << client.transport.progress();
}

TEST(ZmqConnector, AHandshakeIsNotAnsweredAlsoInTheAttemptsBefore) {
    Loop loop;
    boost::asio::ip::tcp::acceptor silent{loop.executor.context(),
                                          {boost::asio::ip::address_v4::loopback(), 0}};
    Client client{
        loop,
        {.endpoints = {"tcp://127.0.0.1:" + std::to_string(silent.local_endpoint().port())},
         .connect_timeout = 100ms}};
    std::vector<runtime::TimePoint> since;
    for (std::size_t attempt = 1; attempt <= 3; ++attempt) {
        client.transport.connect(0, attempt);
        std::string text;
        ASSERT_TRUE(loop.until([&] {
            text = client.transport.progress();
            return !text.empty();
        }));
        const int waited_ms = std::stoi(text.substr(text.find(" for ") + 5));
        since.push_back(loop.executor.now() - std::chrono::milliseconds{waited_ms});
        EXPECT_LE(since.back(), since.front() + 1ms) << text;
        ASSERT_TRUE(loop.until([&] { return client.sink.failed.size() == attempt; }));
    }
}

TEST(ZmqConnector, RefusesOptionsThatCannotBe) {
    Loop loop;
    ClientSink sink;
    const auto failure_with = [&](ZmqClientOptions options) {
        const auto started = make_connector(loop.executor, std::move(options))->start(sink);
        EXPECT_FALSE(started);
        return started ? std::string{} : started.error().message;
    };
    EXPECT_NE(failure_with({.endpoints = {"tcp://host"}}).find("must be tcp://HOST:PORT"),
              std::string::npos);
    EXPECT_NE(failure_with({.endpoints = {"tcp://host:70000"}}).find("from 1 to 65535"),
              std::string::npos);
    EXPECT_NE(failure_with({.endpoints = {"tcp://host:1"}, .security = ZmqPlain{"", ""}})
                  .find("1 to 255 bytes"),
              std::string::npos);
    EXPECT_NE(failure_with({.endpoints = {"tcp://host:1"}, .security = ZmqCurveClient{"short"}})
                  .find("40 characters of Z85"),
              std::string::npos);
}

TEST(ZmqConnector, GoesOnAfterALossWithANewConnection) {
    Loop loop;
    auto server = std::make_unique<Server>(loop);
    const std::string endpoint = server->endpoint();
    Client client{loop, {.endpoints = {endpoint}}};
    ASSERT_TRUE(client.connect(loop));
    server.reset();
    ASSERT_TRUE(loop.until([&] { return client.sink.closed.size() == 1; }));
    EXPECT_EQ(client.sink.closed[0].code, Code::connection_lost);
    server = std::make_unique<Server>(loop);
    Client next{loop, {.endpoints = {server->endpoint()}}};
    ASSERT_TRUE(next.connect(loop));
    next.send("again");
    ASSERT_TRUE(loop.until([&] { return next.sink.messages.size() == 1; }));
}

TEST(ZmqConnector, KeepsWhatItPausedFor) {
    Loop loop;
    Server server{loop};
    Client client{loop, {.endpoints = {server.endpoint()}}};
    ASSERT_TRUE(client.connect(loop));
    client.sink.takes_nothing = true;
    client.send("one");
    client.send("two");
    ASSERT_TRUE(loop.until([&] { return client.transport.counters().messages_in.get() == 1; }));
    EXPECT_TRUE(client.sink.messages.empty());
    client.sink.takes_nothing = false;
    client.sink.connections[0]->resume();
    ASSERT_TRUE(loop.until([&] { return client.sink.messages.size() == 2; }));
    EXPECT_EQ(client.sink.messages, (Frames{"one", "two"}));
}

TEST(ZmqConnector, SendsWhatIsDueBeforeItCloses) {
    Loop loop;
    Server server{loop};
    Client client{loop, {.endpoints = {server.endpoint()}}};
    ASSERT_TRUE(client.connect(loop));
    client.send(std::string(std::size_t{4} << 20, 'x'));
    bool closed = false;
    client.transport.close_all([&] { closed = true; });
    ASSERT_TRUE(loop.until([&] { return closed && server.sink.messages.size() == 1; }));
    EXPECT_EQ(client.sink.closed.size(), 1U);
    EXPECT_EQ(client.sink.sessions, 0U);
}

TEST(ZmqConnector, WaitsForRoomWhenThePeerReadsNothing) {
    constexpr std::size_t count = 2'000;
    Loop loop;
    Server server{loop, {.limits = {.high_water_mark = 1}}};
    Client client{loop, {.endpoints = {server.endpoint()}, .limits = {.high_water_mark = 1}}};
    ASSERT_TRUE(client.connect(loop));
    for (std::size_t number = 0; number < count; ++number) {
        client.send(std::to_string(number));
    }
    ASSERT_TRUE(loop.until([&] { return server.sink.messages.size() == count; }));
    EXPECT_EQ(server.sink.messages.back(), std::to_string(count - 1));
}

}  // namespace
}  // namespace warren::transport::test
