#include "unit/transport/zmq/harness.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <string>
#include <thread>

namespace warren::transport::test {
namespace {

using Frames = std::vector<std::string>;

struct Keys {
    std::string public_key;
    std::string secret_key;
};

Keys make_keys() {
    std::array<char, 41> public_key{};
    std::array<char, 41> secret_key{};
    EXPECT_EQ(zmq_curve_keypair(public_key.data(), secret_key.data()), 0);
    return {public_key.data(), secret_key.data()};
}

class ZmqSecurity : public testing::Test {
protected:
    /// A client's one call; gives who the server takes it for
    std::string identity_of(Server& server, const ZmqClientSecurity& security) {
        Client client{loop, {.endpoints = {server.endpoint()}, .security = security}};
        const bool connected = client.connect(loop);
        EXPECT_TRUE(connected) << client.sink.failed.front().second.message;
        if (!connected) {
            return {};
        }
        client.send("question");
        EXPECT_TRUE(loop.until([&] { return client.sink.messages.size() == 1; }));
        return server.sink.identities.back();
    }

    /// What a client that is not let in hears.
    std::string refusal_of(const Server& server, const ZmqClientSecurity& security) {
        Client client{loop, {.endpoints = {server.endpoint()}, .security = security}};
        EXPECT_FALSE(client.connect(loop));
        if (client.sink.failed.empty()) {
            return {};
        }
        EXPECT_EQ(client.sink.failed[0].second.code, Code::unauthenticated);
        EXPECT_EQ(client.sink.refusals[0], runtime::RetryClass::permanent);
        EXPECT_EQ(client.transport.counters().handshake_failures.get(), 1U);
        return client.sink.failed[0].second.message;
    }

    Loop loop;
    Lines lines;
    const Keys server_keys = make_keys();
    const Keys client_keys = make_keys();
    const Keys other_keys = make_keys();
};

TEST_F(ZmqSecurity, LetsInWhoKnowsThePassword) {
    Server server{loop, {.security = ZmqPlain{"user", "password"}, .log = &lines}};
    EXPECT_EQ(identity_of(server, ZmqPlain{"user", "password"}), "user");
    const std::string refused =
        "The server at " + server.endpoint() + " refuses our user name or password";
    EXPECT_EQ(refusal_of(server, ZmqPlain{"user", "other"}), refused);
    EXPECT_EQ(refusal_of(server, ZmqPlain{"other", "password"}), refused);
    EXPECT_EQ(refusal_of(server, ZmqPlain{"user", "passwor"}), refused);
    ASSERT_TRUE(
        loop.until([&] { return server.transport.counters().handshake_failures.get() == 3; }));
    EXPECT_TRUE(
        lines.contain("a peer at 127.0.0.1 is refused: its user name or password is wrong"));
    EXPECT_EQ(server.sink.sessions, 1U);
}

TEST_F(ZmqSecurity, LetsInWhoHasTheKey) {
    Server server{loop,
                  {.security = ZmqCurveServer{server_keys.secret_key, {client_keys.public_key}},
                   .log = &lines}};
    const std::string& server_key = server_keys.public_key;
    EXPECT_EQ(identity_of(server, ZmqCurveClient{server_key, client_keys.public_key,
                                                 client_keys.secret_key}),
              client_keys.public_key);
    EXPECT_EQ(identity_of(server, ZmqCurveClient{server_key, "", client_keys.secret_key}),
              client_keys.public_key);
    EXPECT_EQ(refusal_of(server,
                         ZmqCurveClient{server_key, other_keys.public_key, other_keys.secret_key}),
              "The server at " + server.endpoint() +
                  " does not know our public key: it must be among its clients' keys");
    EXPECT_EQ(refusal_of(server, ZmqCurveClient{other_keys.public_key, client_keys.public_key,
                                                client_keys.secret_key}),
              "The server at " + server.endpoint() +
                  " cannot read what we encrypt for it: the public key that we have of it is not "
                  "its own, or it asks for other credentials");
    EXPECT_TRUE(lines.contain("its public key is not among those of the clients"));
}

TEST_F(ZmqSecurity, EncryptsForClientsItDoesNotKnow) {
    Server server{loop, {.security = ZmqCurveServer{server_keys.secret_key}}};
    EXPECT_EQ(identity_of(server, ZmqCurveClient{server_keys.public_key}).size(), 40U);
}

TEST_F(ZmqSecurity, SaysWhereWhoComesFromThatIsRefused) {
    Server server{loop, {.security = ZmqPlain{"user", "password"}, .log = &lines}};
    refusal_of(server, {});
    refusal_of(server, ZmqPlain{"user", "other"});
    ASSERT_TRUE(loop.until([&] { return lines.contain("is refused: it does not come with "); }));
    EXPECT_TRUE(lines.contain("a peer at 127.0.0.1 is refused: its user name or password is wrong"))
        << "for another reason there is another line";
}

TEST_F(ZmqSecurity, IsNoSilenceWhenTheSidesDiffer) {
    const std::vector<ZmqServerSecurity> servers{
        {}, ZmqPlain{"user", "password"}, ZmqCurveServer{server_keys.secret_key}};
    const std::vector<ZmqClientSecurity> clients{
        {}, ZmqPlain{"user", "password"}, ZmqCurveClient{server_keys.public_key}};
    for (std::size_t left = 0; left < servers.size(); ++left) {
        Server server{loop, {.security = servers[left]}};
        for (std::size_t right = 0; right < clients.size(); ++right) {
            if (left == right) {
                continue;
            }
            SCOPED_TRACE(left * 10 + right);
            EXPECT_NE(refusal_of(server, clients[right]).find("asks for other credentials than"),
                      std::string::npos);
        }
    }
}

/// A server may close the connection before ZeroMQ has sent for which credentials it asks.
TEST_F(ZmqSecurity, AsksAgainWhenTheServerEndsTheHandshakeWithoutAWord) {
    using boost::asio::ip::tcp;
    boost::asio::io_context context;
    tcp::acceptor acceptor{context, {boost::asio::ip::address_v4::loopback(), 0}};
    std::jthread server{[&] {
        for (int silent = 0; silent < 3; ++silent) {
            acceptor.accept();
        }
        std::string greeting(64, '\0');
        greeting.replace(0, 1, "\xff").replace(8, 4, std::string_view{"\0\x7f\3\0", 4});
        greeting.replace(12, 5, "PLAIN");
        tcp::socket peer = acceptor.accept();
        boost::asio::write(peer, boost::asio::buffer(greeting));
        std::string theirs(64, '\0');
        boost::system::error_code ended;
        boost::asio::read(peer, boost::asio::buffer(theirs), ended);
    }};
    Client client{
        loop,
        {.endpoints = {"tcp://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port())}}};
    EXPECT_FALSE(client.connect(loop));
    for (int left = 0; left < 4; ++left) {  // for a client that gave up before the last one
        boost::system::error_code ignored;
        tcp::socket{context}.connect(acceptor.local_endpoint(), ignored);
    }
    ASSERT_EQ(client.sink.failed.size(), 1U);
    EXPECT_EQ(client.sink.failed[0].second.code, Code::unauthenticated);
    EXPECT_EQ(client.sink.refusals[0], runtime::RetryClass::permanent);
}

TEST_F(ZmqSecurity, IsNoSilenceBetweenPublishersAndSubscribers) {
    const std::string& server_key = server_keys.public_key;
    const std::vector<ZmqServerSecurity> publishers{
        {},
        ZmqPlain{"user", "password"},
        ZmqCurveServer{server_keys.secret_key, {client_keys.public_key}}};
    // Of each kind one that is let in, and one that is not.
    const std::vector<std::pair<ZmqClientSecurity, ZmqClientSecurity>> subscribers{
        {{}, ZmqCurveClient{server_key, "", client_keys.secret_key}},
        {ZmqPlain{"user", "password"}, ZmqPlain{"user", "other"}},
        {ZmqCurveClient{server_key, "", client_keys.secret_key},
         ZmqCurveClient{server_key, "", other_keys.secret_key}}};
    for (std::size_t left = 0; left < publishers.size(); ++left) {
        Publisher publisher{loop,
                            {.endpoints = {"tcp://127.0.0.1:0"}, .security = publishers[left]}};
        const auto subscriber_with = [&](const ZmqClientSecurity& security) {
            return ZmqSubscriberOptions{
                .endpoints = publisher.transport.endpoints(), .security = security, .log = &lines};
        };
        for (std::size_t right = 0; right < subscribers.size(); ++right) {
            SCOPED_TRACE(left * 10 + right);
            if (left == 0 && right == 1) {
                continue;  // who asks for no password is reached with one
            }
            const std::size_t refused = publisher.transport.counters().handshake_failures.get();
            Subscriber wrong{loop, subscriber_with(left == right ? subscribers[right].second
                                                                 : subscribers[right].first)};
            ASSERT_TRUE(loop.until([&] {
                return wrong.transport.counters().handshake_failures.get() != 0 &&
                       publisher.transport.counters().handshake_failures.get() > refused;
            }));
            EXPECT_TRUE(lines.contain("unauthenticated: The server at " +
                                      publisher.transport.endpoints()[0]));
            EXPECT_EQ(wrong.transport.counters().connections.get(), 0U);
        }
        Subscriber right{loop, subscriber_with(subscribers[left].first)};
        ASSERT_TRUE(publisher.connect(loop));
        publisher.send("news");
        ASSERT_TRUE(loop.until([&] { return right.sink.messages.size() == 1; }));
    }
}

TEST_F(ZmqSecurity, IsTheSameForSubscribersThatAreBound) {
    const std::vector<ZmqClientSecurity> securities{ZmqPlain{"user", "password"},
                                                    ZmqPlain{"user", "other"},
                                                    {},
                                                    ZmqCurveClient{server_keys.public_key}};
    for (const ZmqClientSecurity& security : securities) {
        const bool is_right = &security == &securities.front();
        Subscriber subscriber{
            loop,
            {.endpoints = {"tcp://127.0.0.1:0"}, .side = ZmqSide::bind, .security = security}};
        Publisher publisher{loop,
                            {.endpoints = subscriber.transport.endpoints(),
                             .side = ZmqSide::connect,
                             .security = ZmqPlain{"user", "password"},
                             .subscriber_timeout = is_right ? 10'000ms : 10ms}};
        ASSERT_TRUE(loop.until([&] {
            return is_right || publisher.transport.counters().handshake_failures.get() != 0;
        }));
        ASSERT_EQ(publisher.connect(loop), is_right);
        if (!is_right) {
            EXPECT_EQ(publisher.sink.failed[0].second.code, Code::unauthenticated);
        }
    }
}

TEST_F(ZmqSecurity, KeepsListenersApart) {
    Server first{loop, {.security = ZmqPlain{"user", "first"}}};
    Server second{loop, {.security = ZmqPlain{"user", "second"}}};
    EXPECT_EQ(identity_of(first, ZmqPlain{"user", "first"}), "user");
    EXPECT_EQ(identity_of(second, ZmqPlain{"user", "second"}), "user");
    EXPECT_FALSE(refusal_of(first, ZmqPlain{"user", "second"}).empty());
}

TEST_F(ZmqSecurity, RefusesKeysThatAreNone) {
    ServerSink sink;
    const auto failure_with = [&](ZmqServerSecurity security) {
        const auto started =
            make_acceptor(loop.executor, ZmqServerOptions{.endpoints = {"tcp://127.0.0.1:0"},
                                                          .security = std::move(security)})
                ->start(sink);
        EXPECT_FALSE(started);
        return started ? std::string{} : started.error().message;
    };
    EXPECT_NE(failure_with(ZmqPlain{"", "password"}).find("1 to 255 bytes"), std::string::npos);
    EXPECT_NE(
        failure_with(ZmqCurveServer{"secret"}).find("The server's secret key is no CURVE key"),
        std::string::npos);
    EXPECT_NE(failure_with(ZmqCurveServer{server_keys.secret_key, {"client"}})
                  .find("'client' among the clients' public keys"),
              std::string::npos);
    ClientSink client_sink;
    const auto started =
        make_connector(loop.executor,
                       ZmqClientOptions{
                           .endpoints = {"tcp://127.0.0.1:1"},
                           .security = ZmqCurveClient{server_keys.public_key, other_keys.public_key,
                                                      client_keys.secret_key}})
            ->start(client_sink);
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().message.find("does not belong to its secret key"), std::string::npos);
}

}  // namespace
}  // namespace warren::transport::test
