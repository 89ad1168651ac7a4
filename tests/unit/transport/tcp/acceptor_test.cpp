#include "transport/tcp/listen.hpp"
#include "unit/transport/tcp/harness.hpp"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>

namespace warren::transport::test {
namespace {

std::uint16_t port_of(int socket) {
    return find_listening_endpoint(socket).value().port();
}

int listen_at_free_port() {
    const int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    EXPECT_EQ(bind(listening, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listening, 8), 0);
    return listening;
}

class TcpServer : public testing::Test {
protected:
    Lines log;
    Loop loop;
};

TEST_F(TcpServer, FindsAFreePortAndSaysWhich) {
    Server server{loop};
    EXPECT_NE(server.transport.local_port(), 0);
    EXPECT_EQ(server.transport.local_address(),
              "127.0.0.1:" + std::to_string(server.transport.local_port()));
}

TEST_F(TcpServer, ListensOverIpv6AndEverywhere) {
    Server six{loop, {.host = "::1"}};
    EXPECT_EQ(six.transport.local_address(), "[::1]:" + std::to_string(six.transport.local_port()));
    Client over_six{loop, {tcp_target("::1", six.transport.local_port())}};
    over_six.transport.connect(0, 1);
    EXPECT_TRUE(loop.until([&] { return !over_six.sink.connections.empty(); }));
    EXPECT_EQ(over_six.transport.display(0),
              "tcp://[::1]:" + std::to_string(six.transport.local_port()));

    for (const std::string host : {"*", "", "0.0.0.0", "localhost"}) {
        Server everywhere{loop, {.host = host}};
        Client client{loop, {tcp_target("localhost", everywhere.transport.local_port())}};
        client.transport.connect(0, 1);
        EXPECT_TRUE(loop.until([&] { return !client.sink.connections.empty(); })) << host;
    }
}

TEST_F(TcpServer, SaysWhyAnAddressCannotBeHad) {
    Server first{loop};
    ServerSink sink;
    const auto in_use =
        make_acceptor(loop.executor, TcpServerOptions{.port = first.transport.local_port()})
            ->start(sink);
    ASSERT_FALSE(in_use);
    EXPECT_EQ(in_use.error().code, Code::invalid_request);
    EXPECT_NE(in_use.error().message.find(first.transport.local_address()), std::string::npos);
    EXPECT_NE(in_use.error().message.find("does another server run there?"), std::string::npos);

    const auto not_ours =
        make_acceptor(loop.executor, TcpServerOptions{.host = "192.0.2.1"})->start(sink);
    ASSERT_FALSE(not_ours);
    EXPECT_NE(not_ours.error().message.find("no address of this machine"), std::string::npos)
        << not_ours.error().message;

    EXPECT_FALSE(
        make_acceptor(loop.executor, TcpServerOptions{.host = "no such host"})->start(sink));
}

TEST_F(TcpServer, SharesItsPortWithWhoeverSaysSo) {
    Server first{loop, {.reuse_port = true}};
    const std::uint16_t port = first.transport.local_port();
    Server second{loop, {.port = port, .reuse_port = true}};
    EXPECT_EQ(second.transport.local_port(), port);
    first.transport.stop_listening();
    Peer peer{port};
    peer.send(message("to the second"));
    EXPECT_TRUE(loop.until([&] { return peer.receive() == message("to the second"); }));
    EXPECT_EQ(second.transport.counters().connections.get(), 1U);

    Server alone{loop};
    ServerSink sink;
    const auto refused =
        make_acceptor(loop.executor,
                      TcpServerOptions{.port = alone.transport.local_port(), .reuse_port = true})
            ->start(sink);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("that does not say reuse_port"), std::string::npos)
        << refused.error().message;
}

TEST_F(TcpServer, AcceptsWhoWaitsBeforeItListensNoMore) {
    Server server{loop};
    std::deque<Peer> peers;
    for (int index = 0; index < 5; ++index) {
        peers.emplace_back(server.transport.local_port()).send(message("in time"));
    }
    server.transport.stop_listening();
    for (Peer& peer : peers) {
        EXPECT_TRUE(loop.until([&] { return peer.receive() == message("in time"); }));
    }
}

TEST_F(TcpServer, TakesASocketThatListensAndLeavesWhoWaitsToTheNext) {
    const int passed = listen_at_free_port();
    const int kept = dup(passed);
    const std::uint16_t port = port_of(kept);
    {
        Server server{loop, {.host = "no such host", .listening_socket = passed}};
        EXPECT_EQ(server.transport.local_port(), port);
        Peer peer{port};
        peer.send(message("here"));
        EXPECT_TRUE(loop.until([&] { return peer.receive() == message("here"); }));
        server.transport.stop_listening();
    }
    Peer waiting{port};
    waiting.send(message("to the next"));
    Server next{loop, {.listening_socket = kept}};
    EXPECT_TRUE(loop.until([&] { return waiting.receive() == message("to the next"); }));
}

TEST_F(TcpServer, SaysWhatADescriptorIsInsteadOfAListeningSocket) {
    const auto told = [](int descriptor) {
        const auto where = find_listening_endpoint(descriptor);
        return where ? std::string{} : where.error().message;
    };
    const int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int local = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_NE(told(silent).find("a TCP socket that does not listen"), std::string::npos);
    EXPECT_NE(told(datagrams).find("of another kind"), std::string::npos);
    EXPECT_NE(told(local).find("of another kind"), std::string::npos);
    for (const int descriptor : {silent, datagrams, local}) {
        close(descriptor);
    }
    EXPECT_NE(told(-1).find("no socket"), std::string::npos);
}

TEST_F(TcpServer, ClosesConnectionsOverTheLimitAtOnce) {
    Server server{loop, {.connections_max = 3, .log = &log}};
    std::deque<Peer> allowed;
    for (int index = 0; index < 3; ++index) {
        allowed.emplace_back(server.transport.local_port());
    }
    ASSERT_TRUE(loop.until([&] { return server.transport.counters().connections.get() == 3; }));
    for (int index = 0; index < 20; ++index) {
        Peer over{server.transport.local_port()};
        ASSERT_TRUE(loop.until([&] { return over.ended(); }));
    }
    EXPECT_EQ(server.transport.counters().refused_over_limit.get(), 20U);
    EXPECT_EQ(log.lines.size(), 1U);
    for (Peer& peer : allowed) {
        peer.send(message("still served"));
        ASSERT_TRUE(loop.until([&] { return peer.receive() == message("still served"); }));
    }
    allowed.pop_back();
    ASSERT_TRUE(loop.until([&] { return server.transport.counters().connections.get() == 2; }));
    Peer next{server.transport.local_port()};
    next.send(message("in its place"));
    EXPECT_TRUE(loop.until([&] { return next.receive() == message("in its place"); }));
}

TEST_F(TcpServer, WaitsForADescriptorWhenNoneIsLeft) {
    Server server{loop, {.log = &log}};
    std::deque<Peer> early;
    early.emplace_back(server.transport.local_port());
    ASSERT_TRUE(loop.until([&] { return server.transport.counters().connections.get() == 1; }));
    Peer late{server.transport.local_port()};
    late.send(message("late"));
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    const bool said = loop.until([&] { return !log.lines.empty(); });
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_TRUE(said);
    EXPECT_TRUE(loop.until([&] { return late.receive() == message("late"); }));
    EXPECT_EQ(log.lines.size(), 1U);
    EXPECT_NE(log.lines[0].find("LimitNOFILE"), std::string::npos) << log.lines[0];
}

TEST_F(TcpServer, StopsListeningAndGoesOnServing) {
    Server server{loop};
    Peer peer{server.transport.local_port()};
    ASSERT_TRUE(loop.until([&] { return server.transport.counters().connections.get() == 1; }));
    server.transport.stop_listening();
    Client client{loop, {tcp_target("127.0.0.1", server.transport.local_port())}};
    client.transport.connect(0, 1);
    ASSERT_TRUE(loop.until([&] { return !client.sink.failed.empty(); }));
    peer.send(message("served"));
    EXPECT_TRUE(loop.until([&] { return peer.receive() == message("served"); }));
}

TEST_F(TcpServer, WritesWhatIsDueBeforeItClosesAll) {
    Server server{loop};
    Peer peer{server.transport.local_port()};
    ASSERT_TRUE(loop.until([&] { return !server.sink.connections.empty(); }));
    const std::string due(std::size_t{3} << 20, 'd');
    server.sink.connections[0]->output() += due;
    bool closed = false;
    server.transport.close_all([&] { closed = true; });
    EXPECT_FALSE(closed);
    ASSERT_TRUE(loop.until([&] { return peer.ended(); }));
    EXPECT_TRUE(peer.receive() == due);
    EXPECT_EQ(server.sink.closed.size(), 1U);
    peer.end_output();
    EXPECT_TRUE(loop.until([&] { return closed; }));
    EXPECT_EQ(server.transport.counters().connections.get(), 0U);
}

TEST_F(TcpServer, DropsAPeerThatDoesNotReadWhenItClosesAll) {
    Server server{loop, {.limits = {.linger_timeout = 30ms}}};
    Peer peer{server.transport.local_port(), 4096};
    ASSERT_TRUE(loop.until([&] { return !server.sink.connections.empty(); }));
    server.sink.connections[0]->output().append(std::size_t{30} << 20, 'd');
    bool closed = false;
    server.transport.close_all([&] { closed = true; });
    EXPECT_TRUE(loop.until([&] { return closed; }));
    EXPECT_EQ(server.sink.closed.size(), 1U);
}

TEST_F(TcpServer, WaitsForNoPeerAnyLongerWhenItIsToDropThem) {
    Server server{loop, {.limits = {.linger_timeout = 1h}}};
    Peer peer{server.transport.local_port(), 4096};
    ASSERT_TRUE(loop.until([&] { return !server.sink.connections.empty(); }));
    server.sink.connections[0]->output().append(std::size_t{30} << 20, 'd');
    bool closed = false;
    server.transport.close_all([&] { closed = true; });
    server.transport.drop_all();
    EXPECT_FALSE(closed);
    EXPECT_TRUE(loop.until([&] { return closed; }));
    EXPECT_EQ(server.sink.closed.size(), 1U);
}

TEST_F(TcpServer, LetsGoOfSessionsWhenItGoes) {
    std::deque<Peer> peers;
    {
        Server server{loop};
        for (int index = 0; index < 5; ++index) {
            peers.emplace_back(server.transport.local_port());
        }
        ASSERT_TRUE(loop.until([&] { return server.transport.counters().connections.get() == 5; }));
    }
    for (Peer& peer : peers) {
        EXPECT_TRUE(loop.until([&] { return peer.ended(); }));
    }
}

}  // namespace
}  // namespace warren::transport::test
