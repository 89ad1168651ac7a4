#include "transport/zmq/server_port.hpp"

#include "unit/transport_zmq/harness.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace warren::transport::test {
namespace {

using Frames = std::vector<std::string>;

TEST(ZmqServerPort, AnswersDealerReqAndCorrelatingReq) {
    Loop loop;
    Server server{loop};
    Peer dealer{zmq::socket_type::dealer};
    Peer req{zmq::socket_type::req};
    Peer correlating{zmq::socket_type::req};
    correlating.socket().set(zmq::sockopt::req_correlate, true);
    for (Peer* const peer : {&dealer, &req, &correlating}) {
        peer->connect(server.endpoint());
        peer->send({"hello"});
    }
    ASSERT_TRUE(loop.until([&] {
        return dealer.receive().size() == 1 && req.receive().size() == 1 &&
               correlating.receive().size() == 1;
    }));
    EXPECT_EQ(dealer.receive()[0], Frames{"hello"});
    EXPECT_EQ(req.receive()[0], Frames{"hello"});
    EXPECT_EQ(correlating.receive()[0], Frames{"hello"});
    EXPECT_EQ(server.port.counters().messages_in.get(), 3U);
    EXPECT_EQ(server.port.counters().messages_out.get(), 3U);
    // Who correlates comes with another envelope each time, and is not kept.
    EXPECT_EQ(server.sink.sessions, 2U);
}

TEST(ZmqServerPort, KnowsWhereItsPeersAre) {
    Loop loop;
    const Folder folder;
    Server server{loop, {.endpoints = {"tcp://127.0.0.1:0", "ipc://" + folder.file("socket")}}};
    Peer named{zmq::socket_type::dealer};
    named.socket().set(zmq::sockopt::routing_id, "na\nme");
    Peer nameless{zmq::socket_type::dealer};
    Peer local{zmq::socket_type::dealer};
    for (Peer* const peer : {&named, &nameless, &local}) {
        peer->connect(server.port.local_endpoints()[peer == &local ? 1 : 0]);
        peer->send({"", "hello"});
        ASSERT_TRUE(loop.until([&] { return peer->receive().size() == 1; }));
    }
    ASSERT_EQ(server.sink.addresses.size(), 3U);
    EXPECT_EQ(server.sink.addresses[0], R"(127.0.0.1, routing id 'na\nme')");
    // Made up by ZeroMQ: five bytes, of which the first is 0.
    constexpr std::string_view start = "127.0.0.1, routing id 00";
    EXPECT_TRUE(server.sink.addresses[1].starts_with(start)) << server.sink.addresses[1];
    EXPECT_EQ(server.sink.addresses[1].size(), start.size() + 8);
    EXPECT_TRUE(server.sink.addresses[2].contains("routing id 00")) << server.sink.addresses[2];
}

TEST(ZmqServerPort, GivesBackWhateverStandsBeforeTheDelimiter) {
    Loop loop;
    Server server{loop};
    Peer dealer{zmq::socket_type::dealer};
    dealer.connect(server.endpoint());
    dealer.send({"a", "bc", "", "one"});
    dealer.send({"", "two"});
    dealer.send({"three"});
    dealer.send({"", "in", "parts"});
    dealer.send({""});
    ASSERT_TRUE(loop.until([&] { return dealer.receive().size() == 4; }));
    std::vector<Frames> answers = dealer.receive();
    std::ranges::sort(answers);
    EXPECT_EQ(answers, (std::vector<Frames>{
                           {"", "inparts"}, {"", "two"}, {"a", "bc", "", "one"}, {"three"}}));
}

TEST(ZmqServerPort, AnswersADealerThroughAProxyThatSetsNoDelimiter) {
    Loop loop;
    Server server{loop};
    // As zmq.proxy(ROUTER, DEALER) passes it on, twice, with what is no message at all.
    Peer proxy{zmq::socket_type::dealer};
    proxy.connect(server.endpoint());
    proxy.send({"one", "first"});
    proxy.send({"another", "one", "second"});
    proxy.send({"one", ""});
    proxy.send({"one", "third"});
    ASSERT_TRUE(loop.until([&] { return proxy.receive().size() == 3; }));
    std::vector<Frames> answers = proxy.receive();
    std::ranges::sort(answers);
    EXPECT_EQ(answers, (std::vector<Frames>{
                           {"another", "one", "second"}, {"one", "first"}, {"one", "third"}}));
    EXPECT_EQ(server.sink.messages, (Frames{"first", "second", "", "third"}));
}

TEST(ZmqServerPort, DropsWhatIsNoRequest) {
    Loop loop;
    Lines lines;
    Server server{loop, {.log = &lines}};
    Peer dealer{zmq::socket_type::dealer};
    dealer.connect(server.endpoint());
    dealer.send(Frames(300, "many"));
    Frames deep(40, "deep");
    deep.insert(deep.end(), {"", "message"});
    dealer.send(deep);
    dealer.send({std::string(2'000, 'x'), "", "message"});
    dealer.send({"good"});
    ASSERT_TRUE(loop.until([&] { return dealer.receive().size() == 1; }));
    EXPECT_EQ(dealer.receive()[0], Frames{"good"});
    EXPECT_EQ(server.port.counters().malformed_messages.get(), 3U);
    EXPECT_TRUE(lines.contain("more frames than a request"));
    EXPECT_EQ(server.sink.messages, Frames{"good"});
}

TEST(ZmqServerPort, TakesManyMessagesInOrder) {
    constexpr std::size_t count = 20'000;
    Loop loop;
    Server server{loop};
    Peer dealer{zmq::socket_type::dealer};
    dealer.connect(server.endpoint());
    dealer.socket().set(zmq::sockopt::sndhwm, 0);
    for (std::size_t number = 0; number < count; ++number) {
        dealer.send({std::to_string(number)});
    }
    ASSERT_TRUE(loop.until([&] { return dealer.receive().size() == count; }));
    for (std::size_t number = 0; number < count; ++number) {
        ASSERT_EQ(dealer.receive()[number], Frames{std::to_string(number)});
    }
}

TEST(ZmqServerPort, KeepsMessagesOfAPausedPeerUpToALimit) {
    Loop loop;
    // Three of a byte, with what keeping them takes.
    Server server{loop, {.queued_bytes_per_peer_max = 200}};
    server.sink.pauses = true;
    Peer paused{zmq::socket_type::dealer};
    Peer other{zmq::socket_type::dealer};
    paused.connect(server.endpoint());
    for (int number = 0; number < 6; ++number) {
        paused.send({std::to_string(number)});
    }
    ASSERT_TRUE(loop.until([&] { return server.port.counters().refused_messages.get() == 2; }));
    other.connect(server.endpoint());
    other.send({"other"});
    ASSERT_TRUE(loop.until([&] { return other.receive().size() == 1; }));
    EXPECT_EQ(server.sink.messages, (Frames{"0", "other"}));
    server.sink.pauses = false;
    server.sink.connections[0]->resume();
    ASSERT_TRUE(loop.until([&] { return paused.receive().size() == 4; }));
    EXPECT_EQ(server.sink.messages, (Frames{"0", "other", "1", "2", "3"}));
}

TEST(ZmqServerPort, OffersAMessageAgainThatWasNotTaken) {
    Loop loop;
    Server server{loop};
    server.sink.takes_nothing = true;
    Peer dealer{zmq::socket_type::dealer};
    dealer.connect(server.endpoint());
    dealer.send({"first"});
    dealer.send({"second"});
    ASSERT_TRUE(loop.until([&] { return server.port.counters().messages_in.get() == 2; }));
    EXPECT_TRUE(server.sink.messages.empty());
    server.sink.takes_nothing = false;
    server.sink.connections[0]->resume();
    ASSERT_TRUE(loop.until([&] { return dealer.receive().size() == 2; }));
    EXPECT_EQ(server.sink.messages, (Frames{"first", "second"}));
}

TEST(ZmqServerPort, DropsTheAnswersOfAPeerThatIsGone) {
    Loop loop;
    Server server{loop};
    server.sink.echo = false;
    server.sink.busy = true;
    {
        Peer dealer{zmq::socket_type::dealer};
        dealer.connect(server.endpoint());
        dealer.send({"question"});
        ASSERT_TRUE(loop.until([&] { return server.sink.messages.size() == 1; }));
    }
    ASSERT_TRUE(loop.until([&] { return server.port.counters().connections.get() == 0; }));
    runtime::StreamConnection& peer = *server.sink.connections[0];
    // ZeroMQ tells of the connection's end before it lets go of the peer; whose work is done by
    // then is let go at once, and has no answer to drop.
    ASSERT_TRUE(loop.until([&] {
        if (server.port.counters().dropped_messages.get() != 0) {
            return true;
        }
        peer.output() += "answer";
        peer.end_message();
        peer.touch();
        return false;
    }));
    server.sink.busy = false;
    peer.touch();
    ASSERT_TRUE(loop.until([&] { return server.sink.closed.size() == 1; }));
    EXPECT_EQ(server.sink.closed[0].code, Code::connection_lost);
    EXPECT_EQ(server.port.counters().dropped_messages.get(), 1U);
    EXPECT_EQ(server.sink.sessions, 0U);
}

TEST(ZmqServerPort, ServesWhatAPeerSentBeforeItWent) {
    constexpr std::size_t count = 20;
    Loop loop;
    Server server{loop};
    server.sink.pauses = true;
    {
        Peer dealer{zmq::socket_type::dealer};
        dealer.connect(server.endpoint());
        for (std::size_t number = 0; number < count; ++number) {
            dealer.send({std::to_string(number)});
        }
        ASSERT_TRUE(loop.until([&] { return server.port.counters().messages_in.get() == count; }));
    }
    ASSERT_TRUE(loop.until([&] { return server.port.counters().connections.get() == 0; }));
    // Each message waits for the answer to the one before it, which nobody takes.
    ASSERT_TRUE(loop.until([&] {
        if (server.sink.sessions != 0) {
            server.sink.connections[0]->resume();
        }
        return server.sink.closed.size() == 1;
    }));
    EXPECT_EQ(server.sink.messages.size(), count);
    EXPECT_GT(server.port.counters().dropped_messages.get(), 0U);
    EXPECT_EQ(server.sink.sessions, 0U);
}

TEST(ZmqServerPort, ForgetsIdlePeersButNoneThatWaits) {
    constexpr std::size_t count = 1'500;
    Loop loop;
    Server server{loop};
    Peer dealer{zmq::socket_type::dealer};
    dealer.connect(server.endpoint());
    server.sink.pauses = true;
    dealer.send({"waits", "", "message"});
    ASSERT_TRUE(loop.until([&] { return server.sink.messages.size() == 1; }));
    server.sink.pauses = false;
    server.sink.echo = false;
    for (std::size_t number = 0; number < count; ++number) {
        dealer.send({std::to_string(number), "", "message"});
    }
    ASSERT_TRUE(loop.until([&] { return server.sink.messages.size() == count + 1; }));
    EXPECT_EQ(server.sink.sessions, 1'024U);
    EXPECT_EQ(server.port.counters().peers.get(), 1'024U);
    server.sink.connections[0]->output() += "answer";
    server.sink.connections[0]->end_message();
    server.sink.connections[0]->touch();
    ASSERT_TRUE(loop.until([&] { return dealer.receive().size() == 2; }));
    EXPECT_EQ(dealer.receive()[1], (Frames{"waits", "", "answer"}));
}

TEST(ZmqServerPort, RefusesMorePeersThanItMayHave) {
    Loop loop;
    Lines lines;
    Server server{loop, {.peers_max = 4, .log = &lines}};
    server.sink.busy = true;
    Peer dealer{zmq::socket_type::dealer};
    dealer.connect(server.endpoint());
    for (int number = 0; number < 6; ++number) {
        dealer.send({std::to_string(number), "", "message"});
    }
    ASSERT_TRUE(loop.until([&] { return dealer.receive().size() == 6; }));
    EXPECT_EQ(dealer.receive()[5], (Frames{"5", "", "message"}));
    EXPECT_EQ(server.sink.obstacles[3], "");
    EXPECT_NE(server.sink.obstacles[5].find("connections_max"), std::string::npos);
    EXPECT_EQ(server.port.counters().refused_messages.get(), 2U);
    EXPECT_TRUE(lines.contain("connections_max"));
    // They are heard, but not kept.
    EXPECT_EQ(server.sink.sessions, 4U);
    EXPECT_EQ(server.port.counters().peers.get(), 4U);
}

TEST(ZmqServerPort, SaysWhereItCannotListen) {
    Loop loop;
    const Server taken{loop};
    ServerSink sink;
    const auto failure_at = [&](const std::string& endpoint, ZmqSide side = ZmqSide::bind) {
        ZmqServerPort port{loop.executor, {.endpoints = {endpoint}, .side = side}};
        const auto started = port.start(sink);
        EXPECT_FALSE(started);
        EXPECT_EQ(started.error().code, Code::invalid_request);
        return started ? std::string{} : started.error().message;
    };
    EXPECT_EQ(failure_at(taken.endpoint()),
              "Cannot listen at " + taken.endpoint() +
                  ": Address already in use; does another server run there? Port 0 takes a free "
                  "one");
    EXPECT_EQ(
        failure_at("http://localhost:80"),
        "'http://localhost:80' is no endpoint of ZeroMQ: it must begin with tcp://, ipc:// or "
        "inproc://");
    EXPECT_EQ(failure_at("tcp://localhost"),
              "'tcp://localhost' is no endpoint of ZeroMQ: it must be tcp://HOST:PORT");
    EXPECT_EQ(failure_at("tcp://*:5000", ZmqSide::connect),
              "'tcp://*:5000' is no endpoint of ZeroMQ: '*' can be bound only; give the host to "
              "connect to");
    EXPECT_NE(failure_at("tcp://192.0.2.1:5000").find("no address and no interface"),
              std::string::npos);
    EXPECT_NE(failure_at("ipc:///no/such/folder/socket").find("its folder must be there"),
              std::string::npos);
}

TEST(ZmqServerPort, DoesNotTakeAnIpcSocketFromALiveServer) {
    Loop loop;
    const Folder folder;
    const std::string endpoint = "ipc://" + folder.file("socket");
    const Server server{loop, {.endpoints = {endpoint}}};
    ServerSink sink;
    ZmqServerPort second{loop.executor, {.endpoints = {endpoint}}};
    const auto started = second.start(sink);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().message,
              "Cannot listen at " + endpoint +
                  ": Address already in use; another server has it: choose another name");
}

TEST(ZmqServerPort, TakesAnIpcPathOfNobodyAndNothingElse) {
    Loop loop;
    const Folder folder;
    const std::string path = folder.file("path");
    const auto start_at = [&] {
        ServerSink sink;
        ZmqServerPort port{loop.executor, {.endpoints = {"ipc://" + path}}};
        const auto started = port.start(sink);
        return started ? std::string{} : started.error().message;
    };
    std::ofstream{path} << "precious";
    EXPECT_EQ(start_at(), "Cannot listen at ipc://" + path +
                              ": a file is there that is no socket; choose another path");
    EXPECT_EQ(std::filesystem::file_size(path), 8U);
    std::filesystem::remove(path);
    std::filesystem::create_symlink(folder.file("nothing"), path);
    EXPECT_NE(start_at(), "");
    EXPECT_TRUE(std::filesystem::is_symlink(path));
    std::filesystem::remove(path);
    for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        const int socket = ::socket(AF_UNIX, type, 0);
        ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        // Of datagrams somebody is there; a stream's, at which nobody listens, is left over.
        EXPECT_EQ(start_at().empty(), type == SOCK_STREAM);
        ::close(socket);
        std::filesystem::remove(path);
    }
}

TEST(ZmqServerPort, ListensAtAHostsName) {
    Loop loop;
    Server server{loop, {.endpoints = {"tcp://localhost:0"}}};
    Peer dealer{zmq::socket_type::dealer};
    dealer.connect(server.endpoint());
    dealer.send({"hello"});
    ASSERT_TRUE(loop.until([&] { return dealer.receive().size() == 1; }));
    ServerSink sink;
    ZmqServerPort nowhere{loop.executor, {.endpoints = {"tcp://no-such-host.invalid:0"}}};
    const auto started = nowhere.start(sink);
    ASSERT_FALSE(started);
    EXPECT_TRUE(started.error().message.contains("as a host's name it is not resolved"))
        << started.error().message;
}

TEST(ZmqServerPort, SendsWhatIsDueAndFreesItsEndpoint) {
    const std::string large(std::size_t{8} << 20, 'x');
    Loop loop;
    auto server = std::make_unique<Server>(loop);
    const std::string endpoint = server->endpoint();
    Peer dealer{zmq::socket_type::dealer};
    dealer.connect(endpoint);
    dealer.send({large});
    ASSERT_TRUE(loop.until([&] { return server->sink.messages.size() == 1; }));
    bool closed = false;
    server->port.close_all([&] { closed = true; });
    ASSERT_TRUE(loop.until([&] { return closed; }));
    EXPECT_EQ(server->sink.sessions, 0U);
    EXPECT_EQ(server->sink.closed.size(), 1U);
    server.reset();
    ASSERT_TRUE(loop.until([&] { return dealer.receive().size() == 1; }));
    EXPECT_EQ(dealer.receive()[0][0].size(), large.size());
    Server next{loop, {.endpoints = {endpoint}}};
    dealer.send({"again"});
    ASSERT_TRUE(loop.until([&] { return dealer.receive().size() == 2; }));
}

TEST(ZmqServerPort, ServesOneThatItConnectsTo) {
    Loop loop;
    Peer dealer{zmq::socket_type::dealer};
    const std::string endpoint = dealer.bind();
    Server server{loop, {.endpoints = {endpoint}, .side = ZmqSide::connect}};
    dealer.send({"question"});
    ASSERT_TRUE(loop.until([&] { return dealer.receive().size() == 1; }));
    EXPECT_EQ(dealer.receive()[0], Frames{"question"});
}

}  // namespace
}  // namespace warren::transport::test
