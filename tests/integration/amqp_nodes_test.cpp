#include "integration/amqp_harness.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <string>

// Several nodes in one address, of which some are down or stand still.
namespace warren::test {
namespace {

/// Takes connections and says nothing, or closes them at once.
class Mute {
public:
    Mute() : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
        EXPECT_EQ(::listen(socket_, 16), 0);
        EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
        transport_ = ntohs(address.sin_port);
    }
    Mute(const Mute&) = delete;
    Mute& operator=(const Mute&) = delete;
    ~Mute() { ::close(socket_); }

    std::string node() const { return "127.0.0.1:" + std::to_string(transport_); }

private:
    int socket_;
    std::uint16_t transport_ = 0;
};

std::string node_of(const RabbitMq& broker) {
    return "127.0.0.1:" + std::to_string(broker.port());
}

TEST(AmqpNodes, OneThatSaysNothingAndOneThatIsDownAreGoneAround) {
    RabbitMq& broker = RabbitMq::shared();
    LoopThread loop;
    const Mute mute;
    std::string uri = broker.uri();
    uri.insert(uri.find("127.0.0.1"), "127.0.0.1:1," + mute.node() + ',');
    EchoServer server{loop, uri, plain_queue("around")};
    Caller caller{loop, uri};
    ASSERT_TRUE(server.await_consuming());
    ASSERT_TRUE(caller.await_ready());
    EXPECT_TRUE(caller.await_reply(caller.call("", "around", "x")));
    EXPECT_TRUE(loop.run([&] { return caller.lost_.empty(); })) << "it is one attempt";
}

TEST(AmqpNodes, OneThatStandsStillIsLeft) {
    RabbitMq first;
    RabbitMq second;
    LoopThread loop;
    RecordingLog log;
    const std::string uri =
        "amqp://guest:guest@" + node_of(first) + ',' + node_of(second) + "/?heartbeat=1";
    // It goes on, whatever becomes of the test, so that it can be ended.
    struct Frozen {
        ~Frozen() { ::kill(beam, SIGCONT); }
        const int beam;
    } frozen{std::stoi(first.evaluate("list_to_integer(os:getpid())"))};
    {
        EchoServer server{loop, uri, plain_queue("frozen"), &log};
        Caller caller{loop, uri};
        ASSERT_TRUE(server.await_consuming());
        ASSERT_TRUE(caller.await_ready());
        ASSERT_TRUE(caller.await_reply(caller.call("", "frozen", "x")));
        ASSERT_EQ(::kill(frozen.beam, SIGSTOP), 0);
        ASSERT_TRUE(server.await_consuming(2));
        ASSERT_TRUE(caller.await([&] { return caller.times_ready_ == 2; }));
        EXPECT_TRUE(log.await_line("Connected to amqp://" + node_of(second)));
        EXPECT_TRUE(caller.await_reply(caller.call("", "frozen", "y")));
    }
}

}  // namespace
}  // namespace warren::test
