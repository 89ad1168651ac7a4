#include "runtime/client/broadcast_calls.hpp"

#include "unit/runtime/client/fake_streams.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace warren::runtime {
namespace {

using test::FakeConnection;
using test::LineProtocol;
using test::TestCall;
using namespace std::chrono_literals;

/// Three servers, each over a connection that the test is the other side of.
class BroadcastCallsTest : public testing::Test {
protected:
    static constexpr std::size_t count = 3;

    BroadcastCallsTest() {
        std::vector<BroadcastCalls::Server> servers;
        for (std::size_t i = 0; i < count; ++i) {
            auto& transport = transports.emplace_back(executor, 1);
            auto& client = clients.emplace_back(std::make_shared<StreamClient>(
                executor, std::make_shared<LineProtocol>(protocol::ResponseOrder::any),
                StreamClientOptions{}));
            client->attach(transport);
            servers.push_back({"server" + std::to_string(i), client});
        }
        calls =
            std::make_shared<BroadcastCalls>(executor, ClientCallsOptions{}, std::move(servers));
    }
    ~BroadcastCallsTest() override { calls->close(); }

    void submit(ClientCall& call) {
        calls->submit(call);
        executor.run_until_idle();
    }
    /// Let the server's connection be made.
    FakeConnection& connect(std::size_t server) {
        FakeConnection& connection = connections.emplace_back();
        connection.session =
            clients[server]->on_connected(transports[server].attempts.front().token, connection);
        transports[server].attempts.pop_front();
        return connection;
    }
    std::uint64_t left_over() const {
        std::uint64_t sum = calls->counters().in_flight();
        for (const auto& client : clients) {
            sum += client->counters().in_flight();
        }
        return sum;
    }

    transport::VirtualExecutor executor;
    std::deque<test::FakeConnector> transports;
    std::deque<std::shared_ptr<StreamClient>> clients;
    std::deque<FakeConnection> connections;
    std::shared_ptr<BroadcastCalls> calls;
};

TEST_F(BroadcastCallsTest, GoToEachAndComeBackInTheOrderOfTheServers) {
    TestCall call{"echo", 1s};
    submit(call);
    executor.advance(100ms);
    for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(connect(i).written(), "1 echo 1 900\n");
    }
    connections[2].feed("1 ok c\n");
    connections[0].feed("1 ok a\n");
    EXPECT_TRUE(call.pending());
    connections[1].feed("1 ok b\n");
    EXPECT_TRUE(call.succeeded_once());
    EXPECT_EQ(call.data, Dynamic::list({"a", "b", "c"}));
    EXPECT_EQ(left_over(), 0U);
}

TEST_F(BroadcastCallsTest, FailWhenOneFailsAndSayWhichAndWhatTheOthersSaid) {
    TestCall call;
    submit(call);
    for (std::size_t i = 0; i < count; ++i) {
        connect(i);
    }
    connections[1].feed("1 failed no onions\n");
    EXPECT_TRUE(call.pending());
    connections[0].feed("1 ok a\n");
    connections[2].feed("1 ok c\n");
    ASSERT_EQ(call.code(), Code::failed);
    EXPECT_EQ(call.failure->message, "server1: no onions");
    EXPECT_EQ(call.failure->data, Dynamic::map({{"server0", "a"}, {"server2", "c"}}));
}

TEST_F(BroadcastCallsTest, ADeadlineTellsOfEachThatIsMissing) {
    TestCall call{"echo", 1s};
    submit(call);
    connect(0).feed("1 ok a\n");
    connect(1);
    executor.advance(1s);
    ASSERT_EQ(call.code(), Code::deadline_exceeded);
    EXPECT_TRUE(call.failure->message.starts_with(
        "server1: Sent to tcp://server0, but no answer came within 1s; server2: "))
        << call.failure->message;
    EXPECT_EQ(call.failure->data, Dynamic::map({{"server0", "a"}}));
    executor.run_until_idle();
    EXPECT_EQ(left_over(), 0U);
    connections[1].feed("1 ok late\n");
    EXPECT_EQ(clients[1]->replies_dropped(), 1U);
}

TEST_F(BroadcastCallsTest, ACallGivenUpIsGivenUpEverywhere) {
    TestCall call;
    submit(call);
    connect(0);
    calls->cancel(call);
    executor.run_until_idle();
    EXPECT_EQ(call.code(), Code::cancelled);
    EXPECT_EQ(left_over(), 0U);
}

TEST_F(BroadcastCallsTest, ClosingEndsWhatIsUnderWay) {
    TestCall call;
    submit(call);
    connect(0);
    calls->close();
    EXPECT_EQ(call.code(), Code::cancelled);
    EXPECT_EQ(left_over(), 0U);
    TestCall late;
    submit(late);
    EXPECT_EQ(late.code(), Code::cancelled);
}

TEST_F(BroadcastCallsTest, OfAOneWayCallNothingIsReturned) {
    TestCall call;
    call.wants_response = false;
    submit(call);
    for (std::size_t i = 0; i < count; ++i) {
        connect(i);
    }
    executor.run_until_idle();
    EXPECT_TRUE(call.succeeded_once());
    EXPECT_EQ(call.data, Dynamic{});
}

}  // namespace
}  // namespace warren::runtime
