#include "unit/transport/zmq/harness.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/endian/conversion.hpp>

#include <array>

namespace warren::transport::test {
namespace {

using Frames = std::vector<std::string>;

/// Who speaks with a port in bytes of its own choice.
class Raw {
public:
    Raw(const std::string& endpoint, std::string_view bytes) {
        const auto port = std::stoi(endpoint.substr(endpoint.rfind(':') + 1));
        socket_.connect({boost::asio::ip::address_v4::loopback(),
                         static_cast<boost::asio::ip::port_type>(port)});
        boost::system::error_code ignored;  // the port may have had enough
        boost::asio::write(socket_, boost::asio::buffer(bytes), ignored);
    }

private:
    boost::asio::io_context context_;
    boost::asio::ip::tcp::socket socket_{context_};
};

template <typename Size>
std::string big_endian(Size size) {
    std::array<char, sizeof size> bytes{};
    boost::endian::endian_store<Size, sizeof size, boost::endian::order::big>(
        reinterpret_cast<unsigned char*>(bytes.data()), size);
    return {bytes.data(), bytes.size()};
}

/// [ZeroMQ RFC 23, 3.1: greeting]
std::string greeting(const std::string& mechanism = "NULL") {
    return "\xff" + std::string(8, '\0') + "\x7f" + std::string{"\3\0", 2} + mechanism +
           std::string(20 - mechanism.size() + 32, '\0');
}

std::string property(const std::string& name, const std::string& value) {
    return static_cast<char>(name.size()) + name +
           big_endian(static_cast<std::uint32_t>(value.size())) + value;
}

std::string ready(const std::string& routing_id) {
    const std::string body =
        "\5READY" + property("Socket-Type", "DEALER") + property("Identity", routing_id);
    return "\6" + big_endian(static_cast<std::uint64_t>(body.size())) + body;
}

/// A frame that promises more than it is.
std::string endless(char flags) {
    return flags + big_endian(std::uint64_t{1} << 40) + "beginning";
}

std::vector<std::string> what_is_no_zeromq() {
    return {
        "",
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        std::string(10'000, '\xff'),
        std::string(100, '\0'),
        greeting().substr(0, 11),
        greeting("NONSENSE") + ready("id"),
        greeting(),
        greeting() + ready("id").substr(0, 20),
        greeting() + "\6" + std::string(8, '\xff'),
        greeting() + endless('\6'),
        greeting() + ready(std::string(1'000, 'i')),
        greeting() + ready("one") + endless('\2'),
        greeting() + ready("two") + endless('\3'),
        greeting() + ready("three") + std::string{"\1\1a\1\1b\1\1c", 9},
        greeting() + ready("four") + std::string(1'000, '\x7f'),
        greeting() + ready("") + std::string{"\4\0", 2},
    };
}

TEST(ZmqHostile, IsNotMovedByWhatIsNoZeroMq) {
    Loop loop;
    Lines lines;
    Server server{loop, {.log = &lines}};
    Publisher publisher{loop, {.endpoints = {"tcp://127.0.0.1:0"}}};
    std::vector<std::unique_ptr<Raw>> strangers;
    for (const std::string& bytes : what_is_no_zeromq()) {
        strangers.push_back(std::make_unique<Raw>(server.endpoint(), bytes));
        strangers.push_back(std::make_unique<Raw>(publisher.transport.endpoints()[0], bytes));
    }
    ASSERT_TRUE(loop.until([&] {
        return server.transport.counters().accepted.get() == strangers.size() / 2 &&
               server.transport.counters().handshake_failures.get() >= 4;
    }));
    Client client{loop, {.endpoints = {server.endpoint()}}};
    ASSERT_TRUE(client.connect(loop));
    client.send("good");
    ASSERT_TRUE(loop.until([&] { return client.sink.messages.size() == 1; }));
    EXPECT_EQ(server.sink.messages, Frames{"good"});
    Subscriber subscriber{loop, {.endpoints = publisher.transport.endpoints()}};
    ASSERT_TRUE(publisher.connect(loop));
    publisher.send("news");
    ASSERT_TRUE(loop.until([&] { return subscriber.sink.messages.size() == 1; }));
    std::size_t closed = 0;
    server.transport.close_all([&] { ++closed; });
    publisher.transport.close_all([&] { ++closed; });
    ASSERT_TRUE(loop.until([&] { return closed == 2; }));
}

TEST(ZmqHostile, TakesNoMessageThatIsTooLongInOneFrameOrInMany) {
    Loop loop;
    Server server{loop, {.limits = {.message_bytes_max = 500, .frame_bytes_max = 1'000}}};
    Peer many{zmq::socket_type::dealer};
    many.connect(server.endpoint());
    Frames frames(100, std::string(100, 'x'));
    frames.front().clear();
    many.send(frames);
    many.send({"", std::string(500, 'a'), std::string(500, 'b')});
    ASSERT_TRUE(loop.until([&] { return many.receive().size() == 1; }));
    EXPECT_EQ(many.receive()[0][1].size(), 1'000U);
    EXPECT_EQ(server.transport.counters().malformed_messages.get(), 1U);
    Peer one{zmq::socket_type::dealer};
    one.connect(server.endpoint());
    one.send({std::string(1'001, 'x')});
    ASSERT_TRUE(loop.until([&] { return server.transport.counters().accepted.get() >= 3; }));
    EXPECT_EQ(server.transport.counters().messages_in.get(), 1U);
}

TEST(ZmqHostile, AnswersOfAServerThatAreTooLongAreNotTaken) {
    Loop loop;
    Peer router{zmq::socket_type::router};
    Client client{loop,
                  {.endpoints = {router.bind()},
                   .envelope = ZmqEnvelope::delimited,
                   .limits = {.message_bytes_max = 500, .frame_bytes_max = 1'000}}};
    ASSERT_TRUE(client.connect(loop));
    client.send("0001question");
    ASSERT_TRUE(loop.until([&] { return router.receive().size() == 1; }));
    const std::string routing_id = router.receive()[0][0];
    Frames frames(100, std::string(100, 'x'));
    frames[0] = routing_id;
    frames[1] = "0001";
    frames[2].clear();
    router.send(frames);
    router.send({routing_id, "0001"});
    router.send({routing_id, "", "answer"});
    router.send({routing_id, "0001", "no delimiter"});
    router.send({routing_id, ""});
    router.send({routing_id, "0001", "", "answer"});
    ASSERT_TRUE(loop.until([&] { return !client.sink.messages.empty(); }));
    EXPECT_EQ(client.sink.messages, Frames{"0001answer"});
    EXPECT_EQ(client.transport.counters().malformed_messages.get(), 5U);
}

TEST(ZmqHostile, KeepsLittleForAPeerThatDoesNotReadAndServesOthers) {
    constexpr std::size_t limit = std::size_t{1} << 20;
    constexpr std::size_t count = 2'000;
    const std::string large(std::size_t{16} << 10, 'x');
    Loop loop;
    Lines lines;
    Server server{loop, {.output_bytes_per_peer_max = limit, .log = &lines}};
    Peer deaf{zmq::socket_type::dealer};
    deaf.socket().set(zmq::sockopt::sndhwm, 0);
    deaf.socket().set(zmq::sockopt::rcvhwm, 1);
    deaf.socket().set(zmq::sockopt::rcvbuf, 1 << 16);
    deaf.connect(server.endpoint());
    for (std::size_t number = 0; number < count; ++number) {
        deaf.send({large});
    }
    const auto& counters = server.transport.counters();
    ASSERT_TRUE(loop.until([&] { return counters.messages_in.get() == count; }));
    EXPECT_EQ(counters.messages_out.get() + counters.dropped_messages.get(), count);
    EXPECT_GT(counters.dropped_messages.get(), 0U);
    EXPECT_TRUE(lines.contain("does not read its answers"));
    Peer other{zmq::socket_type::dealer};
    other.connect(server.endpoint());
    other.send({large});
    ASSERT_TRUE(loop.until([&] { return other.receive().size() == 1; }));
    bool closed = false;
    server.transport.close_all([&] { closed = true; });
    ASSERT_TRUE(loop.until([&] { return closed; }));
}

TEST(ZmqHostile, CountsWhatWaitsForAPeerThatCorrelates) {
    constexpr std::size_t count = 1'000;
    const std::string large(std::size_t{16} << 10, 'x');
    Loop loop;
    Server server{loop, {.output_bytes_per_peer_max = std::size_t{1} << 20}};
    Peer deaf{zmq::socket_type::dealer};
    deaf.socket().set(zmq::sockopt::sndhwm, 0);
    deaf.socket().set(zmq::sockopt::rcvhwm, 1);
    deaf.socket().set(zmq::sockopt::rcvbuf, 1 << 16);
    deaf.connect(server.endpoint());
    for (std::size_t number = 0; number < count; ++number) {
        deaf.send({std::to_string(number), "", large});
    }
    const auto& counters = server.transport.counters();
    ASSERT_TRUE(loop.until([&] { return counters.messages_in.get() == count; }));
    EXPECT_GT(counters.dropped_messages.get(), 0U);
    EXPECT_EQ(server.sink.sessions, 0U);
}

TEST(ZmqHostile, WhoComesUnderARoutingIdThatIsThereTakesItOver) {
    Loop loop;
    Server server{loop};
    Peer first{zmq::socket_type::dealer};
    Peer second{zmq::socket_type::dealer};
    for (Peer* const dealer : {&first, &second}) {
        dealer->socket().set(zmq::sockopt::routing_id, "same");
        dealer->connect(server.endpoint());
        dealer->send({"question"});
        ASSERT_TRUE(loop.until([&] { return dealer->receive().size() == 1; }));
        EXPECT_EQ(dealer->receive()[0], Frames{"question"});
    }
    EXPECT_EQ(first.receive().size(), 1U);
    EXPECT_EQ(server.transport.counters().connections.get(), 2U);
    EXPECT_EQ(server.sink.sessions, 1U);
}

TEST(ZmqHostile, NobodyInheritsAnIdentityWithARoutingId) {
    Loop loop;
    const std::array<char, 41> secret{"JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"};
    Server server{loop, {.security = ZmqCurveServer{secret.data()}}};
    std::array<char, 41> server_key{};
    ASSERT_EQ(zmq_curve_public(server_key.data(), secret.data()), 0);
    for (const std::size_t turn : {1U, 2U}) {
        std::array<char, 41> public_key{};
        std::array<char, 41> secret_key{};
        ASSERT_EQ(zmq_curve_keypair(public_key.data(), secret_key.data()), 0);
        Peer dealer{zmq::socket_type::dealer};
        dealer.socket().set(zmq::sockopt::routing_id, "same");
        dealer.socket().set(zmq::sockopt::curve_serverkey, server_key.data());
        dealer.socket().set(zmq::sockopt::curve_publickey, public_key.data());
        dealer.socket().set(zmq::sockopt::curve_secretkey, secret_key.data());
        dealer.connect(server.endpoint());
        dealer.send({"question"});
        ASSERT_TRUE(loop.until([&] { return dealer.receive().size() == 1; }));
        ASSERT_EQ(server.sink.identities.size(), turn);
        EXPECT_EQ(server.sink.identities.back(), public_key.data());
        dealer.socket().close();
        ASSERT_TRUE(loop.until([&] { return server.transport.counters().connections.get() == 0; }));
    }
    EXPECT_EQ(server.sink.sessions, 1U);
}

TEST(ZmqHostile, SubscribersOutliveAPublisherOfNonsense) {
    Loop loop;
    Peer pub{zmq::socket_type::pub};
    const std::string endpoint = pub.bind();
    Subscriber subscriber{
        loop,
        {.endpoints = {endpoint}, .limits = {.message_bytes_max = 500, .frame_bytes_max = 1'000}}};
    ASSERT_TRUE(loop.until([&] {
        pub.send({""});
        return !subscriber.sink.messages.empty();
    }));
    const std::size_t empty = subscriber.sink.messages.size();
    pub.send(Frames(300, "many"));
    pub.send({"", "delimited"});
    ASSERT_TRUE(
        loop.until([&] { return subscriber.transport.counters().malformed_messages.get() == 2; }));
    pub.send({std::string(1'001, 'x')});
    ASSERT_TRUE(loop.until([&] { return subscriber.transport.counters().reconnects.get() == 1; }));
    ASSERT_TRUE(loop.until([&] {
        pub.send({"good"});
        return subscriber.sink.messages.back() == "good";
    }));
    EXPECT_GE(subscriber.sink.messages.size(), empty + 1);
}

TEST(ZmqHostile, EndsWithPeersThatNeverShookHands) {
    Loop loop;
    std::vector<std::unique_ptr<Raw>> strangers;
    {
        Server server{loop};
        for (int number = 0; number < 100; ++number) {
            strangers.push_back(std::make_unique<Raw>(server.endpoint(), greeting()));
        }
        ASSERT_TRUE(loop.until(
            [&] { return server.transport.counters().accepted.get() == strangers.size(); }));
        server.transport.close_all([] {});
        bool turned = false;
        ASSERT_TRUE(loop.until([&] { return std::exchange(turned, true); }));
        // It may go in the middle of that.
    }
    Server next{loop};
    EXPECT_FALSE(next.endpoint().empty());
}

}  // namespace
}  // namespace warren::transport::test
