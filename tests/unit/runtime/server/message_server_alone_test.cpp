#include "runtime/server/message_server.hpp"
#include "unit/runtime/server/broker_harness.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace warren::runtime::test {
namespace {

/// A method `work` behind a queue that counts attempts.
struct Alone : ServedBroker {
    int runs = 0;
    std::uint64_t copies = 1'000;
    std::uint64_t generation = 1;  // of the connection

    Alone() {
        stage.registry.method("work",
                              [this](std::string name) {
                                  ++runs;
                                  return name;
                              },
                              {"name"});
        MessageServerOptions options;
        options.listener.attempts_max = 5;
        options.moves.queue = {.name = "queue",
                               .arguments = Dynamic::map({{"x-queue-type", "quorum"}})};
        moves = true;
        serve(std::move(options));
    }

    /// Requests that were in hand when a connection broke are delivered again.
    void send_suspects(std::initializer_list<const char*> ids) {
        for (const char* id : ids) {
            caller->send({.correlation_id = id, .expiration = "60000"});
        }
        turn();
        lose_connection();
        ++generation;
        workers_run_while_disconnected();
        stage.executor.advance(1s);
        turn();
    }
    /// The copy of a request that was sent behind, by whoever lost its connection or its life then.
    /// in   attempts: that it notes, with the one to come where it is the next
    void deliver_copy(const char* id, std::uint32_t attempts = 2, bool is_next = true) {
        const std::string body = R"({"name": "x"})";
        server->on_delivery({.generation = generation, .tag = ++copies},
                            {.exchange = "work",
                             .routing_key = "queue",
                             .content_type = "application/json",
                             .correlation_id = id,
                             .reply_to = caller->address(),
                             .body = protocol::bytes_of(body),
                             .attempts_before = attempts,
                             .is_suspect = true,
                             .is_next = is_next});
    }
    /// What connections that were lost have given back so often.
    void deliver_again(const char* id, std::int64_t count) {
        const std::vector<Member> headers{{Value::text("x-delivery-count"), Value::integer(count)}};
        const std::string body = R"({"name": "x"})";
        server->on_delivery({.generation = generation, .tag = ++copies},
                            {.exchange = "work",
                             .routing_key = "queue",
                             .content_type = "application/json",
                             .correlation_id = id,
                             .reply_to = caller->address(),
                             .headers = Value::map(headers),
                             .body = protocol::bytes_of(body),
                             .redelivered = true});
        server->on_paused();
        turn();
    }
    void confirm_moves() {
        for (const CountingPort::Moved& each : transport->moved) {
            server->on_moved(each.delivery, nullptr);
        }
        turn();
    }
};

TEST(MessageServerAlone, WhatWasGivenBackGoesBehindAndOfItTheNextIsCounted) {
    Alone served;
    served.send_suspects({"a", "b", "c"});
    EXPECT_EQ(served.transport->paused, 1U);
    EXPECT_EQ(served.server->in_flight(), 0U);
    served.server->on_paused();
    served.turn();
    ASSERT_EQ(served.transport->moved.size(), 3U);
    for (const CountingPort::Moved& each : served.transport->moved) {
        EXPECT_EQ(each.move.queue, "queue");
        const bool is_next = &each == &served.transport->moved.front();
        EXPECT_EQ(each.move.attempts, is_next ? 2U : 1U);
        EXPECT_EQ(each.move.is_next, is_next);
        EXPECT_TRUE(each.move.is_suspect);
        EXPECT_FALSE(each.move.declared);
        ASSERT_TRUE(each.move.time_left);
        EXPECT_LE(*each.move.time_left, 60s);
    }
    EXPECT_EQ(served.transport->moved.front().message.view().correlation_id, "a");
    EXPECT_EQ(served.transport->unpaused, 0U);
    served.confirm_moves();
    EXPECT_EQ(served.transport->unpaused, 1U);
    EXPECT_EQ(served.server->in_flight(), 0U);
    EXPECT_TRUE(served.is_empty());
}

TEST(MessageServerAlone, TheNextRunsAloneAndOthersGoBehindUncounted) {
    Alone served;
    for (const char* id : {"a", "b", "c"}) {
        served.deliver_copy(id, 3);
    }
    EXPECT_EQ(served.transport->paused, 1U);
    served.server->on_paused();
    served.turn();
    ASSERT_EQ(served.transport->moved.size(), 2U);
    EXPECT_EQ(served.transport->moved[0].move.attempts, 3U) << "it is the next after this one";
    EXPECT_TRUE(served.transport->moved[0].move.is_next);
    EXPECT_EQ(served.transport->moved[1].move.attempts, 2U);
    EXPECT_FALSE(served.transport->moved[1].move.is_next);
    EXPECT_EQ(served.server->in_flight(), 0U);
    served.confirm_moves();
    EXPECT_EQ(served.server->in_flight(), 1U);
    EXPECT_EQ(served.transport->unpaused, 0U);
    served.run();
    EXPECT_EQ(served.runs, 1);
    EXPECT_EQ(served.transport->unpaused, 1U);
    EXPECT_EQ(served.caller->replies("a").size(), 1U);
}

TEST(MessageServerAlone, WhatCannotGoBehindHasItsTurnFromHere) {
    Alone served;
    served.send_suspects({"a", "b"});
    served.server->on_paused();
    served.turn();
    ASSERT_EQ(served.transport->moved.size(), 2U);
    const Failure full{.code = Code::overloaded, .message = "full"};
    for (const CountingPort::Moved& each : served.transport->moved) {
        served.server->on_moved(each.delivery, &full);
    }
    served.turn();
    EXPECT_EQ(served.server->in_flight(), 1U);
    served.run();
    EXPECT_EQ(served.runs, 2);
    EXPECT_EQ(served.transport->requeued, 0U);
    EXPECT_EQ(served.transport->unpaused, 1U);
    EXPECT_TRUE(served.is_empty());
}

TEST(MessageServerAlone, WhatWasGivenBackBelowTheLimitLostOneAttemptAtMost) {
    Alone served;
    served.deliver_again("a", 4);
    ASSERT_EQ(served.transport->moved.size(), 1U);
    EXPECT_EQ(served.transport->moved.front().move.attempts, 2U) << "one behind it, one to come";
    served.confirm_moves();
    served.deliver_copy("a", 2);
    served.server->on_paused();
    served.turn();
    served.run();
    EXPECT_EQ(served.runs, 1);
}

TEST(MessageServerAlone, WhatWasGivenBackTooOftenIsNotBegun) {
    Alone served;
    served.deliver_again("a", 5);
    served.run();
    EXPECT_EQ(served.runs, 0);
    EXPECT_EQ(served.caller->replies("a").size(), 1U);
}

TEST(MessageServerAlone, WhatRunsIsDoneFirst) {
    Alone served;
    served.deliver_copy("a");
    served.caller->send({.correlation_id = "new"});
    served.turn();
    EXPECT_EQ(served.server->in_flight(), 1U);
    served.server->on_paused();
    served.turn();
    EXPECT_EQ(served.server->in_flight(), 1U);
    EXPECT_TRUE(served.caller->replies("a").empty());
    served.run();
    EXPECT_EQ(served.caller->replies("new").size(), 1U);
    EXPECT_EQ(served.caller->replies("a").size(), 1U);
    EXPECT_EQ(served.transport->unpaused, 1U);
}

TEST(MessageServerAlone, WhatWasBegunTooOftenIsPoisonAtOnce) {
    Alone served;
    served.deliver_copy("five", 5, false);
    served.run();
    EXPECT_EQ(served.transport->rejected, 1U) << "nothing tells where the dead letters are";
    EXPECT_EQ(served.runs, 0);
    EXPECT_EQ(served.transport->paused, 0U);
}

TEST(MessageServerAlone, AStopGivesBackWhatWaits) {
    Alone served;
    served.send_suspects({"a", "b"});
    served.drain();
    served.run();
    EXPECT_TRUE(served.drained);
    EXPECT_GE(served.transport->requeued, 2U);
    EXPECT_EQ(served.runs, 0);
    EXPECT_EQ(served.broker.ready("queue"), 2U);
}

TEST(MessageServerAlone, ALostConnectionForgetsWhatWaits) {
    Alone served;
    served.send_suspects({"a", "b"});
    served.server->on_paused();
    served.lose_connection();
    served.stage.executor.advance(1s);
    served.turn();
    EXPECT_EQ(served.transport->paused, 2U);
    served.server->on_paused();
    served.confirm_moves();
    served.run();
    EXPECT_EQ(served.runs, 0);
    EXPECT_EQ(served.transport->unpaused, 1U);
    EXPECT_TRUE(served.is_empty());
}

TEST(MessageServerAlone, WhatIsInItsQueueTwiceRunsOnce) {
    Alone served;
    served.deliver_copy("a");
    served.server->on_paused();
    served.turn();
    ASSERT_EQ(served.server->in_flight(), 1U);
    served.deliver_copy("a");  // while it runs
    EXPECT_EQ(served.transport->without_reply, 1U);
    served.run();
    EXPECT_EQ(served.runs, 1);
    served.deliver_copy("a");  // after it is answered
    served.run();
    served.deliver_copy("a");
    served.run();
    EXPECT_EQ(served.runs, 1);
    EXPECT_EQ(served.transport->without_reply, 3U);
    EXPECT_EQ(served.caller->replies("a").size(), 1U);
    EXPECT_EQ(served.transport->ends_max(), 1);
    EXPECT_EQ(served.server->redelivery_cache().size(), 1U);
    served.deliver_copy("b");
    EXPECT_EQ(served.transport->paused, 2U) << "another one runs";
    served.server->on_paused();
    served.run();
    EXPECT_EQ(served.runs, 2);
}

TEST(MessageServerAlone, WhatWasAnsweredToALostConnectionIsKnownByItsCopy) {
    Alone served;
    served.caller->send({.correlation_id = "a", .expiration = "60000"});
    served.run();
    ASSERT_EQ(served.runs, 1);
    served.lose_connection();
    ++served.generation;
    served.stage.executor.advance(1s);
    served.run();
    // Those of other servers, which had the request again.
    served.deliver_copy("a");
    served.run();
    served.deliver_copy("a");
    served.run();
    EXPECT_EQ(served.runs, 1);
}

}  // namespace
}  // namespace warren::runtime::test
