#include <warren/client.hpp>
#include <warren/server.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

/// Servers and clients of a program's own, over TCP.
namespace warren {
namespace {

/// A server that says who it is.
class NamedServer {
public:
    explicit NamedServer(std::string name, std::string address = "tcp://127.0.0.1:0") {
        server_.method("who", [this, name = std::move(name)] {
            ++calls_;
            return name;
        });
        server_.method("attempt", [this](const Context& context) {
            ++calls_;
            return static_cast<int>(context.attempt);
        });
        server_.method("trace", [](const Context& context) {
            return std::string{context.traceparent} + '|' + std::string{context.idempotency_key};
        });
        server_.method("wait", [this](const Context& context) {
            ++waiting_;
            waiting_.notify_all();
            std::promise<void> stopped;
            const std::stop_callback told{context.stop, [&stopped] { stopped.set_value(); }};
            stopped.get_future().wait();
            return 0;
        });
        server_.listen(std::move(address));
        server_.start();
    }

    /// Such as "127.0.0.1:40123".
    std::string host_and_port() const {
        const std::string url = server_.addresses().front();
        return url.substr(url.find("://") + 3);
    }
    std::string address() const { return "tcp://" + host_and_port(); }
    int calls() const noexcept { return calls_; }
    /// Until so many calls have come to `wait`.
    void await_waiting(int wanted) {
        for (int now = waiting_; now < wanted; now = waiting_) {
            waiting_.wait(now);
        }
    }
    int waiting() const noexcept { return waiting_; }
    void stop_now() { server_.stop_now(std::chrono::seconds{30}); }

private:
    std::atomic<int> calls_ = 0;
    std::atomic<int> waiting_ = 0;
    Server server_;
};

const Dynamic nothing = Dynamic::list({});

std::string text_of(const Dynamic& value) {
    return std::string{value->as_text()};
}

std::future<std::expected<Dynamic, Failure>> start(Client& client, std::string_view method,
                                                   const CallOptions& options = {}) {
    auto promise = std::make_shared<std::promise<std::expected<Dynamic, Failure>>>();
    client.start_call(
        method, nothing, [promise](auto outcome) { promise->set_value(std::move(outcome)); },
        options);
    return promise->get_future();
}

TEST(TcpCalls, CarryTheKeyAndTheTraceOfARequest) {
    NamedServer server{"a"};
    Client client{server.address()};
    const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    EXPECT_EQ(text_of(client.call("trace", nothing,
                                  {.idempotency_key = "order 7", .traceparent = trace})),
              trace + "|order 7");
    EXPECT_EQ(text_of(client.call("trace", nothing)), "|");
}

TEST(TcpCalls, BlockFromManyThreadsAtOnce) {
    NamedServer server{"a"};
    Client client{server.address()};
    constexpr int threads = 8;
    constexpr int calls = 500;
    std::vector<std::thread> callers;
    for (int i = 0; i < threads; ++i) {
        callers.emplace_back([&client] {
            for (int n = 0; n < calls; ++n) {
                EXPECT_EQ(text_of(client.call("who", nothing)), "a");
            }
        });
    }
    for (std::thread& caller : callers) {
        caller.join();
    }
    EXPECT_EQ(server.calls(), threads * calls);
}

TEST(TcpCalls, MixBlockingCallsWithOthers) {
    NamedServer server{"a"};
    Client client{server.address()};
    for (int round = 0; round < 200; ++round) {
        auto started = start(client, "who");
        EXPECT_EQ(text_of(client.call("who", nothing)), "a");
        EXPECT_EQ(text_of(client.call("who", nothing)), "a");
        EXPECT_TRUE(started.get());
    }
}

TEST(TcpCalls, GoToEveryServerInTurn) {
    NamedServer one{"one"};
    NamedServer two{"two"};
    Client client{"tcp://" + one.host_and_port() + ',' + two.host_and_port()};
    // The first call begins to connect to both; either may be there first.
    while (one.calls() == 0 || two.calls() == 0) {
        client.call("who", nothing);
    }
    const int before = one.calls();
    for (int i = 0; i < 10; ++i) {
        client.call("who", nothing);
    }
    EXPECT_EQ(one.calls() - before, 5);
}

TEST(TcpCalls, GoAroundAServerThatIsGone) {
    NamedServer one{"one"};
    auto two = std::make_unique<NamedServer>("two");
    Client client{"tcp://" + one.host_and_port() + ',' + two->host_and_port()};
    while (one.calls() == 0 || two->calls() == 0) {
        client.call("who", nothing);
    }
    two.reset();
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(text_of(client.call("who", nothing, {.idempotent = true})), "one");
    }
}

TEST(TcpCalls, SayThatTheyMayHaveBeenHandledWhenTheConnectionBreaks) {
    NamedServer server{"a"};
    Client client{server.address()};
    auto waiting = start(client, "wait");
    server.await_waiting(1);
    server.stop_now();
    const auto outcome = waiting.get();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Code::connection_lost);
    EXPECT_EQ(retry_of(outcome.error().code), Retry::if_idempotent);
    EXPECT_EQ(server.waiting(), 1);
}

TEST(TcpCalls, RunAgainElsewhereWhenTheyAreIdempotent) {
    NamedServer one{"one"};
    NamedServer two{"two"};
    Client client{"tcp://" + one.host_and_port() + ',' + two.host_and_port()};
    while (one.calls() == 0 || two.calls() == 0) {
        client.call("who", nothing);
    }
    // Both wait; whichever goes, its call comes to the other one, whose own is still there.
    auto first = start(client, "wait", {.idempotent = true});
    auto second = start(client, "wait", {.idempotent = true});
    one.await_waiting(1);
    two.await_waiting(1);
    one.stop_now();
    two.await_waiting(2);
    two.stop_now();
    EXPECT_FALSE(first.get());
    EXPECT_FALSE(second.get());
}

TEST(TcpCalls, FailAtOnceWhereNobodyListens) {
    std::string address;
    {
        NamedServer gone{"gone"};
        address = gone.address();
    }
    Client client{address, {.connect_attempts = 2, .connect_pause = std::chrono::milliseconds{1}}};
    try {
        client.call("who", nothing);
        FAIL() << "nobody is there to answer";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::no_responder) << error.what();
    }
}

TEST(TcpCalls, MayCloseTheirClientFromACompletion) {
    NamedServer server{"a"};
    Client client{server.address()};
    std::promise<void> closed;
    client.start_call("who", nothing, [&](const auto&) {
        client.close();
        closed.set_value();
    });
    closed.get_future().wait();
    const auto after = start(client, "who").get();
    ASSERT_FALSE(after);
    EXPECT_EQ(after.error().code, Code::cancelled);
}

TEST(TcpCalls, PollWhereThatIsAsked) {
    Server server{{.spin_max = std::chrono::microseconds{50}}};
    server.method("add", [](int a, int b) { return a + b; }, {"a", "b"}).run_on_io_thread();
    server.listen("tcp://127.0.0.1:0");
    server.start();
    Client client{server.addresses().front(), {.spin_max = std::chrono::microseconds{50}}};
    for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(client.call("add", Dynamic::list({i, 1}))->as_int64(), i + 1);
    }
}

/// [0, id, "big", []]
void append_request(std::string& out, std::uint32_t id) {
    const char head[] = {'\x94', '\x00', '\xce'};
    out.append(head, sizeof head);
    for (int shift = 24; shift >= 0; shift -= 8) {
        out.push_back(static_cast<char>(id >> shift & 0xFF));
    }
    out +=
        "\xa3"
        "big"
        "\x90";
}

TEST(TcpCalls, AreHeldBackWhileTheirAnswersAreNotRead) {
    constexpr std::size_t response_bytes = 100'000;
    constexpr std::uint32_t calls = 2'000;  // 200 MB, more than may wait for a peer
    Server server;
    server.method("big", [] { return std::string(response_bytes, 'x'); }).run_on_io_thread();
    server.listen("tcp://127.0.0.1:0");
    server.start();
    const std::string address = server.addresses().front();

    boost::asio::io_context context;
    boost::asio::ip::tcp::socket socket{context};
    socket.connect(
        {boost::asio::ip::address_v4::loopback(),
         static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)))});
    std::string requests;
    for (std::uint32_t id = 0; id < calls; ++id) {
        append_request(requests, id);
    }
    // All are sent, and nothing more will be, before one response is read.
    boost::asio::write(socket, boost::asio::buffer(requests));
    socket.shutdown(boost::asio::socket_base::shutdown_send);
    std::size_t received = 0;
    std::vector<char> room(std::size_t{1} << 20);
    boost::system::error_code error;
    while (!error) {
        received += socket.read_some(boost::asio::buffer(room), error);
    }
    EXPECT_EQ(error, boost::asio::error::eof);
    EXPECT_GE(received, calls * response_bytes);
    EXPECT_LT(received, calls * (response_bytes + 32));
}

TEST(TcpCalls, MayBeMoreAtOnceThanASlowPeerIsAllowed) {
    constexpr std::size_t calls = 120;  // 120 MB, made at once and answered nearly so
    const std::string text(1'000'000, 'x');
    Server server;
    server.method("same", [](std::string value) { return value; }, {"value"});
    server.listen("tcp://127.0.0.1:0");
    server.start();
    std::vector<std::promise<std::expected<Dynamic, Failure>>> promises(calls);
    Client client{server.addresses().front()};
    for (auto& promise : promises) {
        client.start_call("same", Dynamic::list({text}),
                          [&promise](auto outcome) { promise.set_value(std::move(outcome)); });
    }
    for (auto& promise : promises) {
        const auto outcome = promise.get_future().get();
        ASSERT_TRUE(outcome) << outcome.error().message;
        EXPECT_TRUE(text_of(*outcome) == text);
    }
}

TEST(TcpCalls, AreRefusedAnAddressThatIsTaken) {
    NamedServer server{"a"};
    Server other;
    other.method("who", [] { return 0; });
    other.listen(server.address());
    try {
        other.start();
        FAIL() << "two servers cannot have one address";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::invalid_request);
        EXPECT_NE(error.message().find(server.host_and_port()), std::string::npos)
            << error.message();
    }
}

/// Takes connections, as the system does for a process that stands still, and says nothing.
class Mute {
public:
    std::string host_and_port() const {
        return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    }

private:
    boost::asio::io_context context_;
    boost::asio::ip::tcp::acceptor acceptor_{context_,
                                             {boost::asio::ip::address_v4::loopback(), 0}};
};

TEST(TcpCalls, GoRoundAServerThatTakesConnectionsAndSaysNothing) {
    const Mute mute;
    NamedServer good{"good"};
    for (int order = 0; order < 2; ++order) {
        Client client{"tcp://" + (order == 0 ? mute.host_and_port() + ',' + good.host_and_port()
                                             : good.host_and_port() + ',' + mute.host_and_port())};
        for (int call = 0; call < 20; ++call) {
            EXPECT_EQ(text_of(client.call("who", nothing)), "good");
        }
    }
    EXPECT_EQ(good.calls(), 40);
}

}  // namespace
}  // namespace warren
