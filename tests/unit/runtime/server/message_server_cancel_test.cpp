#include <warren/model.hpp>

#include "unit/runtime/server/broker_harness.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

// Calls that nobody waits for any more, over a broker.
namespace warren::runtime::test {

struct Task {
    std::string name;
};
WARREN_MODEL(Task, (name))

namespace {

/// The id of a call, as callers of Warren's have them.
std::string id_of(int number) {
    const std::string digits = std::to_string(number);
    return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

struct ServedTasks : ServedBroker {
    std::vector<std::string> runs{};
    std::function<void(Context&)> during{};  // of the next one, once

    explicit ServedTasks(MessageServerOptions options = {}) {
        stage.registry
            .method("work",
                    [this](const Task& task, Context& context) {
                        runs.push_back(task.name);
                        if (const auto act = std::exchange(during, nullptr)) {
                            act(context);
                        }
                        return task.name;
                    })
            .lock_on(&Task::name);
        serve(std::move(options));
    }

    void call(int number, std::string_view name) {
        caller->send(
            {.correlation_id = id_of(number), .body = R"({"name": ")" + std::string{name} + "\"}"});
    }
    void cancel(int number) { caller->cancel(id_of(number)); }
    std::string reply(int number) { return caller->reply(id_of(number)); }
    std::size_t replies(int number) { return caller->replies(id_of(number)).size(); }
    std::uint64_t cancelled() { return stage.dispatcher.counters().failures_of(Code::cancelled); }
};

using Names = std::vector<std::string>;

TEST(MessageServerCancel, WhatHasNotStartedDoesNot) {
    ServedTasks served;
    served.call(1, "a");
    served.call(2, "b");
    served.call(3, "b");
    served.turn();
    served.cancel(1);  // it waits for a worker
    served.cancel(3);  // for the lock
    served.cancel(9);
    served.turn();
    EXPECT_EQ(served.server->in_flight(), 1U);
    EXPECT_EQ(served.broker.outstanding("queue"), 1U) << "they are acknowledged";
    served.run();
    EXPECT_EQ(served.runs, Names{"b"});
    EXPECT_EQ(served.replies(1) + served.replies(3), 0U);
    EXPECT_EQ(served.replies(2), 1U);
    EXPECT_EQ(served.cancelled(), 2U);
    EXPECT_EQ(served.stage.dispatcher.one_way_failures(), 0U);
    EXPECT_TRUE(served.is_empty());
    EXPECT_EQ(served.transport->ends_max(), 1);
}

TEST(MessageServerCancel, OneThatRunsHearsOfItAndIsNotAnswered) {
    ServedTasks served;
    bool stopped = false;
    served.during = [&](Context& context) {
        EXPECT_FALSE(context.stop.stop_requested());
        served.cancel(1);
        served.turn();
        stopped = context.stop.stop_requested();
    };
    served.call(1, "a");
    served.run();
    EXPECT_TRUE(stopped);
    EXPECT_EQ(served.replies(1), 0U);
    EXPECT_TRUE(served.is_empty());
    EXPECT_EQ(served.transport->without_reply, 1U);
    served.call(2, "a");
    served.run();
    EXPECT_EQ(served.replies(2), 1U) << "its call is used again, and is as new";
}

TEST(MessageServerCancel, ThePlacesOfAThousandAreFreeForTheNext) {
    constexpr int calls = 1'000;
    ServedTasks served{{.in_flight_max = calls}};
    for (int number = 1; number <= calls; ++number) {
        served.call(number, "a");
    }
    served.turn();
    ASSERT_EQ(served.server->in_flight(), static_cast<std::size_t>(calls));
    for (int number = 1; number <= calls; ++number) {
        served.cancel(number);
        served.call(calls + number, std::to_string(number));
    }
    served.run();
    EXPECT_EQ(served.runs.size(), static_cast<std::size_t>(calls));
    for (int number = 1; number <= calls; ++number) {
        ASSERT_EQ(served.reply(calls + number),
                  R"({"success":true,"message":"OK","data":")" + std::to_string(number) + "\"}");
    }
    EXPECT_EQ(served.stage.dispatcher.counters().failures_of(Code::overloaded), 0U);
    EXPECT_EQ(served.cancelled(), static_cast<std::uint64_t>(calls));
    EXPECT_TRUE(served.is_empty());
}

TEST(MessageServerCancel, ThatOvertakesItsRequestKeepsItFromStarting) {
    for (const Acknowledge acknowledge : {Acknowledge::with_reply, Acknowledge::before_handling}) {
        ServedTasks served{{.in_flight_max = 1, .acknowledge = acknowledge}};
        served.call(1, "a");
        for (int number = 2; number <= 4; ++number) {
            served.call(number, "b");
        }
        served.turn();
        served.cancel(2);  // it waits in the broker's queue, or behind the first one
        served.cancel(5);
        served.run();
        served.call(5, "c");
        served.run();
        EXPECT_EQ(served.runs, (Names{"a", "b", "b"}));
        EXPECT_EQ(served.replies(2) + served.replies(5), 0U);
        EXPECT_EQ(served.replies(3) + served.replies(4), 2U);
        EXPECT_EQ(served.cancelled(), 2U);
        EXPECT_TRUE(served.is_empty());
    }
}

TEST(MessageServerCancel, IsRememberedAsLongAsTheRequestMayCome) {
    ServedTasks served;
    served.caller->cancel(id_of(1), 60s);
    served.caller->cancel(id_of(2), 60s);
    served.run();
    served.stage.executor.advance(59'999ms);
    served.call(1, "a");
    served.run();
    EXPECT_EQ(served.runs, Names{});
    served.stage.executor.advance(1ms);
    served.call(2, "b");
    served.run();
    EXPECT_EQ(served.runs, Names{"b"});
}

TEST(MessageServerCancel, ARequestThatComesAgainDoesNotRunEither) {
    ServedTasks served;
    served.call(1, "a");
    served.turn();
    served.cancel(1);
    served.broker.faults().on(Hop::settle, {.kind = Kind::close_before});
    served.turn();
    served.stage.executor.advance(1s);
    served.run();
    EXPECT_TRUE(served.is_empty());
    served.call(1, "a");
    served.run();
    EXPECT_EQ(served.runs, Names{});
    EXPECT_TRUE(served.is_empty());
}

TEST(MessageServerCancel, OneThatRunsIsNotRunAgainAfterALostConnection) {
    ServedTasks served;
    served.during = [&](Context& context) {
        served.cancel(1);
        served.turn();
        EXPECT_TRUE(context.stop.stop_requested());
        served.lose_connection();
        served.stage.executor.advance(1s);
    };
    served.call(1, "a");
    served.run();
    EXPECT_EQ(served.runs, Names{"a"});
    EXPECT_EQ(served.replies(1), 0U);
    EXPECT_EQ(served.server->redelivery_cache().unsent(), 0U);
    EXPECT_TRUE(served.is_empty());
}

TEST(MessageServerCancel, ConcernsNoCallButItsOwn) {
    ServedTasks served;
    served.caller->send({.correlation_id = "7"});  // an id that others can guess
    served.caller->send({.correlation_id = id_of(1), .wants_reply = false});
    served.call(2, "a");
    served.turn();
    served.caller->cancel("7");
    served.caller->cancel(id_of(1));
    served.caller->control({.type = "warren.credit", .correlation_id = id_of(2)});
    served.caller->control({.type = "", .correlation_id = id_of(2)});
    served.run();
    EXPECT_EQ(served.runs.size(), 3U);
    EXPECT_EQ(served.cancelled(), 0U);
}

TEST(MessageServerCancel, OfACallThatSaysWhoseItIsIsThatUsersAlone) {
    ServedTasks served;
    for (int number = 1; number <= 3; ++number) {
        served.caller->send({.correlation_id = id_of(number), .user_id = "shop"});
    }
    served.turn();
    for (const auto& [number, user] : {std::pair{1, ""}, {2, "bank"}, {3, "shop"}, {4, "bank"}}) {
        served.caller->control(
            {.type = "warren.cancel", .correlation_id = id_of(number), .user_id = user});
    }
    served.turn();
    served.caller->send({.correlation_id = id_of(4), .user_id = "shop"});
    served.run();
    EXPECT_EQ(served.runs.size(), 3U);
    EXPECT_EQ(served.replies(3), 0U);
    EXPECT_EQ(served.cancelled(), 1U);
}

TEST(MessageServerCancel, OfACallThatIsAnsweredChangesNothing) {
    ServedTasks served;
    served.call(1, "a");
    served.run();
    served.cancel(1);
    served.run();
    EXPECT_EQ(served.replies(1), 1U);
    EXPECT_EQ(served.cancelled(), 0U);
}

TEST(MessageServerCancel, EndsADrain) {
    ServedTasks served;
    served.call(1, "a");
    served.turn();
    served.drain();
    served.turn();
    EXPECT_FALSE(served.drained);
    served.cancel(1);
    served.turn();
    EXPECT_TRUE(served.drained);
    EXPECT_EQ(served.runs, Names{});
}

}  // namespace
}  // namespace warren::runtime::test
