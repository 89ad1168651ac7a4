#include <warren/client.hpp>
#include <warren/server.hpp>

#include "integration/amqp_harness.hpp"
#include "support/served.hpp"

#include <chrono>
#include <expected>
#include <future>
#include <memory>
#include <string>

// Calls that take longer than a broker waits for their acknowledgement.
namespace warren::test {
namespace {

using namespace std::chrono_literals;

/// A handler that waits for the test.
class LongWork : public Watched {
public:
    std::string run() {
        change([&] { ++runs_; });
        await([&] { return is_over_; }, 120s);
        return "done";
    }
    bool await_run() {
        return await([&] { return runs_ > 0; });
    }
    void end() {
        change([&] { is_over_ = true; });
    }
    int runs() {
        int count = 0;
        change([&] { count = runs_; });
        return count;
    }

private:
    int runs_ = 0;
    bool is_over_ = false;
};

TEST(AmqpLongCalls, TakenBackByTheBrokerRunOnceAndAreAnsweredOnce) {
    RabbitMq broker;
    // Both hold for channels that are opened after this.
    broker.evaluate(
        "application:set_env(rabbit, consumer_timeout, 500), "
        "application:set_env(rabbit, channel_tick_interval, 100)");
    const auto log = std::make_shared<RecordingLog>();
    LongWork work;
    Server server{{.log = log}};
    server.method("work", [&work] { return work.run(); });
    server.listen({.url = broker.uri(), .queue = {.name = "long", .durable = true}});
    std::promise<void> ready;
    server.on_ready([&ready] { ready.set_value(); });
    server.start();
    ready.get_future().wait();

    Client client{broker.uri() + "?queue=long&peer=warren"};
    std::promise<std::expected<Dynamic, Failure>> answered;
    client.start_call(
        "work", Dynamic::map({}),
        [&](std::expected<Dynamic, Failure> outcome) { answered.set_value(std::move(outcome)); },
        {.timeout = 40min, .heartbeat = 5s});
    ASSERT_TRUE(work.await_run());
    ASSERT_TRUE(log->await_line("not acknowledged within its consumer_timeout, 500 ms"));
    // It was delivered again, and is with the server that runs it.
    ASSERT_TRUE(eventually([&] { return broker.queue_depth("long").unacknowledged == 1; }));
    work.end();
    const auto outcome = answered.get_future().get();
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(*outcome, Dynamic{"done"});
    EXPECT_EQ(work.runs(), 1);
    EXPECT_TRUE(eventually([&] {
        const RabbitMq::QueueDepth depth = broker.queue_depth("long");
        return depth.ready + depth.unacknowledged == 0;
    }));
    server.stop();
}

}  // namespace
}  // namespace warren::test
