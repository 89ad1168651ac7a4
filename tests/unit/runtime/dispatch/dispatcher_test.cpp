#include "runtime/dispatch/dispatcher.hpp"

#include <warren/model.hpp>

#include "format/fernet/fernet.hpp"
#include "unit/runtime/dispatch/harness.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <stdexcept>

namespace warren::runtime::test {

struct Item {
    std::string name;
    int count = 1;
};
WARREN_MODEL(Item, (name, min_length(1)), (count, greater_than(0)))

namespace {

Dynamic item(std::string_view name) {
    return Dynamic::map({{"name", name}});
}

TEST(Dispatcher, AnswersWithTheHandlersData) {
    Stage stage;
    stage.registry.method("double", [](const Item& given) {
        return Item{.name = given.name + given.name, .count = 2 * given.count};
    });
    stage.serve();
    stage.call("a", "double", Dynamic::map({{"name", "x"}, {"count", 4}}));
    EXPECT_EQ(stage.dispatcher.in_flight(), 1U);
    stage.run();
    const Outcome outcome = stage.take();
    EXPECT_EQ(outcome.failure, std::nullopt);
    EXPECT_EQ(outcome.message, "OK");
    EXPECT_EQ(outcome.data, Dynamic::map({{"name", "xx"}, {"count", 8}}));
    EXPECT_EQ(stage.dispatcher.in_flight(), 0U);
    EXPECT_EQ(stage.dispatcher.successes(), 1U);
}

TEST(Dispatcher, AnswersOfEveryShape) {
    Stage stage;
    stage.registry.method("nothing", [] {});
    stage.registry.method("said", [] { return Reply<int>{7, "seven"}; });
    stage.registry.method("not_done", [] { return Reply<int>::failure("no", 3); });
    stage.registry.method("expected", []() -> std::expected<int, Failure> {
        return std::unexpected{Failure{.code = Code::conflict, .message = "taken"}};
    });
    stage.serve();

    stage.call("a", "nothing", {});
    stage.run();
    Outcome outcome = stage.take();
    EXPECT_EQ(outcome.failure, std::nullopt);
    EXPECT_EQ(outcome.data, Dynamic{});

    stage.call("a", "said", {});
    stage.run();
    outcome = stage.take();
    EXPECT_EQ(outcome.message, "seven");
    EXPECT_EQ(outcome.data, Dynamic{7});

    stage.call("a", "not_done", {});
    stage.run();
    outcome = stage.take();
    EXPECT_EQ(outcome.failure, Code::failed);
    EXPECT_EQ(outcome.message, "no");
    EXPECT_EQ(outcome.data, Dynamic{3});

    stage.call("a", "expected", {});
    stage.run();
    outcome = stage.take();
    EXPECT_EQ(outcome.failure, Code::conflict);
    EXPECT_EQ(outcome.message, "taken");
}

TEST(Dispatcher, SaysWhenThereIsNoSuchMethod) {
    Stage stage;
    stage.registry.method("known", [] {});
    stage.serve();
    stage.call("a", "unknown", {});
    const Outcome outcome = stage.take();
    EXPECT_EQ(outcome.failure, Code::no_such_method);
    EXPECT_EQ(outcome.at, At::dispatch);
    EXPECT_EQ(stage.dispatcher.counters().failures_of(Code::no_such_method), 1U);
}

TEST(Dispatcher, ServesOnlyWhatTheListenerServes) {
    Stage stage;
    stage.registry.method("here", [] {});
    stage.registry.method("elsewhere", [] {});
    stage.listener = std::make_unique<ListenerContext>(
        stage.dispatcher, stage.executor,
        ListenerContextOptions{.methods = {stage.registry.find("here")}});
    stage.call("a", "elsewhere", {});
    EXPECT_EQ(stage.take().failure, Code::no_such_method);
    stage.call("a", "here", {});
    stage.run();
    EXPECT_EQ(stage.take().failure, std::nullopt);
}

TEST(Dispatcher, RefusesAnInvalidRequestWithEveryError) {
    Stage stage;
    stage.registry.method("take", [](const Item&) { ADD_FAILURE() << "must not run"; });
    stage.serve();
    stage.call("a", "take", Dynamic::map({{"count", 0}}));
    const Outcome outcome = stage.take();
    EXPECT_EQ(outcome.failure, Code::invalid_request);
    EXPECT_EQ(outcome.message, "Request validation failed");
    ASSERT_EQ(outcome.errors.size(), 2U);
    EXPECT_EQ(outcome.errors[0].type, "missing");
    EXPECT_EQ(outcome.errors[1].type, "greater_than");
}

TEST(Dispatcher, WhatAHandlerThrowsBecomesAFailure) {
    struct Case {
        std::function<void()> thrown;
        Code code;
        std::string message;
    };
    const std::vector<Case> cases{
        {[] { throw Error{"mine", Dynamic{5}}; }, Code::failed, "mine"},
        {[] { throw Error{Code::conflict, "taken"}; }, Code::conflict, "taken"},
        {[] { throw Error{Code::connection_lost, "downstream"}; }, Code::internal,
         "An unexpected error occurred"},
        {[] { throw Error{Code::internal, "secret"}; }, Code::internal,
         "An unexpected error occurred"},
        {[] { throw std::runtime_error{"secret"}; }, Code::internal,
         "An unexpected error occurred"},
        {[] { throw 5; }, Code::internal, "An unexpected error occurred"},
    };
    for (const Case& each : cases) {
        Stage stage;
        stage.registry.method("fail", [&] { each.thrown(); });
        stage.serve();
        stage.call("a", "fail", {});
        stage.run();
        const Outcome outcome = stage.take();
        EXPECT_EQ(outcome.failure, each.code);
        EXPECT_EQ(outcome.message, each.message);
        EXPECT_EQ(stage.log.size(), each.code == Code::internal ? 1U : 0U);
    }
}

TEST(Dispatcher, DetailsOfADefectStayInTheLog) {
    Stage stage;
    stage.registry.method("fail", [] { throw std::runtime_error{"the\ndetails"}; });
    stage.serve();
    stage.call("the-call", "fail", {});
    stage.run();
    EXPECT_EQ(stage.take().message.find("details"), std::string::npos);
    EXPECT_TRUE(stage.log.contains("details"));
    EXPECT_TRUE(stage.log.contains("the-call"));
    EXPECT_FALSE(stage.log.contains("\n"));
}

TEST(Dispatcher, AHandlerMayNotClaimWhatItCannotKnow) {
    for (const Code code :
         {Code::no_such_method, Code::no_responder, Code::expired_in_queue, Code::connection_lost,
          Code::broker_blocked, Code::contract_mismatch, Code::internal}) {
        EXPECT_FALSE(handler_may_claim(code)) << name_of(code);
    }
    for (const Code code :
         {Code::invalid_request, Code::deadline_exceeded, Code::overloaded, Code::unauthenticated,
          Code::permission_denied, Code::conflict, Code::cancelled, Code::failed}) {
        EXPECT_TRUE(handler_may_claim(code)) << name_of(code);
    }
}

TEST(Dispatcher, AResponseThatBreaksItsContractIsInternal) {
    Stage stage;
    stage.registry.method("bad", [] { return Item{.name = "", .count = -1}; });
    stage.serve();
    stage.call("a", "bad", {});
    stage.run();
    EXPECT_EQ(stage.take().failure, Code::internal);
    EXPECT_TRUE(stage.log.contains("name"));
    EXPECT_TRUE(stage.log.contains("count"));
    EXPECT_TRUE(stage.log.contains("bad (correlation id 'a')"));
}

TEST(Dispatcher, NumbersThatAreNotFiniteAreTakenAndGivenBack) {
    Stage stage;
    stage.registry.method("echo", [](double number) { return number; }, {"number"});
    stage.serve();
    stage.call("a", "echo", Dynamic::map({{"number", std::nan("")}}));
    stage.run();
    const Outcome outcome = stage.take();
    EXPECT_FALSE(outcome.failure);
    EXPECT_EQ(outcome.data, Dynamic{std::nan("")});
}

TEST(Dispatcher, TheContextTellsOfTheCall) {
    Stage stage;
    Context seen;
    std::string id;
    stage.registry.method("look", [&](const Item&, Context& context) {
        seen = context;
        id = context.correlation_id;
        EXPECT_TRUE(context.stop.stop_possible());
    });
    stage.serve();
    stage.call("the-call", "look", item("x"), 5s);
    stage.run();
    EXPECT_EQ(seen.method, "look");
    EXPECT_EQ(id, "the-call");
    EXPECT_EQ(seen.attempt, 1U);
    EXPECT_EQ(seen.deadline, stage.executor.now() + 5s);
    EXPECT_EQ(seen.log, &stage.log);
}

TEST(Dispatcher, InlineHandlersRunAtOnceOthersOnAWorker) {
    Stage stage;
    stage.registry.method("now", [] {}).run_on_io_thread();
    stage.registry.method("later", [] {});
    stage.serve();
    stage.call("now", "now", {});
    Outcome outcome = stage.take();
    EXPECT_EQ(outcome.name, "now");
    EXPECT_EQ(outcome.at, At::dispatch);
    stage.call("later", "later", {});
    stage.turn();
    EXPECT_TRUE(stage.outcomes.empty());
    EXPECT_EQ(stage.dispatcher.queued(), 1U);
    stage.run();
    outcome = stage.take();
    EXPECT_EQ(outcome.name, "later");
    EXPECT_EQ(outcome.at, At::later);
}

TEST(Dispatcher, AQueueAtItsLimitRefusesTheRest) {
    Stage stage{2};
    stage.registry.method("work", [] {});
    stage.serve();
    for (const char* name : {"a", "b", "c"}) {
        stage.call(name, "work", {});
    }
    stage.turn();
    const Outcome refused = stage.take();
    EXPECT_EQ(refused.name, "c");
    EXPECT_EQ(refused.failure, Code::overloaded);
    EXPECT_TRUE(refused.retry_after.has_value());
    stage.run();
    EXPECT_EQ(stage.outcomes.size(), 2U);
}

// Locks

TEST(DispatcherLocks, TheSameValueNeverRunsAtOnceOthersDo) {
    Stage stage;
    stage.registry.method("work", [](const Item&) {}).lock_on(&Item::name);
    stage.serve();
    stage.call("x1", "work", item("x"));
    stage.call("x2", "work", item("x"));
    stage.call("y1", "work", item("y"));
    stage.call("x3", "work", item("x"));
    stage.turn();
    EXPECT_EQ(stage.dispatcher.queued(), 2U) << "x2 and x3 hold no worker";
    EXPECT_EQ(stage.dispatcher.locks().waiters(), 2U);
    EXPECT_EQ(stage.dispatcher.locks().size(), 2U);
    stage.run();
    std::vector<std::string> names;
    for (const Outcome& outcome : stage.outcomes) {
        names.push_back(outcome.name);
    }
    EXPECT_EQ(names, (std::vector<std::string>{"x1", "y1", "x2", "x3"}));
    EXPECT_EQ(stage.dispatcher.locks().size(), 0U);
}

TEST(DispatcherLocks, AloneWaitsForEveryCallOfTheMethod) {
    Stage stage;
    stage.registry.method("alone", [](const Item&) {}).run_alone();
    stage.registry.method("other", [](const Item&) {});
    stage.serve();
    stage.call("a", "alone", item("x"));
    stage.call("b", "alone", item("y"));
    stage.call("c", "other", item("x"));
    stage.turn();
    EXPECT_EQ(stage.dispatcher.queued(), 2U);
    stage.run();
    EXPECT_EQ(stage.outcomes.size(), 3U);
    EXPECT_EQ(stage.dispatcher.locks().size(), 0U);
}

TEST(DispatcherLocks, WithoutALockCallsRunFreely) {
    Stage stage;
    stage.registry.method("free", [](const Item&) {});
    stage.serve();
    stage.call("a", "free", item("x"));
    stage.call("b", "free", item("x"));
    stage.turn();
    EXPECT_EQ(stage.dispatcher.queued(), 2U);
    stage.run();
}

TEST(DispatcherLocks, AHandlerThatThrowsGivesItsLockOn) {
    Stage stage;
    stage.registry.method("fail", [](const Item&) { throw std::runtime_error{"x"}; })
        .lock_on(&Item::name);
    stage.serve();
    stage.call("a", "fail", item("x"));
    stage.call("b", "fail", item("x"));
    stage.run();
    EXPECT_EQ(stage.outcomes.size(), 2U);
    EXPECT_EQ(stage.dispatcher.locks().size(), 0U);
}

TEST(DispatcherLocks, InlineHandlersWaitTheirTurnToo) {
    Stage stage;
    std::string order;
    stage.registry
        .method("inline",
                [&](const Item& given) {
                    order += given.name + std::to_string(given.count);
                    // While the first runs, the others arrive.
                    if (given.count == 1) {
                        stage.call("b", "inline", Dynamic::map({{"name", "x"}, {"count", 2}}));
                        stage.call("c", "inline", Dynamic::map({{"name", "x"}, {"count", 3}}));
                        order += "|";
                    }
                })
        .lock_on(&Item::name)
        .run_on_io_thread();
    stage.serve();
    stage.call("a", "inline", item("x"));
    EXPECT_EQ(order, "x1|");
    stage.run();
    EXPECT_EQ(order, "x1|x2x3");
    ASSERT_EQ(stage.outcomes.size(), 3U);
    EXPECT_EQ(stage.outcomes[0].at, At::dispatch);
    EXPECT_EQ(stage.outcomes[1].at, At::later) << "its dispatch was over";
    EXPECT_EQ(stage.outcomes[2].at, At::later);
}

TEST(DispatcherLocks, OverTheLimitOfWaitersCallsAreRefused) {
    core::Limits limits;
    limits.lock_waiters_max = 1;
    Stage stage{1000, limits};
    stage.registry.method("work", [](const Item&) {}).lock_on(&Item::name);
    stage.serve();
    for (const char* name : {"a", "b", "c"}) {
        stage.call(name, "work", item("x"));
    }
    const Outcome refused = stage.take();
    EXPECT_EQ(refused.name, "c");
    EXPECT_EQ(refused.failure, Code::overloaded);
    stage.run();
    EXPECT_EQ(stage.outcomes.size(), 2U);
}

// Deadlines

TEST(DispatcherDeadlines, OnePassedOnArrivalIsNotRun) {
    Stage stage;
    stage.registry.method("work", [] { ADD_FAILURE() << "must not run"; });
    stage.serve();
    stage.call("a", "work", {}, 0ms);
    EXPECT_EQ(stage.take().failure, Code::expired_in_queue);
}

TEST(DispatcherDeadlines, OneThatPassesInTheQueueIsNotRun) {
    Stage stage;
    stage.registry.method("work", [] { ADD_FAILURE() << "must not run"; });
    stage.serve();
    stage.call("a", "work", {}, 10ms);
    stage.turn();
    stage.executor.advance(10ms);
    EXPECT_EQ(stage.take().failure, Code::expired_in_queue) << "no worker was ever free";
    EXPECT_EQ(stage.dispatcher.queued(), 0U);
    stage.run();
    EXPECT_TRUE(stage.outcomes.empty());
}

TEST(DispatcherDeadlines, OneThatPassesBeforeTheTurnEndsIsAnsweredToo) {
    Stage stage;
    stage.registry.method("work", [] { ADD_FAILURE() << "must not run"; });
    stage.serve();
    stage.call("a", "work", {}, 10ms);
    stage.executor.advance(10ms);
    EXPECT_EQ(stage.take().failure, Code::expired_in_queue);
}

TEST(DispatcherDeadlines, OneInTheMiddleOfTheQueueLeavesTheOthersInOrder) {
    Stage stage;
    stage.registry.method("work", [] {});
    stage.serve();
    stage.call("a", "work", {});
    stage.call("b", "work", {}, 10ms);
    stage.call("c", "work", {}, 20ms);
    stage.call("d", "work", {});
    stage.turn();
    stage.executor.advance(10ms);
    EXPECT_EQ(stage.take().name, "b");
    stage.run();
    ASSERT_EQ(stage.outcomes.size(), 3U);
    EXPECT_EQ(stage.outcomes[0].name, "a");
    EXPECT_EQ(stage.outcomes[1].name, "c");
    EXPECT_EQ(stage.outcomes[2].name, "d");
}

TEST(DispatcherDeadlines, OneThatWasGivenItsLockAndWaitsForAWorkerGivesItOn) {
    Stage stage;
    stage.registry.method("work", [](const Item&) {}).lock_on(&Item::name);
    stage.serve();
    stage.call("first", "work", item("x"));
    stage.call("short", "work", item("x"), 10ms);
    stage.call("last", "work", item("x"));
    stage.turn();
    ASSERT_TRUE(stage.workers.run_one());
    EXPECT_EQ(stage.take().name, "first");
    stage.executor.advance(10ms);
    EXPECT_EQ(stage.take().failure, Code::expired_in_queue);
    stage.run();
    EXPECT_EQ(stage.take().failure, std::nullopt);
    EXPECT_EQ(stage.dispatcher.locks().size(), 0U);
}

TEST(DispatcherDeadlines, OneMillisecondBeforeItIsRun) {
    Stage stage;
    stage.registry.method("work", [] {});
    stage.serve();
    stage.call("a", "work", {}, 10ms);
    stage.turn();
    stage.executor.advance(9ms);
    stage.run();
    EXPECT_EQ(stage.take().failure, std::nullopt);
}

TEST(DispatcherDeadlines, AWaiterForALockIsAnsweredInTimeNotWhenTheLockIsFree) {
    Stage stage;
    stage.registry.method("work", [](const Item&) {}).lock_on(&Item::name);
    stage.serve();
    stage.call("holder", "work", item("x"));
    stage.call("long", "work", item("x"), 1h);
    stage.call("short", "work", item("x"), 10ms);
    stage.turn();
    stage.executor.advance(9ms);
    EXPECT_TRUE(stage.outcomes.empty());
    stage.executor.advance(1ms);
    const Outcome outcome = stage.take();
    EXPECT_EQ(outcome.name, "short");
    EXPECT_EQ(outcome.failure, Code::expired_in_queue);
    stage.run();
    EXPECT_EQ(stage.outcomes.size(), 2U) << "the others are served";
    EXPECT_EQ(stage.outcomes.back().failure, std::nullopt);
}

TEST(DispatcherDeadlines, OneThatPassesWhileRunningStopsTheHandlerWhoseAnswerCounts) {
    Stage stage;
    stage.registry.method("work", [&](const Item&, Context& context) {
        EXPECT_FALSE(context.stop.stop_requested());
        stage.executor.advance(10ms);  // the I/O thread goes on meanwhile
        EXPECT_TRUE(context.stop.stop_requested());
        return 5;
    });
    stage.serve();
    stage.call("a", "work", item("x"), 10ms);
    stage.run();
    const Outcome outcome = stage.take();
    EXPECT_EQ(outcome.failure, std::nullopt);
    EXPECT_EQ(outcome.data, Dynamic{5});
}

TEST(DispatcherDeadlines, AFailureAfterItIsTheDeadlines) {
    for (const bool throws : {false, true}) {
        Stage stage;
        stage.registry.method("work", [&](const Item&, Context&) -> Reply<int> {
            stage.executor.advance(10ms);
            if (throws) {
                throw Error{"woken up"};
            }
            return Reply<int>::failure("woken up");
        });
        stage.serve();
        stage.call("late", "work", item("x"), 10ms);
        stage.run();
        EXPECT_EQ(stage.take().failure, Code::deadline_exceeded);
        stage.call("in time", "work", item("x"), 11ms);
        stage.run();
        EXPECT_EQ(stage.take().failure, Code::failed);
    }
}

TEST(DispatcherDeadlines, EachOfManyIsKept) {
    Stage stage;
    stage.registry.method("work", [](const Item&) {}).lock_on(&Item::name);
    stage.serve();
    stage.call("holder", "work", item("x"));
    for (const int deadline : {50, 10, 40, 20, 30}) {
        stage.call(std::to_string(deadline), "work", item("x"),
                   std::chrono::milliseconds{deadline});
    }
    stage.turn();
    for (const char* name : {"10", "20", "30", "40", "50"}) {
        stage.executor.advance(9ms);
        EXPECT_TRUE(stage.outcomes.empty());
        stage.executor.advance(1ms);
        EXPECT_EQ(stage.take().name, name);
    }
    stage.run();
}

// The end

TEST(DispatcherEnd, CancelAllStopsWhatRunsAndAnswersTheRest) {
    Stage stage;
    stage.registry
        .method("work",
                [&](const Item&, Context& context) {
                    stage.dispatcher.cancel_all();
                    EXPECT_TRUE(context.stop.stop_requested());
                })
        .lock_on(&Item::name);
    stage.serve();
    stage.call("runs", "work", item("x"));
    stage.call("waits", "work", item("x"));
    stage.call("queued", "work", item("y"));
    stage.run();
    ASSERT_EQ(stage.outcomes.size(), 3U);
    EXPECT_EQ(stage.outcomes[0].name, "queued");
    EXPECT_EQ(stage.outcomes[0].failure, Code::overloaded);
    EXPECT_EQ(stage.outcomes[1].name, "waits");
    EXPECT_EQ(stage.outcomes[1].failure, Code::overloaded);
    EXPECT_EQ(stage.outcomes[2].name, "runs");
    EXPECT_EQ(stage.outcomes[2].failure, std::nullopt);
    stage.outcomes.clear();
    stage.call("late", "work", item("x"));
    EXPECT_EQ(stage.take().failure, Code::overloaded);
}

// Secrets and mocks

TEST(DispatcherSecrets, AreOpenedBeforeTheRequestIsBound) {
    const auto key = format::FernetKey::generate();
    ASSERT_TRUE(key);
    const format::Keyring keys{std::span{&*key, 1}};
    Stage stage;
    std::string seen;
    stage.registry.method("take", [&](std::string password) { seen = password; }, {"password"});
    stage.serve({.policy = {.keys = keys}});
    stage.call("a", "take", Dynamic::map({{"password", "in clear"}}));
    const Outcome refused = stage.take();
    EXPECT_EQ(refused.failure, Code::invalid_request);
    ASSERT_EQ(refused.errors.size(), 1U);
    EXPECT_EQ(refused.errors[0].type, "secret_not_encrypted");

    const auto token = keys.encrypt("hidden", 1'700'000'000);
    ASSERT_TRUE(token);
    stage.call("a", "take", Dynamic::map({{"password", *token}}));
    stage.run();
    EXPECT_EQ(stage.take().failure, std::nullopt);
    EXPECT_EQ(seen, "hidden");
}

TEST(DispatcherSecrets, OlderThanTheirTimeToLiveAreRefused) {
    const auto key = format::FernetKey::generate();
    ASSERT_TRUE(key);
    const format::Keyring keys{std::span{&*key, 1}};
    Stage stage;
    stage.registry.method("take", [](std::string) {}, {"password"});
    stage.serve({.policy = {.keys = keys, .secrets_ttl = 60s}});
    const auto token = keys.encrypt("hidden", stage.executor.unix_seconds());
    ASSERT_TRUE(token);
    const auto failure_after = [&](std::chrono::seconds time) {
        stage.executor.advance(time);
        stage.call("a", "take", Dynamic::map({{"password", *token}}));
        stage.run();
        return stage.take().failure;
    };
    EXPECT_EQ(failure_after(0s), std::nullopt);
    EXPECT_EQ(failure_after(60s), std::nullopt);
    EXPECT_EQ(failure_after(1s), Code::invalid_request);
    stage.executor.set_unix_ms(stage.executor.unix_ms() - 1'000);
    EXPECT_EQ(failure_after(0s), std::nullopt);
}

TEST(DispatcherMock, AnswersValidDataWithoutTheHandler) {
    Stage stage;
    stage.registry.method("make", [](const Item&) -> Item {
        ADD_FAILURE() << "must not run";
        return {};
    });
    stage.registry.method("nothing", [](const Item&) {});
    stage.serve({.responses = Responses::mock});
    stage.call("a", "make", item("x"));
    const Outcome made = stage.take();
    EXPECT_EQ(made.failure, std::nullopt);
    EXPECT_TRUE(made.data.value().is_map());
    EXPECT_FALSE(made.data["name"].as_text().empty());
    stage.call("a", "make", item("x"));
    EXPECT_EQ(stage.take().data, made.data);
    stage.call("a", "make", {});
    EXPECT_EQ(stage.take().failure, Code::invalid_request);
    stage.call("a", "nothing", item("x"));
    EXPECT_EQ(stage.take().failure, std::nullopt);
}

TEST(DispatcherMock, AnswersWhatExamplesAnswer) {
    Stage stage;
    stage.registry.method("make", [](const Item& given) -> Item { return given; })
        .example("Of the request alone", item("none"))
        .example("First", item("a"), item("first"))
        .example("Second", item("b"), item("second"));
    stage.serve({.responses = Responses::mock});
    const auto name_for = [&](const char* name) {
        stage.call("a", "make", item(name));
        return std::string{stage.take().data["name"].as_text()};
    };
    EXPECT_EQ(name_for("b"), "second");
    EXPECT_EQ(name_for("a"), "first");
    EXPECT_EQ(name_for("none"), "first");
    EXPECT_EQ(name_for("another"), "first");
}

TEST(Dispatcher, KeepsACallFromRunningThatWasBegunTooOften) {
    Stage stage;
    int runs = 0;
    stage.registry.method("fatal", [&runs] { ++runs; });
    stage.serve({.attempts_max = 3});
    stage.call("a", "fatal", {}, {}, 3);
    stage.run();
    EXPECT_EQ(stage.take().failure, std::nullopt);
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(stage.dispatcher.counters().attempts_refused, 0U);
    stage.call("b", "fatal", {}, {}, 4);
    stage.run();
    const Outcome refused = stage.take();
    EXPECT_EQ(refused.failure, Code::failed);
    EXPECT_TRUE(refused.message.starts_with("poisoned: it was begun 3 times")) << refused.message;
    EXPECT_TRUE(refused.message.contains("attempts_max is 3")) << refused.message;
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(stage.dispatcher.counters().attempts_refused, 1U);
    EXPECT_TRUE(stage.log.contains("fatal (correlation id 'b'): poisoned: it was begun"));
}

TEST(Dispatcher, RunsACallHoweverOftenWhereNoLimitIs) {
    Stage stage;
    stage.registry.method("fine", [] {});
    stage.serve();
    stage.call("a", "fine", {}, {}, 1'000'000);
    stage.run();
    EXPECT_EQ(stage.take().failure, std::nullopt);
}

TEST(Dispatcher, ShowsEachCallToALogThatWantsIt) {
    Stage stage{ShowCalls{}};
    stage.registry.method("fine", [] {});
    stage.serve({.name = "tcp://here"});
    stage.call("a", "fine", {});
    stage.call("b", "none", {});
    stage.run();
    EXPECT_TRUE(stage.log.contains(
        "call of fine (correlation id 'a') from tcp://here: ok, 0.000 ms, 0 bytes, attempt 1"));
    EXPECT_TRUE(stage.log.contains(
        "call of none (correlation id 'b') from tcp://here: no_such_method: There is no method"));
    EXPECT_EQ(stage.log.count(LogLevel::debug), 2U);
    Stage silent;
    silent.registry.method("fine", [] {});
    silent.serve();
    silent.call("a", "fine", {});
    silent.run();
    EXPECT_EQ(silent.log.count(LogLevel::debug), 0U);
}

TEST(DispatcherMock, AnswersForHandlersOfEveryShape) {
    Stage stage;
    Registry& methods = stage.registry;
    const auto never = [] { ADD_FAILURE() << "must not run"; };
    methods.method("none", [=] { never(); });
    methods.method("number", [=] { return never(), 1; });
    methods.method("add", [=](int a, int b) { return never(), a + b; }, {"a", "b"});
    methods.method("text", [=](int, Bytes, std::string) { return never(), std::string{}; },
                   {"a", "b", "c"});
    methods.method("bytes", [=](Dynamic) { return never(), Bytes{}; }, {"value"});
    methods.method("dynamic", [=](Dynamic, Context&) { return never(), Dynamic{}; }, {"value"});
    methods.method("list", [=](int) { return never(), std::vector<bool>{}; }, {"n"});
    methods.method("optional", [=](int) { return never(), std::optional<int>{}; }, {"n"});
    methods.method("item", [=](int) { return never(), Item{}; }, {"n"});
    methods.method("reply", [=](int) { return never(), Reply<Item>{}; }, {"n"});
    methods.method("expected", [=](int) -> std::expected<Item, Failure> { return never(), Item{}; },
                   {"n"});
    methods.method("done",
                   [=](int) -> std::expected<void, Failure> {
                       return never(), std::expected<void, Failure>{};
                   },
                   {"n"});
    methods.method("inline", [=](int n) { return never(), n; }, {"n"}).run_on_io_thread();
    stage.serve({.responses = Responses::mock});
    const auto made = [&](std::string_view method, const Dynamic& arguments) {
        stage.call("a", method, arguments);
        const Outcome outcome = stage.take();
        EXPECT_EQ(outcome.failure, std::nullopt) << method << ": " << outcome.message;
        return outcome.data;
    };
    const Dynamic n = Dynamic::map({{"n", 1}});
    const Dynamic value = Dynamic::map({{"value", 1}});
    EXPECT_TRUE(made("none", {})->is_null());
    EXPECT_TRUE(made("number", {})->is_integer());
    EXPECT_TRUE(made("add", Dynamic::map({{"a", 1}, {"b", 2}}))->is_integer());
    EXPECT_TRUE(made("text", Dynamic::map({{"a", 1}, {"b", "AA=="}, {"c", "x"}}))->is_text());
    EXPECT_EQ(made("bytes", value)->kind(), Value::Kind::bytes);
    EXPECT_FALSE(made("dynamic", value)->is_null());
    EXPECT_TRUE(made("list", n)->is_list());
    EXPECT_TRUE(made("optional", n)->is_integer());
    for (const char* const method : {"item", "reply", "expected"}) {
        EXPECT_TRUE(made(method, n)->is_map()) << method;
    }
    EXPECT_TRUE(made("done", n)->is_null());
    EXPECT_TRUE(made("inline", n)->is_integer());
    stage.call("a", "add", n);
    EXPECT_EQ(stage.take().failure, Code::invalid_request) << "requests are checked all the same";
    EXPECT_EQ(stage.dispatcher.one_way_failures(), 0U);
}

}  // namespace
}  // namespace warren::runtime::test
