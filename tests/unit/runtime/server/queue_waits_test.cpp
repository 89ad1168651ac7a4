#include "runtime/server/queue_waits.hpp"

#include "unit/runtime/server/broker_harness.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace warren::runtime::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// A method `work` that notes how much time its caller still has.
struct Waited : ServedBroker {
    std::vector<std::optional<milliseconds>> left;

    explicit Waited(MessageServerOptions options = {}) {
        stage.registry.method(
            "work",
            [this](std::string, Context& context) {
                left.push_back(context.deadline
                                   ? std::optional{std::chrono::duration_cast<milliseconds>(
                                         *context.deadline - stage.executor.now())}
                                   : std::nullopt);
            },
            {"name"});
        serve(std::move(options));
    }

    std::int64_t now_ms() const { return stage.executor.unix_ms(); }
    /// A request that comes now, and says that it was sent so long ago.
    void send(milliseconds ago, std::string body = R"({"name": "x"})") {
        sent_at = Dynamic::map({{"warren-sent-at-ms", now_ms() - ago.count()}});
        caller->send({.correlation_id = "a",
                      .body = std::move(body),
                      .expiration = "60000",
                      .headers = sent_at.value()});
        run();
    }
    std::size_t warnings() const { return stage.log.count(LogLevel::warning); }

    Dynamic sent_at;
};

TEST(QueueWaits, AHandlerHasWhatTheQueueLeft) {
    Waited waited;
    waited.send(50s);
    EXPECT_EQ(waited.left.back(), 10s);
    waited.send(0s);
    EXPECT_EQ(waited.left.back(), 60s);
    EXPECT_EQ(waited.server->queue_waits().clock_differences(), 0U);
    EXPECT_EQ(waited.warnings(), 0U);
}

TEST(QueueWaits, ARequestBehindABusyServerKeepsItsTime) {
    Waited waited{{.in_flight_max = 1}};
    waited.caller->send({.correlation_id = "a"});
    waited.turn();  // it is with a worker, who has not begun
    const Dynamic sent_at = Dynamic::map({{"warren-sent-at-ms", waited.now_ms()}});
    waited.caller->send({.correlation_id = "b", .expiration = "60000", .headers = sent_at.value()});
    waited.turn();
    EXPECT_EQ(waited.broker.ready("queue"), 1U);
    waited.stage.executor.advance(50s);
    waited.run();
    EXPECT_EQ(waited.left, (std::vector<std::optional<milliseconds>>{std::nullopt, 10s}));
}

TEST(QueueWaits, WhoSaysNothingHasItsExpiration) {
    Waited waited;
    waited.caller->send({.correlation_id = "a", .expiration = "60000"});
    waited.run();
    EXPECT_EQ(waited.left.back(), 60s);
    const Dynamic sent_at = Dynamic::map({{"warren-sent-at-ms", 5}});
    waited.caller->send({.correlation_id = "b", .headers = sent_at.value()});
    waited.run();
    EXPECT_EQ(waited.left.back(), std::nullopt);
    EXPECT_EQ(waited.server->queue_waits().clock_differences(), 0U);
}

TEST(QueueWaits, WaitsThatCannotBeShowThatClocksDiffer) {
    Waited waited;
    for (const milliseconds ago : {milliseconds{61'001}, milliseconds{-1'001}, milliseconds{24h},
                                   milliseconds{waited.now_ms()}}) {
        waited.send(ago);
        EXPECT_EQ(waited.left.back(), 60s) << ago.count();
    }
    EXPECT_EQ(waited.server->queue_waits().clock_differences(), 4U);
    EXPECT_EQ(waited.warnings(), 1U);
    EXPECT_TRUE(waited.stage.log.contains(
        "listener: a caller's clock differs from this one: by them a request with 60000 ms to live "
        "came 61001 ms after it was sent"));
    waited.stage.executor.advance(QueueWaits::warning_pause - 1ms);
    waited.send(-2s);
    EXPECT_EQ(waited.warnings(), 1U);
    waited.stage.executor.advance(1ms);
    waited.send(-2s);
    EXPECT_EQ(waited.warnings(), 2U);
    EXPECT_TRUE(waited.stage.log.contains("came 2000 ms before it was sent"));
    EXPECT_EQ(waited.server->queue_waits().clock_differences(), 6U);
}

TEST(QueueWaits, ClocksThatAreKeptRightDifferALittle) {
    Waited waited;
    waited.send(-1s);
    EXPECT_EQ(waited.left, (std::vector{std::optional<milliseconds>{60s}}));
    // By the caller's clock its time was over: it gets that it expired, and the handler nothing.
    waited.send(60s);
    waited.send(61s);
    EXPECT_EQ(waited.left.size(), 1U);
    EXPECT_EQ(waited.stage.dispatcher.counters().failures_of(Code::expired_in_queue), 2U);
    EXPECT_EQ(waited.server->queue_waits().clock_differences(), 0U);
}

TEST(QueueWaits, ARequestThatAWorkerReadsWaitedNoLonger) {
    Waited waited;
    waited.send(50s, R"({"name": ")" + std::string(quick_bytes_max, 'x') + R"("})");
    EXPECT_EQ(waited.left.back(), 10s);
}

TEST(QueueWaits, WhatIsHeldHereWaitsToo) {
    Waited waited{{.in_flight_max = 1, .acknowledge = Acknowledge::before_handling}};
    waited.caller->send({.correlation_id = "a", .expiration = "60000"});
    waited.turn();  // it is with a worker, who has not begun
    const Dynamic sent_at = Dynamic::map({{"warren-sent-at-ms", waited.now_ms() - 20'000}});
    waited.caller->send({.correlation_id = "b", .expiration = "60000", .headers = sent_at.value()});
    waited.turn();
    waited.stage.executor.advance(30s);
    waited.run();
    EXPECT_EQ(waited.left, (std::vector<std::optional<milliseconds>>{30s, 10s}));
}

}  // namespace
}  // namespace warren::runtime::test
