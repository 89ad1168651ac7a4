#include "unit/transport/tcp/harness.hpp"

namespace warren::transport::test {
namespace {

/// A port number that nobody listens at, for as long as this lives.
class ClosedPort {
public:
    ClosedPort() : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address_;
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address_), size), 0);
        EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address_), &size), 0);
    }
    ~ClosedPort() { ::close(socket_); }
    std::uint16_t number() const { return ntohs(address_.sin_port); }
    /// Listen, and never accept.
    void listen() const { EXPECT_EQ(::listen(socket_, 1), 0); }

private:
    int socket_;
    sockaddr_in address_{};
};

class TcpClient : public testing::Test {
protected:
    Loop loop;
};

TEST_F(TcpClient, ConnectsToEachOfItsAddresses) {
    Server first{loop};
    Server second{loop};
    Client client{loop,
                  {tcp_target("127.0.0.1", first.transport.local_port()),
                   tcp_target("localhost", second.transport.local_port())}};
    EXPECT_EQ(client.transport.address_count(), 2U);
    EXPECT_EQ(client.transport.display(1),
              "tcp://localhost:" + std::to_string(second.transport.local_port()));
    client.transport.connect(0, 1);
    client.transport.connect(1, 2);
    client.transport.connect(1, 3);
    ASSERT_TRUE(loop.until([&] { return client.sink.connections.size() == 3; }));
    EXPECT_TRUE(loop.until(
        [&] { return first.sink.connections.size() == 1 && second.sink.connections.size() == 2; }));
    EXPECT_EQ(client.transport.counters().connections.get(), 3U);
}

TEST_F(TcpClient, SaysThatAConnectionIsRefusedOrAHostUnknown) {
    const ClosedPort nobody;
    Client client{loop, {tcp_target("127.0.0.1", nobody.number()), tcp_target("no such host", 1)}};
    client.transport.connect(0, 1);
    ASSERT_TRUE(loop.until([&] { return client.sink.failed.size() == 1; }));
    const Failure& refused = client.sink.failed[0].second;
    EXPECT_EQ(refused.code, Code::connection_lost);
    EXPECT_NE(refused.message.find("tcp://127.0.0.1:" + std::to_string(nobody.number())),
              std::string::npos);
    EXPECT_NE(refused.message.find("refused"), std::string::npos) << refused.message;
    client.transport.connect(1, 2);
    ASSERT_TRUE(loop.until([&] { return client.sink.failed.size() == 2; }));
    EXPECT_EQ(client.sink.failed[1].first, 2U);
    EXPECT_NE(client.sink.failed[1].second.message.find("'no such host' is not resolved"),
              std::string::npos)
        << client.sink.failed[1].second.message;
    EXPECT_EQ(client.sink.refusals[1], runtime::RetryClass::passing);
}

TEST_F(TcpClient, GivesUpAfterItsTimeout) {
    const ClosedPort silent;
    silent.listen();
    // TCP is there, and TLS never comes.
    Client client{loop, {tcp_target("127.0.0.1", silent.number(), TlsOptions{}, 200ms)}};
    client.transport.connect(0, 1);
    ASSERT_TRUE(loop.until([&] {
        return client.transport.progress() == "the TLS handshake was not answered" ||
               !client.sink.failed.empty();
    }));
    ASSERT_TRUE(loop.until([&] { return !client.sink.failed.empty(); }));
    EXPECT_EQ(client.transport.progress(), "");
    EXPECT_NE(client.sink.failed[0].second.message.find(
                  "the TLS handshake was not answered within 200 ms"),
              std::string::npos)
        << client.sink.failed[0].second.message;
}

TEST_F(TcpClient, HearsThatTheServerEnds) {
    auto server = std::make_unique<Server>(loop);
    Client client{loop, {tcp_target("127.0.0.1", server->transport.local_port())}};
    client.sink.busy = true;
    client.transport.connect(0, 1);
    ASSERT_TRUE(loop.until([&] { return !server->sink.connections.empty(); }));
    server.reset();
    ASSERT_TRUE(loop.until([&] { return !client.sink.closed.empty(); }));
    EXPECT_EQ(client.sink.closed[0].code, Code::connection_lost);
    EXPECT_EQ(client.transport.counters().connections.get(), 0U);
}

TEST_F(TcpClient, TakesTheLastAnswersOfAServerThatEnds) {
    Server server{loop};
    server.sink.close_after_message = true;
    Client client{loop, {tcp_target("127.0.0.1", server.transport.local_port())}};
    client.transport.connect(0, 1);
    ASSERT_TRUE(loop.until([&] { return !client.sink.connections.empty(); }));
    client.send(std::string(300'000, 'x'));
    client.send("never read");
    ASSERT_TRUE(loop.until([&] { return !client.sink.closed.empty(); }));
    ASSERT_EQ(client.sink.messages.size(), 1U);
    EXPECT_EQ(client.sink.messages[0].size(), 300'000U);
}

TEST_F(TcpClient, ClosesAllWithTheOutputThatIsDue) {
    Server server{loop};
    const ClosedPort silent;
    silent.listen();
    Client client{loop,
                  {tcp_target("127.0.0.1", server.transport.local_port()),
                   tcp_target("127.0.0.1", silent.number(), TlsOptions{})}};
    client.transport.connect(0, 1);
    ASSERT_TRUE(loop.until([&] { return !client.sink.connections.empty(); }));
    client.transport.connect(1, 2);
    client.send("the last");
    bool closed = false;
    client.transport.close_all([&] { closed = true; });
    EXPECT_TRUE(loop.until([&] { return closed; }));
    EXPECT_EQ(server.sink.messages, std::vector<std::string>{"the last"});
    EXPECT_EQ(client.sink.closed.size(), 1U);
    EXPECT_TRUE(client.sink.failed.empty());
}

}  // namespace
}  // namespace warren::transport::test
