#include "transport/net/dialer.hpp"

#include "transport/net/address_memory.hpp"
#include "unit/transport/tcp/certificates.hpp"
#include "unit/transport/tcp/harness.hpp"

#include <arpa/inet.h>

#include <optional>

// A name with several addresses, of which the first is of no use.
namespace warren::transport::test {
namespace {

/// Takes connections at 127.0.0.1 and says nothing.
class SilentPeer {
public:
    explicit SilentPeer(std::uint16_t port)
        : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)} {
        const int yes = 1;
        ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0)
            << std::strerror(errno);
        EXPECT_EQ(::listen(socket_, 16), 0);
    }
    SilentPeer(const SilentPeer&) = delete;
    SilentPeer& operator=(const SilentPeer&) = delete;
    ~SilentPeer() { ::close(socket_); }

    /// Take those that have come, and close them.
    std::size_t close_all() {
        std::size_t count = 0;
        for (int peer = 0; (peer = ::accept(socket_, nullptr, nullptr)) >= 0; ++count) {
            ::close(peer);
        }
        return count;
    }

private:
    int socket_;
};

class DialerAtSeveralAddresses : public testing::Test {
protected:
    static TcpServerOptions elsewhere(std::optional<TlsServerOptions> tls = {}) {
        return {.host = "127.0.0.2", .tls = std::move(tls)};
    }
    static DialTarget both(std::uint16_t port, std::optional<TlsOptions> tls = {}) {
        DialTarget target = tcp_target("several", port, std::move(tls));
        target.addresses = {"127.0.0.1", "127.0.0.2"};
        target.address_memory = std::make_shared<AddressMemory>();
        return target;
    }

    Loop loop;
};

TEST_F(DialerAtSeveralAddresses, GoesOnAtOnceWhenOneRefuses) {
    Server server{loop, elsewhere()};
    Client client{loop, {both(server.transport.local_port())}};
    client.transport.connect(0, 1);
    EXPECT_TRUE(loop.until([&] { return server.sink.connections.size() == 1; }));
    EXPECT_TRUE(client.sink.failed.empty());
}

TEST_F(DialerAtSeveralAddresses, GoesOnWhenTlsDoesNotCome) {
    const Certificates& made = Certificates::shared();
    Server server{loop, elsewhere(TlsServerOptions{.certificate_file = made.path("server.pem"),
                                                   .key_file = made.path("server.key")})};
    SilentPeer silent{server.transport.local_port()};
    Client client{loop,
                  {both(server.transport.local_port(), TlsOptions{.verify = TlsVerify::none})}};
    for (std::size_t count = 1; count <= 2; ++count) {
        client.transport.connect(0, count);
        ASSERT_TRUE(loop.until([&] { return server.sink.connections.size() == count; }));
        client.send("hello");
        ASSERT_TRUE(loop.until([&] { return client.sink.messages.size() == count; }));
    }
    EXPECT_TRUE(client.sink.failed.empty());
    EXPECT_EQ(silent.close_all(), 1U) << "the second time it comes last";
}

TEST_F(DialerAtSeveralAddresses, LeavesOneThatClosesWithoutAnAnswer) {
    Server server{loop, elsewhere()};
    SilentPeer closing{server.transport.local_port()};
    Client client{loop, {both(server.transport.local_port())}};
    client.transport.connect(0, 1);
    ASSERT_TRUE(loop.until([&] { return client.sink.connections.size() == 1; }));
    EXPECT_TRUE(client.sink.connections[0]->has_alternatives());
    EXPECT_EQ(closing.close_all(), 1U);
    ASSERT_TRUE(loop.until([&] { return client.sink.closed.size() == 1; }));
    client.transport.connect(0, 2);
    EXPECT_TRUE(loop.until([&] { return server.sink.connections.size() == 1; }));
    EXPECT_FALSE(client.sink.connections[1]->has_alternatives());
}

TEST_F(DialerAtSeveralAddresses, ATrialThatFailsLeavesTheNextOne) {
    class Trial final : public DialTrial {};
    Server first{loop};
    Server second{loop, elsewhere()};
    const auto memory = std::make_shared<AddressMemory>();
    std::vector<DialTarget> targets{tcp_target("127.0.0.1", first.transport.local_port()),
                                    tcp_target("127.0.0.2", second.transport.local_port())};
    for (DialTarget& target : targets) {
        target.address_memory = memory;
    }
    std::vector<std::size_t> tried;
    std::vector<std::unique_ptr<Stream>> streams;
    const BeginDialTrial trial = [&](std::size_t target, std::unique_ptr<Stream> stream,
                                     DialTrialEnded ended) {
        tried.push_back(target);
        streams.push_back(std::move(stream));
        loop.executor.post([target, ended = std::move(ended)]() mutable {
            using Ended = std::expected<void, ConnectFailure>;
            ended(target == 1 ? Ended{}
                              : Ended{std::unexpected{ConnectFailure{
                                    {.code = Code::unauthenticated, .message = "no login"},
                                    RetryClass::permanent}}});
        });
        return std::make_unique<Trial>();
    };
    std::optional<Dialer::Dialled> dialled;
    Dialer dialer{loop.executor, targets, trial,
                  [&](Dialer::Dialled outcome) { dialled = std::move(outcome); }};
    ASSERT_TRUE(loop.until([&] { return dialled.has_value(); }));
    ASSERT_TRUE(*dialled);
    EXPECT_EQ((*dialled)->target, 1U);
    EXPECT_NE((*dialled)->trial, nullptr);
    EXPECT_FALSE((*dialled)->has_alternatives);
    EXPECT_EQ(tried, (std::vector<std::size_t>{0, 1}));
}

TEST_F(DialerAtSeveralAddresses, OneOfSeveralServersThatRefusesForGoodIsTriedAgainSoon) {
    std::vector<DialTarget> targets{tcp_target("127.0.0.1", 1), tcp_target("127.0.0.2", 1)};
    std::optional<Dialer::Dialled> dialled;
    const BeginDialTrial none;
    Dialer dialer{loop.executor, targets, none,
                  [&](Dialer::Dialled outcome) { dialled = std::move(outcome); }};
    ASSERT_TRUE(loop.until([&] { return dialled.has_value(); }));
    ASSERT_FALSE(*dialled);
    const std::string& message = dialled->error().failure.message;
    EXPECT_NE(message.find("tcp://127.0.0.1:1, tcp://127.0.0.2:1"), std::string::npos) << message;
    EXPECT_NE(message.find("127.0.0.2 port 1: "), std::string::npos) << message;
}

TEST(AddressMemory, KnowsWhoFailedLastUpToItsLimit) {
    AddressMemory memory;
    const auto address = [](std::size_t number) {
        return AddressMemory::Address{boost::asio::ip::address_v4::loopback(),
                                      static_cast<std::uint16_t>(number + 1)};
    };
    for (std::size_t number = 0; number < AddressMemory::addresses_max; ++number) {
        memory.blame(address(number));
    }
    EXPECT_NE(memory.blame_of(address(0)), 0U);
    memory.blame(address(0));
    EXPECT_GT(memory.blame_of(address(0)), memory.blame_of(address(1)));
    memory.blame(address(AddressMemory::addresses_max));
    EXPECT_EQ(memory.blame_of(address(1)), 0U) << "the oldest is forgotten";
    memory.praise(address(0));
    EXPECT_EQ(memory.blame_of(address(0)), 0U);
}

}  // namespace
}  // namespace warren::transport::test
