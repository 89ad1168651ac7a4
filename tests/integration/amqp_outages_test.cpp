#include "integration/amqp_harness.hpp"

namespace warren::test {
namespace {

/// What a broker of its own is needed for: it is stopped, killed and blocked.
class AmqpOutages : public testing::Test {
protected:
    static RabbitMq& broker() {
        static RabbitMq own;
        return own;
    }

    RecordingLog log;
    LoopThread loop;
};

TEST_F(AmqpOutages, ABrokerThatIsDownAtTheStartIsWaitedFor) {
    broker().stop();
    EchoServer server{loop, broker().uri(), plain_queue("patience"), &log};
    Caller caller{loop, broker().uri()};
    ASSERT_TRUE(log.await_line("Cannot connect to"));
    ASSERT_TRUE(caller.await([&] { return caller.lost_.size() >= 3; }));
    EXPECT_TRUE(loop.run([&] { return caller.failed_.empty(); })) << "the network passes by itself";
    EXPECT_EQ(loop.run([&] { return caller.lost_.front().code; }), Code::connection_lost);
    EXPECT_EQ(log.count("Connection refused"), 1U) << "said once, not per attempt";
    broker().start();
    ASSERT_TRUE(server.await_consuming());
    ASSERT_TRUE(caller.await_ready());
    EXPECT_TRUE(caller.await_reply(caller.call("", "patience", "x")));
}

TEST_F(AmqpOutages, NoRequestIsLostWhenTheBrokerRestartsUnderLoad) {
    transport::AmqpServerOptions options = plain_queue("restarts", 32);
    options.topology.queues[0].durable = true;
    EchoServer server{loop, broker().uri(), options};
    Caller caller{loop, broker().uri()};
    ASSERT_TRUE(server.await_consuming());
    ASSERT_TRUE(caller.await_ready());
    Load load{loop, caller, "restarts", 64};
    ASSERT_TRUE(load.await_more(500));
    broker().restart();
    ASSERT_TRUE(load.await_more(500));
    broker().kill();
    broker().start();
    EXPECT_TRUE(load.await_more(500));
}

TEST_F(AmqpOutages, SaysThatTheBrokerBlocksAndThatItDoesNotAnyMore) {
    EchoServer server{loop, broker().uri(), plain_queue("alarm")};
    Caller caller{loop, broker().uri()};
    ASSERT_TRUE(server.await_consuming());
    ASSERT_TRUE(caller.await_ready());
    ASSERT_TRUE(caller.await_reply(caller.call("", "alarm", "before")));
    broker().block();
    // A broker tells those that publish while the alarm is on.
    std::uint64_t token = 0;
    ASSERT_TRUE(eventually([&] {
        if (loop.run([&] { return !caller.blocked_; })) {
            token = caller.call("", "alarm", "during");
        }
        return loop.run([&] { return caller.blocked_.has_value(); });
    }));
    EXPECT_EQ(loop.run([&] { return *caller.blocked_; }), "low on memory");
    Caller fresh{loop, broker().uri()};
    ASSERT_TRUE(fresh.await([&] { return fresh.ready_ && fresh.blocked_; }))
        << "one that comes now is told before it has sent anything";
    broker().unblock();
    ASSERT_TRUE(caller.await([&] { return !caller.blocked_; }));
    EXPECT_TRUE(fresh.await([&] { return !fresh.blocked_; }));
    EXPECT_TRUE(fresh.await_reply(fresh.call("", "alarm", "after")));
    EXPECT_TRUE(caller.await_reply(token));
}

}  // namespace
}  // namespace warren::test
