#include "unit/transport/tcp/harness.hpp"

#include <thread>

namespace warren::transport::test {
namespace {

class TcpConnection : public testing::Test {
protected:
    Loop loop;
};

TEST_F(TcpConnection, TakesAMessageThatIsCutAnywhere) {
    Server server{loop};
    const std::string bytes = message("first") + message("") + message("third");
    std::string all;
    Peer peer{server.transport.local_port()};
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        ASSERT_EQ(peer.send(bytes.substr(0, cut)), cut);
        // What is before the cut has been seen when its echo is back.
        const std::size_t whole = cut < 9 ? 0 : cut < 13 ? 9 : cut < bytes.size() ? 13 : cut;
        ASSERT_TRUE(loop.until([&] { return peer.receive().size() >= all.size() + whole; }));
        ASSERT_EQ(peer.send(bytes.substr(cut)), bytes.size() - cut);
        all += bytes;
        ASSERT_TRUE(loop.until([&] { return peer.receive().size() >= all.size(); }));
        ASSERT_EQ(peer.receive(), all) << "cut at " << cut;
    }
    EXPECT_EQ(server.sink.messages.size(), 3 * (bytes.size() + 1));
}

TEST_F(TcpConnection, TakesMessagesByteByByte) {
    Server server{loop};
    Peer peer{server.transport.local_port()};
    const std::string bytes = message("one") + message("two");
    for (std::size_t sent = 1; sent <= bytes.size(); ++sent) {
        ASSERT_EQ(peer.send(bytes.substr(sent - 1, 1)), 1U);
        ASSERT_TRUE(loop.until([&] { return server.transport.counters().bytes_in.get() == sent; }));
    }
    ASSERT_TRUE(loop.until([&] { return peer.receive().size() == bytes.size(); }));
    EXPECT_EQ(peer.receive(), bytes);
}

TEST_F(TcpConnection, AnswersAllMessagesOfOneReadInOneWrite) {
    Server server{loop};
    Peer peer{server.transport.local_port()};
    std::string bytes;
    for (int index = 0; index < 1'000; ++index) {
        bytes += message("message " + std::to_string(index));
    }
    ASSERT_EQ(peer.send(bytes), bytes.size());
    ASSERT_TRUE(loop.until([&] { return peer.receive().size() == bytes.size(); }));
    EXPECT_EQ(peer.receive(), bytes);
    EXPECT_EQ(server.sink.messages.size(), 1'000U);
    EXPECT_EQ(server.sink.offers.size(), 1U);
}

TEST_F(TcpConnection, KeepsWhatIsPushedForTheEndOfTheTurn) {
    Server server{loop};
    server.sink.push_after_message = true;
    Peer peer{server.transport.local_port()};
    const std::string bytes = message("one") + message("two");
    ASSERT_EQ(peer.send(bytes), bytes.size());
    ASSERT_TRUE(loop.until([&] { return peer.receive().size() == bytes.size(); }));
    EXPECT_EQ(server.sink.unsent_after_push,
              (std::vector{message("one").size(), message("one").size() + message("two").size()}));
}

TEST(TcpConnectionThatSpins, WritesWhatIsPushedAtOnce) {
    Loop loop{{.spin_max = 50us}};
    Server server{loop};
    server.sink.push_after_message = true;
    Peer peer{server.transport.local_port()};
    const std::string bytes = message("one") + message("two");
    ASSERT_EQ(peer.send(bytes), bytes.size());
    ASSERT_TRUE(loop.until([&] { return peer.receive().size() == bytes.size(); }));
    EXPECT_EQ(peer.receive(), bytes);
    EXPECT_EQ(server.sink.unsent_after_push, (std::vector<std::size_t>{0, 0}));
}

TEST_F(TcpConnection, OffersABigMessageOnlyWhenItIsComplete) {
    Server server{loop};
    Client client{loop, {tcp_target("127.0.0.1", server.transport.local_port())}};
    client.transport.connect(0, 1);
    ASSERT_TRUE(loop.until([&] { return !client.sink.connections.empty(); }));
    const std::string big(std::size_t{12} << 20, 'b');
    client.send(big);
    client.send("after it");
    ASSERT_TRUE(loop.until([&] { return client.sink.messages.size() == 2; }));
    EXPECT_TRUE(client.sink.messages[0] == big);
    EXPECT_EQ(client.sink.messages[1], "after it");
    EXPECT_LE(server.sink.offers.size(), 5U);
    EXPECT_EQ(server.transport.counters().bytes_in.get(), big.size() + 4 + 12);
    EXPECT_EQ(server.transport.counters().bytes_out.get(), big.size() + 4 + 12);
}

TEST_F(TcpConnection, TakesNothingWhilePausedAndLosesNothing) {
    Server server{loop};
    server.sink.pause_after_message = true;
    Peer peer{server.transport.local_port()};
    const std::string first = message("1") + message("2") + message("3");
    ASSERT_EQ(peer.send(first), first.size());
    ASSERT_TRUE(loop.until([&] { return !peer.receive().empty(); }));
    EXPECT_EQ(server.sink.messages.size(), 1U);
    const std::string second = message("4");
    ASSERT_EQ(peer.send(second), second.size());
    for (std::size_t count = 2; count <= 4; ++count) {
        ResumeAccess::go_on(*server.sink.sessions[0]);
        ASSERT_TRUE(loop.until([&] { return server.sink.messages.size() == count; }));
    }
    ASSERT_TRUE(loop.until([&] { return peer.receive() == first + second; }));
}

TEST_F(TcpConnection, StopsReadingAPeerThatDoesNotReadAndGoesOnWhenItDoes) {
    Server server{loop, {.limits = {.output_high_bytes = 100'000}}};
    Peer peer{server.transport.local_port(), 4096};
    std::string unit;
    for (int index = 0; index < 100; ++index) {
        unit += message(std::string(996, static_cast<char>('a' + index % 26)));
    }
    // Until neither side takes anything any more.
    std::string sent;
    std::size_t full = 0;
    ASSERT_TRUE(loop.until([&] {
        const std::size_t count = peer.send(unit.substr(sent.size() % unit.size()));
        sent += unit.substr(sent.size() % unit.size(), count);
        full = count == 0 ? full + 1 : 0;
        return full == 50;
    }));
    EXPECT_LT(server.transport.counters().bytes_in.get(), sent.size());
    EXPECT_EQ(server.transport.counters().connections.get(), 1U);
    const std::size_t whole = sent.size() / 1000 * 1000;
    ASSERT_TRUE(loop.until([&] { return peer.receive().size() == whole; }));
    EXPECT_TRUE(peer.receive() == sent.substr(0, whole));
}

TEST_F(TcpConnection, DisconnectsAPeerThatTakesNoneOfItsAnswers) {
    Server server{loop, {.limits = {.output_high_bytes = 1'000, .write_timeout = 50ms}}};
    Peer peer{server.transport.local_port(), 4096};
    const std::string bytes = message(std::string(60'000, 'x'));
    ASSERT_TRUE(loop.until([&] {
        peer.send(bytes);
        return !server.sink.closed.empty();
    }));
    EXPECT_EQ(server.sink.closed[0].code, Code::connection_lost);
    EXPECT_NE(server.sink.closed[0].message.find("took none of"), std::string::npos);
    EXPECT_EQ(server.transport.counters().closed_by_limit.get(), 1U);
    EXPECT_EQ(server.transport.counters().connections.get(), 0U);
}

TEST_F(TcpConnection, IsLessPatientWithALotOfOutputIfNoneOfItIsTaken) {
    Server server{loop, {.limits = {.output_large_bytes = 100'000, .output_pause_max = 500ms}}};
    Peer idle{server.transport.local_port(), 4096};
    Peer reader{server.transport.local_port()};
    server.sink.echo = false;
    ASSERT_TRUE(loop.until([&] { return server.sink.connections.size() == 2; }));
    const std::size_t size = std::size_t{50} << 20;
    for (runtime::StreamConnection* const connection : server.sink.connections) {
        connection->output().append(size, 'x');
        connection->touch();
    }
    ASSERT_TRUE(loop.until([&] {
        reader.receive();
        return !server.sink.closed.empty() && reader.receive().size() == size;
    }));
    EXPECT_EQ(server.sink.closed.size(), 1U);
    EXPECT_NE(server.sink.closed[0].message.find("took none of"), std::string::npos);
    EXPECT_FALSE(reader.ended());
}

TEST_F(TcpConnection, SaysHowMuchOutputWaitsAndLosesNoneOfIt) {
    Server server{loop};
    Peer peer{server.transport.local_port(), 4096};
    server.sink.echo = false;
    ASSERT_TRUE(loop.until([&] { return !server.sink.connections.empty(); }));
    const std::size_t size = std::size_t{50} << 20;
    server.sink.connections[0]->output().append(size, 'x');
    server.sink.connections[0]->touch();
    ASSERT_TRUE(loop.until([&] { return server.sink.unsent != 0; }));
    EXPECT_EQ(server.sink.unsent, size - server.transport.counters().bytes_out.get());
    ASSERT_TRUE(loop.until([&] { return peer.receive().size() == size; }));
    ASSERT_TRUE(loop.until([&] { return server.sink.unsent == 0; }));
    EXPECT_TRUE(server.sink.closed.empty());
}

TEST_F(TcpConnection, DisconnectsASlowSenderAndNotAFastOne) {
    Server server{loop, {.limits = {.message_grace = 50ms, .message_rate_min = 1'000'000}}};
    Peer slow{server.transport.local_port()};
    Peer fast{server.transport.local_port()};
    slow.send(message(std::string(1'000'000, 's')).substr(0, 4));
    ASSERT_TRUE(loop.until([&] {
        slow.send("s");
        fast.send(message("x"));
        return slow.ended();
    }));
    EXPECT_FALSE(fast.ended());
    EXPECT_FALSE(fast.receive().empty());
    ASSERT_EQ(server.sink.closed.size(), 1U);
    EXPECT_NE(server.sink.closed[0].message.find("of a message came within"), std::string::npos);
}

TEST_F(TcpConnection, DisconnectsAPeerThatFallsSilentInABigMessage) {
    // By the rate alone what has come would give it hours.
    Server server{loop, {.limits = {.message_grace = 50ms, .message_rate_min = 1}}};
    Peer peer{server.transport.local_port()};
    peer.send(message(std::string(20'000, 'x')).substr(0, 10'000));
    ASSERT_TRUE(loop.until([&] { return peer.ended(); }));
    ASSERT_EQ(server.sink.closed.size(), 1U);
    EXPECT_NE(server.sink.closed[0].message.find("10000 bytes of a message came within"),
              std::string::npos);
}

TEST_F(TcpConnection, BoundsTheMessagesThatHaveBegunOfAllPeersTogether) {
    Server server{loop, {.limits = {.unread_bytes_max = 100'000}}};
    Peer small{server.transport.local_port()};
    Peer first{server.transport.local_port()};
    Peer second{server.transport.local_port()};
    small.send(message("hello").substr(0, 6));
    first.send(message(std::string(90'000, 'x')).substr(0, 60'000));
    ASSERT_TRUE(loop.until([&] { return server.transport.counters().bytes_in.get() == 60'006; }));
    EXPECT_TRUE(server.sink.closed.empty());
    second.send(message(std::string(90'000, 'y')).substr(0, 60'000));
    ASSERT_TRUE(loop.until([&] { return !server.sink.closed.empty(); }));
    EXPECT_NE(server.sink.closed[0].message.find("of all connections together"), std::string::npos)
        << server.sink.closed[0].message;
    ASSERT_TRUE(loop.until([&] { return first.ended() || second.ended(); }));
    // What it had is not counted any more: whoever is left goes on.
    Peer& left = second.ended() ? first : second;
    left.send(message(std::string(90'000, second.ended() ? 'x' : 'y')).substr(60'000));
    small.send("llo");
    std::string response;
    std::string greeting;
    ASSERT_TRUE(loop.until([&] {
        response += left.receive();
        greeting += small.receive();
        return response.size() == 90'004 && greeting == message("hello");
    }));
    EXPECT_EQ(server.sink.closed.size(), 1U);
}

TEST_F(TcpConnection, ClosesAnIdleConnectionAndNotABusyOne) {
    Server server{loop, {.limits = {.idle_timeout = 40ms}}};
    server.sink.busy = true;
    Peer peer{server.transport.local_port()};
    // A second connection says when enough time has passed for the first.
    Server clock{loop, {.limits = {.idle_timeout = 160ms}}};
    Peer witness{clock.transport.local_port()};
    ASSERT_TRUE(loop.until([&] { return witness.ended(); }));
    EXPECT_FALSE(peer.ended());
    server.sink.busy = false;
    ASSERT_TRUE(loop.until([&] { return peer.ended(); }));
    EXPECT_NE(server.sink.closed[0].message.find("idle"), std::string::npos);
}

TEST_F(TcpConnection, AnswersAPeerThatHasSaidAll) {
    Server server{loop};
    server.sink.echo = false;
    server.sink.busy = true;
    Peer peer{server.transport.local_port()};
    const std::string bytes = message("the last");
    ASSERT_EQ(peer.send(bytes), bytes.size());
    peer.end_output();
    ASSERT_TRUE(loop.until([&] { return server.sink.messages.size() == 1; }));
    EXPECT_FALSE(peer.ended());
    server.sink.connections[0]->output() += "the answer";
    server.sink.busy = false;
    server.sink.connections[0]->touch();
    ASSERT_TRUE(loop.until([&] { return peer.ended(); }));
    EXPECT_EQ(peer.receive(), "the answer");
    EXPECT_EQ(server.sink.closed.size(), 1U);
}

TEST_F(TcpConnection, LetsTheLastWordsReachAPeerThatKeepsSending) {
    Server server{loop};
    server.sink.close_after_message = true;
    Peer peer{server.transport.local_port()};
    const std::string bytes = message("bad") + std::string(200'000, 'g');
    peer.send(bytes);
    ASSERT_TRUE(loop.until([&] {
        peer.send(std::string(10'000, 'g'));
        return peer.receive().size() == 7 && peer.ended();
    }));
    EXPECT_EQ(peer.receive(), message("bad"));
    EXPECT_EQ(server.sink.messages.size(), 1U);
}

}  // namespace
}  // namespace warren::transport::test
