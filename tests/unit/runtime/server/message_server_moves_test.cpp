#include <warren/retry_later.hpp>

#include "runtime/server/message_server.hpp"
#include "unit/runtime/server/broker_harness.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace warren::runtime::test {
namespace {

/// A method `work` that asks for later, on a broker that takes requests elsewhere.
struct Moving : ServedBroker {
    int runs = 0;
    std::vector<Member> counted{{Value::text("x-delivery-count"), Value::integer(3)}};

    explicit Moving(MessageServerOptions options = {}) {
        stage.registry.method("work",
                              [this](const std::string& name) -> std::string {
                                  ++runs;
                                  if (name == "wrong") {
                                      throw RetryLater{25h};
                                  }
                                  throw RetryLater{11s, "closed"};
                              },
                              {"name"});
        options.moves.queue.name = "queue";
        options.moves.dead_letters = options.listener.attempts_max == 0 ? "" : "letters";
        options.moves.server = "here";
        moves = true;
        serve(std::move(options));
    }

    void send(Caller::Request request = {}) {
        request.correlation_id = request.correlation_id.empty() ? "a" : request.correlation_id;
        caller->send(request);
        run();
    }
    void send_poison() { send({.headers = Value::map(counted)}); }
    void confirm(const Failure* failed = nullptr) {
        server->on_moved(transport->moved.back().delivery, failed);
        run();
    }
};

MessageServerOptions limited() {
    MessageServerOptions options;
    options.listener.attempts_max = 3;
    return options;
}

const Failure full{.code = Code::overloaded, .message = "full"};

TEST(MessageServerMoves, WhatComesLaterIsAcknowledgedOnceItIsThere) {
    Moving served;
    served.send({.expiration = "60000"});
    ASSERT_EQ(served.transport->moved.size(), 1U);
    const protocol::RequestMove& move = served.transport->moved.front().move;
    EXPECT_EQ(move.queue, "queue.retry-15s");
    ASSERT_TRUE(move.declared);
    EXPECT_EQ(move.declared->name, move.queue);
    EXPECT_EQ(move.attempts, 1U);
    EXPECT_EQ(move.time_left, 60s);
    EXPECT_FALSE(served.is_empty());
    EXPECT_FALSE(served.server->unfinished().empty());
    served.confirm();
    EXPECT_TRUE(served.is_empty());
    EXPECT_EQ(served.transport->without_reply, 1U);
    EXPECT_TRUE(served.caller->replies("a").empty());
}

TEST(MessageServerMoves, ItIsAnsweredWhereItCannotWait) {
    Moving served;
    served.send();
    served.confirm(&full);
    EXPECT_TRUE(served.caller->reply("a").contains(R"("success":false)"));
    EXPECT_TRUE(served.is_empty());
    EXPECT_EQ(served.transport->ends_max(), 1);
}

TEST(MessageServerMoves, NobodysComesAgainWhereItCannotWait) {
    Moving served;
    served.send({.wants_reply = false});
    ASSERT_EQ(served.transport->moved.size(), 1U);
    served.server->on_moved(served.transport->moved.back().delivery, &full);
    EXPECT_EQ(served.transport->requeued, 1U);
}

TEST(MessageServerMoves, ADelayPastTheDeadlineOrOutOfRangeIsAnsweredAtOnce) {
    Moving served;
    served.send({.expiration = "14000"});
    EXPECT_TRUE(served.caller->reply("a").contains(R"("success":false)"));
    served.send({.correlation_id = "b", .body = R"({"name": "wrong"})"});
    EXPECT_TRUE(served.caller->reply("b").contains("An unexpected error occurred"));
    EXPECT_TRUE(served.stage.log.contains("one second to one day"));
    EXPECT_TRUE(served.transport->moved.empty());
    EXPECT_TRUE(served.is_empty());
}

TEST(MessageServerMoves, ABrokerThatTakesNothingElsewhereHasItAnsweredAtOnce) {
    Moving served;
    served.transport->moves = false;
    served.send();
    EXPECT_TRUE(served.caller->reply("a").contains(R"("success":false)"));
}

TEST(MessageServerMoves, OneThatIsLostOnItsWayRunsAgain) {
    Moving served;
    served.send();
    EXPECT_EQ(served.runs, 1);
    served.lose_connection();
    served.stage.executor.advance(1s);
    served.run();
    EXPECT_EQ(served.runs, 2);
    ASSERT_EQ(served.transport->moved.size(), 2U);
    served.confirm();
    EXPECT_TRUE(served.is_empty());
    EXPECT_TRUE(served.caller->replies("a").empty());
}

TEST(MessageServerMoves, PoisonIsAnsweredOnceItIsKept) {
    Moving served{limited()};
    served.send_poison();
    EXPECT_EQ(served.runs, 0);
    ASSERT_EQ(served.transport->moved.size(), 1U);
    const protocol::RequestMove& move = served.transport->moved.front().move;
    EXPECT_EQ(move.queue, "letters");
    EXPECT_EQ(move.attempts, 0U);
    ASSERT_TRUE(move.death);
    EXPECT_TRUE(move.death->reason.starts_with("poisoned: it was begun 3 times"));
    EXPECT_EQ(move.death->attempts, 3U);
    EXPECT_EQ(move.death->server, "here");
    EXPECT_EQ(move.death->queue, "queue");
    EXPECT_TRUE(served.caller->replies("a").empty());
    served.confirm();
    EXPECT_TRUE(served.caller->reply("a").contains("poisoned: "));
    EXPECT_TRUE(served.is_empty());
    EXPECT_EQ(served.transport->rejected, 0U);
}

TEST(MessageServerMoves, PoisonThatCannotBeKeptIsRejectedForTheBrokerToKeep) {
    Moving served{limited()};
    served.send_poison();
    served.confirm(&full);
    EXPECT_TRUE(served.caller->reply("a").contains("poisoned: "));
    EXPECT_EQ(served.transport->rejected, 1U);
    EXPECT_TRUE(served.stage.log.contains("cannot be put among the dead letters"));
    EXPECT_TRUE(served.is_empty());
}

TEST(MessageServerMoves, AStopGivesBackWhatIsOnItsWay) {
    Moving served;
    served.send();
    bool is_drained = false;
    served.server->drain([&] { is_drained = true; });
    served.run();
    EXPECT_FALSE(is_drained);
    served.server->stop_now();
    served.run();
    EXPECT_TRUE(is_drained);
    EXPECT_EQ(served.transport->requeued, 1U);
}

}  // namespace
}  // namespace warren::runtime::test
