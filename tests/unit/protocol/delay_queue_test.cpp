#include "protocol/delay_queue.hpp"

#include <gtest/gtest.h>

#include <set>

namespace warren::protocol {
namespace {

using namespace std::chrono_literals;

TEST(DelayQueue, WaitsNoLessThanIsAskedAndAtMostHalfAsLongAgain) {
    std::set<std::chrono::seconds> steps;
    for (std::chrono::milliseconds delay = 1s; delay <= 24h; delay += 997ms) {
        const auto step = delay_step(delay);
        ASSERT_GE(step, delay);
        ASSERT_LE(step, std::max<std::chrono::milliseconds>(delay + 1s, delay * 3 / 2 + 1s))
            << delay.count();
        ASSERT_EQ(delay_step(step), step);
        steps.insert(step);
    }
    EXPECT_LE(steps.size(), 80U);
    EXPECT_EQ(delay_step(1s), 1s);
    EXPECT_EQ(delay_step(1001ms), 2s);
    EXPECT_EQ(delay_step(24h), 24h);
    EXPECT_EQ(delay_step(0ms), 1s);
    EXPECT_EQ(delay_step(1000h), 24h);
}

TEST(DelayQueue, GivesItsMessagesBackAndGoesLongAfterTheLast) {
    const Queue classic = delay_queue({.name = "jobs"}, 30s);
    EXPECT_EQ(classic.name, "jobs.retry-30s");
    EXPECT_TRUE(classic.durable);
    const Dynamic& arguments = classic.arguments;
    EXPECT_EQ(arguments["x-message-ttl"], Value::integer(30'000));
    EXPECT_GT(arguments["x-expires"].as_int64(), 2 * 30'000);
    EXPECT_EQ(arguments["x-dead-letter-exchange"], Value::text(""));
    EXPECT_EQ(arguments["x-dead-letter-routing-key"], Value::text("jobs"));
    EXPECT_EQ(arguments->find("x-queue-type"), nullptr);
}

TEST(DelayQueue, OfAQuorumQueueConfirmsWhatItGivesBack) {
    const Queue served{.name = "jobs", .arguments = Dynamic::map({{"x-queue-type", "quorum"}})};
    const Queue queue = delay_queue(served, 1s);
    EXPECT_EQ(queue.arguments["x-queue-type"], Value::text("quorum"));
    EXPECT_EQ(queue.arguments["x-dead-letter-strategy"], Value::text("at-least-once"));
    EXPECT_EQ(queue.arguments["x-overflow"], Value::text("reject-publish"));
}

}  // namespace
}  // namespace warren::protocol
