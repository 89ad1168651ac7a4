#include "runtime/server/message_server.hpp"

#include "unit/runtime/server/broker_harness.hpp"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <stdexcept>

namespace warren::runtime::test {
namespace {

constexpr std::string_view ok_reply = R"({"success":true,"message":"OK","data":"x"})";

/// A method `work` that gives its name back and counts its runs.
struct Served : ServedBroker {
    int runs = 0;
    std::function<void()> while_running{};  // the next one, once

    explicit Served(MessageServerOptions options = {}) {
        stage.registry.method("work",
                              [this](std::string name) {
                                  ++runs;
                                  if (const auto act = std::exchange(while_running, nullptr)) {
                                      act();
                                  }
                                  if (name == "throw") {
                                      throw std::runtime_error{"defect"};
                                  }
                                  return name;
                              },
                              {"name"});
        serve(std::move(options));
    }
};

TEST(MessageServer, AnswersOnceAndSettlesOnce) {
    Served served;
    served.caller->send({.correlation_id = "a"});
    served.run();
    EXPECT_EQ(served.caller->reply("a"), ok_reply);
    EXPECT_TRUE(served.is_empty());
    EXPECT_EQ(served.transport->with_reply, 1U);
    EXPECT_EQ(served.transport->ends_max(), 1);
    EXPECT_EQ(served.server->in_flight(), 0U);
}

TEST(MessageServer, EveryWayThroughAnswersOnceAndSettlesOnce) {
    struct Case {
        std::string_view name;
        Caller::Request request;
        int runs;
        std::string_view reply_part;
    };
    const std::string big(core::Limits{}.body_bytes_max + 1, 'x');
    const std::vector<Case> cases{
        {"valid", {}, 1, "\"success\":true"},
        {"no JSON", {.body = "{"}, 0, "Request validation failed"},
        {"empty", {.body = ""}, 0, "Request validation failed"},
        {"no object", {.body = "[1]"}, 0, "Request validation failed"},
        {"duplicate key", {.body = R"({"name":"x","name":"y"})"}, 0, "Request validation failed"},
        {"no UTF-8", {.body = "{\"name\":\"\xFF\"}"}, 0, "Request validation failed"},
        {"content type", {.content_type = "text/html"}, 0, "Request validation failed"},
        {"invalid", {.body = "{}"}, 0, "\"missing\""},
        {"over the limit", {.body = big}, 0, "body_bytes_max"},
        {"throws", {.body = R"({"name":"throw"})"}, 1, "An unexpected error occurred"},
        {"expired", {.expiration = "0"}, 0, ""},
    };
    for (const Case& each : cases) {
        Served served;
        Caller::Request request = each.request;
        request.correlation_id = "a";
        served.caller->send(request);
        served.run();
        EXPECT_EQ(served.runs, each.runs) << each.name;
        if (each.reply_part.empty()) {
            EXPECT_TRUE(served.caller->replies("a").empty()) << each.name;
        } else {
            EXPECT_NE(served.caller->reply("a").find(each.reply_part), std::string::npos)
                << each.name << ": " << served.caller->reply("a").substr(0, 200);
        }
        EXPECT_TRUE(served.is_empty()) << each.name;
        EXPECT_LE(served.transport->ends_max(), 1) << each.name;
        EXPECT_EQ(served.server->in_flight(), 0U) << each.name;
    }
}

TEST(MessageServer, SaysWhichPartOfAReplyCannotBeWritten) {
    ServedBroker served;
    const auto names = [](const std::string&) -> std::string {
        const std::array<Value, 2> items{Value::text("a"), Value::text("\xff")};
        const std::array<Member, 1> data{Member{Value::text("names"), Value::list(items)}};
        throw Error{
            Failure{.code = Code::failed, .message = "no name", .data = Dynamic{Value::map(data)}}};
    };
    served.stage.registry.method("work", names, {"name"});
    served.serve({});
    served.caller->send({.correlation_id = "a"});
    served.run();
    EXPECT_EQ(served.caller->reply("a"),
              R"({"success":false,"message":"An unexpected error occurred","data":null})");
    EXPECT_TRUE(served.stage.log.contains("work (correlation id 'a')"));
    EXPECT_TRUE(served.stage.log.contains("data.names[1]: "));
}

TEST(MessageServer, AReplyOverTheLimitIsAFailureThatNamesIt) {
    Served served{{.reply_bytes_max = 200}};
    const std::size_t around = ok_reply.size() - 1;
    const auto body = [](std::size_t size) {
        return R"({"name": ")" + std::string(size, 'x') + "\"}";
    };
    served.caller->send({.correlation_id = "at", .body = body(200 - around)});
    served.caller->send({.correlation_id = "over", .body = body(201 - around)});
    served.run();
    EXPECT_EQ(served.caller->reply("at").size(), 200U);
    EXPECT_EQ(served.caller->reply("over"),
              R"({"success":false,"message":"An unexpected error occurred","data":null})");
    EXPECT_TRUE(served.stage.log.contains(
        "the reply cannot be sent: The reply has 201 bytes; at most 200 are sent "
        "(body_bytes_max)"));
    EXPECT_TRUE(served.is_empty());
}

TEST(MessageServer, AnUnknownMethodIsAnswered) {
    Served served;
    protocol::Topology topology{
        .exchanges = {{.name = "unknown"}},
        .bindings = {{.queue = "queue", .exchange = "unknown", .routing_key = "queue"}}};
    ASSERT_TRUE(served.broker.declare(topology, nullptr));
    served.caller->transport().bind_replies(
        1, {{.exchange = "unknown", .routing_key_is_queue = true}});
    served.run();
    served.caller->send({.correlation_id = "a", .method = "unknown"});
    served.run();
    EXPECT_NE(served.caller->reply("a").find("\"success\":false"), std::string::npos);
    EXPECT_TRUE(served.is_empty());
}

TEST(MessageServer, WithoutAReplyAddressItRunsAndSettles) {
    Served served;
    served.caller->send({.correlation_id = "a", .wants_reply = false});
    served.run();
    EXPECT_EQ(served.runs, 1);
    EXPECT_EQ(served.transport->without_reply, 1U);
    EXPECT_TRUE(served.caller->replies("a").empty());
    EXPECT_TRUE(served.is_empty());
}

TEST(MessageServer, AReplyThatNobodyCanReceiveIsSettled) {
    Served served;
    served.caller->send({.correlation_id = "a"});
    served.turn();
    served.caller.reset();
    served.run();
    EXPECT_EQ(served.runs, 1);
    EXPECT_TRUE(served.is_empty());
}

TEST(MessageServer, HandlersRunAtTheSameTimeUpToThePrefetch) {
    Served served{{.in_flight_max = 3}};
    for (const char* id : {"a", "b", "c", "d"}) {
        served.caller->send({.correlation_id = id});
    }
    served.turn();
    EXPECT_EQ(served.stage.dispatcher.queued(), 3U);
    EXPECT_EQ(served.broker.ready("queue"), 1U);
    served.run();
    EXPECT_EQ(served.runs, 4);
    EXPECT_TRUE(served.is_empty());
}

TEST(MessageServer, WhatIsAcknowledgedFirstStillWaitsForItsTurn) {
    Served served{{.in_flight_max = 1, .acknowledge = Acknowledge::before_handling}};
    std::size_t unsettled_meanwhile = 99;
    served.while_running = [&] { unsettled_meanwhile = served.transport->without_reply; };
    for (const char* id : {"a", "b", "c"}) {
        served.caller->send({.correlation_id = id});
    }
    served.run();
    EXPECT_EQ(unsettled_meanwhile, 1U);  // its own, and nobody else's
    EXPECT_EQ(served.runs, 3);
    for (const char* id : {"a", "b", "c"}) {
        EXPECT_EQ(served.caller->reply(id), ok_reply);
    }
    EXPECT_EQ(served.transport->without_reply, 3U);
    EXPECT_TRUE(served.is_empty());
}

TEST(MessageServer, WhatWaitsItsTurnIsGivenBackWhenTheServerStops) {
    Served served{{.in_flight_max = 1, .acknowledge = Acknowledge::before_handling}};
    served.caller->send({.correlation_id = "a"});
    served.turn();
    served.caller->send({.correlation_id = "b"});
    served.turn();
    served.server->drain([] {});
    served.run();
    EXPECT_EQ(served.runs, 1);
    EXPECT_EQ(served.broker.ready("queue"), 1U);
    EXPECT_EQ(served.broker.outstanding("queue"), 0U);
}

TEST(MessageServer, FinishedJobsAreUsedAgain) {
    Served served{{.in_flight_max = 4}};
    for (int round = 0; round < 50; ++round) {
        for (int call = 0; call < 10; ++call) {
            served.caller->send({.correlation_id = std::to_string(round * 10 + call)});
        }
        served.run();
    }
    EXPECT_EQ(served.runs, 500);
    for (int call = 0; call < 500; ++call) {
        ASSERT_EQ(served.caller->reply(std::to_string(call)), ok_reply);
    }
    EXPECT_EQ(served.server->redelivery_cache().size(), 0U);
}

TEST(MessageServer, SaysWhetherItConsumes) {
    int consuming = 0;
    std::vector<Code> lost;
    Served served{{.on_consuming = [&] { ++consuming; },
                   .on_lost = [&](const Failure& why) { lost.push_back(why.code); }}};
    EXPECT_EQ(consuming, 1);
    EXPECT_TRUE(served.server->consuming());
    served.lose_connection();
    EXPECT_FALSE(served.server->consuming());
    EXPECT_EQ(lost, std::vector{Code::connection_lost});
    EXPECT_TRUE(served.stage.log.contains("cut by the test"));
    served.stage.executor.advance(1s);
    EXPECT_EQ(consuming, 2);
    served.caller->send({.correlation_id = "a"});
    served.run();
    EXPECT_EQ(served.caller->reply("a"), ok_reply);
}

TEST(MessageServer, WhatItHasStaysWhileItDoesNotConsumeOnOneConnection) {
    int changes = 0;
    Served served{
        {.on_consuming = [&] { ++changes; }, .on_lost = [&](const Failure&) { ++changes; }}};
    served.while_running = [&] {
        served.server->on_interrupted({.code = Code::connection_lost, .message = "no queue"});
    };
    served.caller->send({.correlation_id = "a"});
    served.run();
    EXPECT_FALSE(served.server->consuming());
    EXPECT_EQ(changes, 2);
    EXPECT_EQ(served.caller->reply("a"), ok_reply);
    served.server->on_consuming(1);
    EXPECT_TRUE(served.server->consuming());
}

// Redelivery

TEST(MessageServerRedelivery, ARunningRequestIsNotRunAgain) {
    Served served;
    served.while_running = [&] {
        served.lose_connection();
        served.stage.executor.advance(1s);
        EXPECT_EQ(served.server->in_flight(), 1U) << "the redelivery waits for the first run";
    };
    served.caller->send({.correlation_id = "a"});
    served.run();
    EXPECT_EQ(served.runs, 1);
    EXPECT_EQ(served.caller->reply("a"), ok_reply);
    EXPECT_TRUE(served.is_empty());
    EXPECT_EQ(served.server->redelivery_cache().size(), 0U);
}

TEST(MessageServerRedelivery, WhatHasNotStartedIsLeftToWhoeverGetsItNext) {
    // Delivered but not yet with the workers, or with them.
    for (const bool is_queued : {false, true}) {
        Served served;
        served.caller->send({.correlation_id = "a"});
        while (served.server->in_flight() == 0) {
            ASSERT_TRUE(served.stage.executor.run_one());
        }
        if (is_queued) {
            served.turn();
        }
        served.lose_connection();
        EXPECT_EQ(served.stage.dispatcher.queued(), 0U);
        EXPECT_EQ(served.server->redelivery_cache().size(), 0U);
        EXPECT_EQ(served.broker.ready("queue"), 1U);
        served.turn();
        EXPECT_EQ(served.server->in_flight(), 0U);
        EXPECT_EQ(served.stage.workers.run_all(), 0U);
        served.stage.executor.advance(1s);
        served.run();
        EXPECT_EQ(served.runs, 1);
        EXPECT_EQ(served.caller->reply("a"), ok_reply);
        EXPECT_TRUE(served.is_empty());
    }
}

TEST(MessageServerRedelivery, WhatHasNotStartedRunsWhenNobodyElseCanGetIt) {
    Served served{{.lost_requests = LostRequests::are_gone}};
    served.caller->send({.correlation_id = "a"});
    served.turn();
    served.lose_connection();
    EXPECT_EQ(served.stage.dispatcher.queued(), 1U);
    served.workers_run_while_disconnected();
    EXPECT_EQ(served.runs, 1);
}

TEST(MessageServerRedelivery, OneThatFinishedMeanwhileIsAnsweredFromMemory) {
    Served served;
    served.while_running = [&] { served.lose_connection(); };
    served.caller->send({.correlation_id = "a"});
    served.turn();
    served.workers_run_while_disconnected();
    EXPECT_EQ(served.runs, 1);
    EXPECT_EQ(served.server->redelivery_cache().size(), 1U);
    served.stage.executor.advance(1s);
    served.run();
    EXPECT_EQ(served.runs, 1);
    EXPECT_EQ(served.caller->reply("a"), ok_reply);
    EXPECT_TRUE(served.is_empty());
}

TEST(MessageServerRedelivery, OneThatWasSettledButMayNotHaveBeenAcknowledgedIsNotRunAgain) {
    Served served;
    served.broker.faults().on(Hop::settle, {.kind = Kind::close_before});
    served.caller->send({.correlation_id = "a"});
    served.run();
    EXPECT_TRUE(served.caller->replies("a").empty());
    served.stage.executor.advance(1s);
    served.run();
    EXPECT_EQ(served.runs, 1);
    EXPECT_EQ(served.caller->reply("a"), ok_reply);
    EXPECT_TRUE(served.is_empty());
}

TEST(MessageServerRedelivery, WithoutACorrelationIdItRunsAgain) {
    Served served;
    served.broker.faults().on(Hop::settle, {.kind = Kind::close_before});
    served.caller->send({});
    served.run();
    served.stage.executor.advance(1s);
    served.run();
    EXPECT_EQ(served.runs, 2);
    EXPECT_TRUE(served.is_empty());
}

/// A UUID that some caller uses for everything.
constexpr std::string_view one_id = "7f3c2b1e-5a44-4c7d-9e0b-1d2c3b4a5f60";

TEST(MessageServerRedelivery, OneIdForAllPersistentRequestsIsNoRepetition) {
    Served served;
    const auto call = [&] {
        served.caller->send({.correlation_id = std::string{one_id}, .is_persistent = true});
        served.run();
    };
    call();
    served.lose_connection();
    served.stage.executor.advance(1s);
    for (int calls = 2; calls <= 4; ++calls) {
        call();
        EXPECT_EQ(served.runs, calls) << "not marked, and the first one was answered";
        EXPECT_EQ(served.caller->replies(std::string{one_id}).size(),
                  static_cast<std::size_t>(calls));
    }
    EXPECT_TRUE(served.is_empty());
}

TEST(MessageServerRedelivery, ARememberedRunAnswersOneRedelivery) {
    Served served;
    const std::string id{one_id};
    served.broker.faults().on(Hop::settle, {.kind = Kind::close_before});
    served.caller->send({.correlation_id = id});
    served.run();
    served.stage.executor.advance(1s);
    served.run();
    EXPECT_EQ(served.runs, 1);
    EXPECT_EQ(served.caller->reply(id), ok_reply);
    // Another one like it, which this process has never seen, was delivered elsewhere before.
    served.caller->send({.correlation_id = id});
    served.lose_connection();
    served.stage.executor.advance(1s);
    served.run();
    EXPECT_EQ(served.caller->replies(id).size(), 2U);
    EXPECT_TRUE(served.is_empty());
}

TEST(MessageServerRedelivery, WhatIsSurelyUnansweredIsKnownWithoutAMark) {
    // A broker that restarts forgets its marks.
    Served served;
    const std::string id{one_id};
    served.while_running = [&] { served.lose_connection(); };
    served.caller->send({.correlation_id = id, .is_persistent = true});
    served.turn();
    served.workers_run_while_disconnected();
    served.broker.forget_deliveries("queue");
    served.stage.executor.advance(1s);
    served.run();
    EXPECT_EQ(served.runs, 1);
    EXPECT_EQ(served.caller->reply(id), ok_reply);
    served.caller->send({.correlation_id = id, .is_persistent = true});
    served.run();
    EXPECT_EQ(served.runs, 2) << "and the next one is another request";
    EXPECT_TRUE(served.is_empty());
}

TEST(MessageServerRedelivery, ABrokerThatWasAwayMayHaveForgottenTheLastAcknowledgements) {
    struct Case {
        int responses;                    // of the broker, to what it has read
        std::chrono::seconds until_then;  // from the new connection to the delivery
        int runs;
    };
    for (const Case& tested : {Case{0, 0s, 1}, Case{1, 0s, 1}, Case{2, 0s, 2}, Case{0, 11s, 2}}) {
        Served served;
        served.transport->responses = true;
        const auto call = [&] {
            served.caller->send({.correlation_id = std::string{one_id}, .is_persistent = true});
            served.run();
        };
        call();
        for (int response = 0; response < tested.responses; ++response) {
            served.stage.executor.advance(500ms);
            served.server->on_heard();
        }
        served.lose_connection();
        served.server->on_unreachable();
        served.stage.executor.advance(1s);
        served.run();
        served.stage.executor.advance(tested.until_then);
        call();
        EXPECT_EQ(served.runs, tested.runs);
        call();
        EXPECT_EQ(served.runs, tested.runs + 1) << "what is known answers once";
        EXPECT_EQ(served.caller->replies(std::string{one_id}).size(), 3U);
        EXPECT_TRUE(served.is_empty());
    }
}

// Replies that go apart, because the broker may refuse them

TEST(MessageServerTrial, IsAcknowledgedWhenTheBrokerHasIt) {
    Served served;
    served.transport->is_trying = true;
    served.caller->send({.correlation_id = "a"});
    served.run();
    ASSERT_EQ(served.transport->trials.size(), 1U);
    EXPECT_EQ(served.broker.outstanding("queue"), 1U);
    served.drain();
    served.run();
    EXPECT_FALSE(served.drained);
    EXPECT_EQ(served.server->unfinished(),
              "listener: replies that the broker has not confirmed: 1");
    served.transport->is_trying = false;
    served.server->on_tried(served.transport->trials.front(), nullptr);
    served.run();
    EXPECT_TRUE(served.is_empty());
    EXPECT_EQ(served.transport->with_reply, 0U);
    EXPECT_TRUE(served.drained);
    EXPECT_EQ(served.server->lost_replies().lost(), 0U);
}

TEST(MessageServerTrial, IsAnsweredInternalWhenTheBrokerRefusesIt) {
    Served served;
    served.transport->is_trying = true;
    served.caller->send({.correlation_id = "a"});
    served.run();
    served.transport->is_trying = false;
    const Failure why{.code = Code::invalid_request, .message = "too large"};
    served.server->on_tried(served.transport->trials.front(), &why);
    served.run();
    EXPECT_NE(served.caller->reply("a").find("An unexpected error occurred"), std::string::npos);
    EXPECT_TRUE(served.is_empty());
    EXPECT_EQ(served.runs, 1);
    EXPECT_EQ(served.server->lost_replies().refused(), 1U);
    EXPECT_TRUE(
        served.stage.log.contains("answered 'internal', if it can be, for its reply is refused: "
                                  "invalid_request: too large"));
}

TEST(MessageServerTrial, CountsAsWhatItsCallerGets) {
    metrics::CallSeriesTable table;
    const metrics::ListenerSeries series = table.listener_series({"work"}, {});
    MessageServerOptions options;
    options.listener.series = &series;
    Served served{std::move(options)};
    served.transport->is_trying = true;
    served.caller->send({.correlation_id = "a"});
    served.caller->send({.correlation_id = "b"});
    served.run();
    served.transport->is_trying = false;
    const Failure why{.code = Code::invalid_request, .message = "too large"};
    served.server->on_tried(served.transport->trials.at(0), &why);
    served.server->on_tried(served.transport->trials.at(1), nullptr);
    served.run();
    EXPECT_EQ(series.of("work").successes(), 1U);
    EXPECT_EQ(series.of("work").failures(Code::internal), 1U);
}

TEST(MessageServerTrial, IsDroppedWhenThatIsRefusedToo) {
    Served served;
    served.transport->is_trying = true;
    served.caller->send({.correlation_id = "a"});
    served.run();
    const Failure why{.code = Code::no_responder, .message = "no such address"};
    served.server->on_tried(served.transport->trials.at(0), &why);
    ASSERT_EQ(served.transport->trials.size(), 2U);
    served.server->on_tried(served.transport->trials.at(1), &why);
    served.run();
    EXPECT_TRUE(served.caller->replies("a").empty());
    EXPECT_TRUE(served.is_empty());
    EXPECT_EQ(served.server->lost_replies().lost(), 1U);
    EXPECT_TRUE(served.stage.log.contains("a reply reaches nobody: no_responder"));
}

TEST(MessageServerTrial, CountsNoBytesOfAReplyThatReachesNobody) {
    Served served;
    const auto sent = [&served] { return served.server->counters().bytes_sent.get(); };
    for (const bool is_lost : {true, false}) {
        served.transport->is_trying = true;
        served.caller->send({.correlation_id = is_lost ? "a" : "b"});
        served.run();
        served.transport->is_trying = false;
        const runtime::DeliveryId delivery = served.transport->trials.back();
        if (is_lost) {
            served.server->on_reply_lost(delivery, {.correlation_id = "a"},
                                         {.code = Code::no_responder, .message = "gone"});
        } else {
            served.server->on_tried(delivery, nullptr);
        }
        served.run();
        EXPECT_TRUE(served.is_empty()) << "its request is acknowledged";
        EXPECT_EQ(sent() == 0, is_lost);
        EXPECT_EQ(served.server->lost_replies().lost(), 1U);
    }
    EXPECT_EQ(served.runs, 2);
}

TEST(MessageServerTrial, GoesOnWhileTheConnectionIsLost) {
    Served served;
    served.transport->is_trying = true;
    served.caller->send({.correlation_id = "a"});
    served.run();
    served.transport->is_trying = false;
    served.lose_connection();
    served.stage.executor.advance(1s);
    served.run();
    EXPECT_EQ(served.runs, 1) << "the redelivery waits for what becomes of the reply";
    EXPECT_EQ(served.broker.outstanding("queue"), 1U);
    served.server->on_tried(served.transport->trials.front(), nullptr);
    served.run();
    EXPECT_TRUE(served.is_empty());
    EXPECT_EQ(served.runs, 1);
}

TEST(MessageServerTrial, IsGivenBackWhenTheServerStopsAtOnce) {
    Served served;
    served.transport->is_trying = true;
    served.caller->send({.correlation_id = "a"});
    served.run();
    served.drain();
    served.server->stop_now();
    served.run();
    EXPECT_TRUE(served.drained);
    EXPECT_EQ(served.broker.ready("queue"), 1U);
    served.server->on_tried(served.transport->trials.front(), nullptr);
}

TEST(MessageServer, ARefusedReplyThatCountedAsSentIsReplacedOnce) {
    Served served;
    const Failure why{.code = Code::invalid_request, .message = "too large"};
    served.server->on_reply_refused(
        {.exchange = "work", .routing_key = served.caller->address(), .correlation_id = "a"}, why);
    served.run();
    EXPECT_NE(served.caller->reply("a").find("An unexpected error occurred"), std::string::npos);
    const std::array headers{Member{Value::text("warren-code"), Value::text("internal")}};
    served.server->on_reply_refused({.exchange = "work",
                                     .routing_key = served.caller->address(),
                                     .correlation_id = "a",
                                     .headers = Value::map(headers)},
                                    why);
    served.run();
    EXPECT_EQ(served.caller->replies("a").size(), 1U);
    EXPECT_EQ(served.server->lost_replies().lost(), 1U);
}

TEST(MessageServerRedelivery, AnotherBodyIsAnotherRequest) {
    Served served;
    // Somebody else's message, under the same correlation id, that was delivered elsewhere before.
    const std::string body = R"({"name":"other"})";
    served.while_running = [&] {
        served.lose_connection();
        served.server->on_consuming(99);
        served.server->on_delivery({.generation = 99, .tag = 1}, {.exchange = "work",
                                                                  .correlation_id = "a",
                                                                  .body = protocol::bytes_of(body),
                                                                  .redelivered = true,
                                                                  .body_bytes = body.size()});
        EXPECT_EQ(served.server->in_flight(), 2U);
    };
    served.caller->send({.correlation_id = "a"});
    served.run();
    EXPECT_EQ(served.runs, 2);
}

TEST(MessageServerRedelivery, APersistentRequestIsKnownAgainUnmarkedByAnIdThatIsUnique) {
    const std::string body = R"({"name":"other"})";
    const auto runs_of = [&](const char* correlation_id, std::uint8_t delivery_mode) {
        Served served;
        const protocol::MessageView message{.exchange = "work",
                                            .correlation_id = correlation_id,
                                            .delivery_mode = delivery_mode,
                                            .body = protocol::bytes_of(body),
                                            .body_bytes = body.size()};
        served.while_running = [&] {
            served.server->on_lost(98, {.code = Code::connection_lost, .message = "a restart"});
            served.server->on_consuming(99);
            served.server->on_delivery({.generation = 99, .tag = 1}, message);
        };
        served.server->on_consuming(98);
        served.server->on_delivery({.generation = 98, .tag = 1}, message);
        served.run();
        return served.runs;
    };
    EXPECT_EQ(runs_of("ea0d1c5e-6fd9-4cb8-a7ac-1b4f3a9f4a11", 2), 1);
    EXPECT_EQ(runs_of("ea0d1c5e-6fd9-4cb8-a7ac-1b4f3a9f4a11", 1), 2) << "it cannot have survived";
    EXPECT_EQ(runs_of("1", 2), 2) << "another request may have the same id";
}

TEST(MessageServerRedelivery, WithoutAMarkNothingIsARepetitionWhereNothingComesAgain) {
    for (const bool is_acknowledged : {false, true}) {
        Served served{
            {.lost_requests = is_acknowledged ? LostRequests::come_again : LostRequests::are_gone,
             .acknowledge =
                 is_acknowledged ? Acknowledge::before_handling : Acknowledge::with_reply}};
        const protocol::MessageView message{.exchange = "work",
                                            .correlation_id = one_id,
                                            .reply_to = served.caller->address(),
                                            .delivery_mode = 2,
                                            .body = protocol::bytes_of(R"({"name": "x"})")};
        served.while_running = [&] {
            served.server->on_lost(98, {.code = Code::connection_lost, .message = "cut"});
            served.server->on_consuming(99);
            served.server->on_delivery({.generation = 99, .tag = 1}, message);
        };
        served.server->on_consuming(98);
        served.server->on_delivery({.generation = 98, .tag = 1}, message);
        served.run();
        EXPECT_EQ(served.runs, 2);
        EXPECT_EQ(served.caller->replies(std::string{one_id}).size(), 2U);
    }
}

TEST(MessageServerRedelivery, WhatIsRememberedExpires) {
    Served served{{.redelivery_cache = {.ttl = 10s}}};
    served.broker.faults().on(Hop::settle, {.kind = Kind::close_after});
    served.caller->send({.correlation_id = "a"});
    served.run();
    EXPECT_EQ(served.server->redelivery_cache().size(), 1U);
    served.stage.executor.advance(9s);
    EXPECT_EQ(served.server->redelivery_cache().size(), 1U);
    served.stage.executor.advance(1s);
    EXPECT_EQ(served.server->redelivery_cache().size(), 0U);
    EXPECT_EQ(served.server->redelivery_cache().bytes(), 0U);
}

TEST(MessageServerRedelivery, TheOldestIsForgottenOverTheLimit) {
    for (const std::size_t entries_max : {2U, 3U}) {
        Served served{{.redelivery_cache = {.entries_max = entries_max}}};
        // Each runs while the connection of its delivery breaks.
        for (const char* id : {"a", "b", "c"}) {
            served.broker.faults().on(Hop::settle, {.kind = Kind::close_before});
            served.caller->send({.correlation_id = id});
        }
        served.turn();
        served.workers_run_while_disconnected();
        EXPECT_EQ(served.server->redelivery_cache().size(), entries_max);
        served.stage.executor.advance(1s);
        served.run();
        EXPECT_EQ(served.runs, entries_max == 3 ? 3 : 4) << "what is forgotten runs again";
        EXPECT_TRUE(served.is_empty());
    }
}

TEST(MessageServerRedelivery, NoMoreIsKeptThanTheBrokerCanDeliverAgain) {
    Served served{{.in_flight_max = 2}};
    for (int call = 0; call < 10; ++call) {
        served.caller->send({.correlation_id = std::to_string(call)});
    }
    served.run();
    served.lose_connection();
    EXPECT_EQ(served.server->redelivery_cache().size(), 2U);
}

// The end

TEST(MessageServerDrain, FinishesWhatWasDelivered) {
    Served served;
    served.caller->send({.correlation_id = "a"});
    served.caller->send({.correlation_id = "b"});
    served.turn();
    served.drain();
    served.turn();
    EXPECT_FALSE(served.drained);
    served.caller->send({.correlation_id = "late"});
    served.run();
    EXPECT_TRUE(served.drained);
    EXPECT_EQ(served.caller->reply("a"), ok_reply);
    EXPECT_EQ(served.caller->reply("b"), ok_reply);
    EXPECT_TRUE(served.caller->replies("late").empty());
    EXPECT_EQ(served.broker.ready("queue"), 1U) << "left to another server";
    EXPECT_EQ(served.broker.outstanding("queue"), 0U);
}

TEST(MessageServerDrain, AnIdleOneIsDoneWhenTheConsumerIs) {
    Served served;
    served.drain();
    EXPECT_FALSE(served.drained);
    served.turn();
    EXPECT_TRUE(served.drained);
}

TEST(MessageServerDrain, AnIdleOneEndsWithoutAConnectionToo) {
    Served served;
    served.lose_connection();
    served.drain();
    served.turn();
    EXPECT_TRUE(served.drained);
}

TEST(MessageServerDrain, WaitsForAConnectionToSendItsLastReplies) {
    Served served;
    served.while_running = [&] {
        served.lose_connection();
        served.drain();
        served.turn();
        EXPECT_FALSE(served.drained);
    };
    served.caller->send({.correlation_id = "a"});
    served.turn();
    served.workers_run_while_disconnected();
    EXPECT_FALSE(served.drained);
    EXPECT_EQ(served.server->unfinished(), "listener: replies that wait for a connection: 1");
    served.stage.executor.advance(1s);
    served.run();
    EXPECT_TRUE(served.drained);
    EXPECT_EQ(served.server->unfinished(), "");
    EXPECT_EQ(served.caller->reply("a"), ok_reply);
    EXPECT_TRUE(served.is_empty());
}

TEST(MessageServerDrain, SendsAgainWhatALostConnectionMayNotHaveBroughtToTheBroker) {
    for (const bool is_lost_first : {true, false}) {
        Served served;
        served.caller->send({.correlation_id = "a"});
        served.run();
        EXPECT_EQ(served.caller->reply("a"), ok_reply);
        if (is_lost_first) {
            served.lose_connection();
            served.drain();
        } else {
            served.transport->is_deaf = true;
            served.drain();
            served.lose_connection();
            served.server->on_stopped();
        }
        served.turn();
        EXPECT_FALSE(served.drained);
        EXPECT_EQ(served.server->unfinished(), "listener: replies that wait for a connection: 1");
        if (is_lost_first) {
            served.stage.executor.advance(1s);
            served.run();
            served.stage.executor.advance(500ms);
            served.run();
            EXPECT_TRUE(served.drained);
            EXPECT_EQ(served.caller->replies("a").size(), 2U) << "nobody knows whether it had one";
        }
    }
}

TEST(MessageServerDrain, NeedsNoConnectionForWhatTheBrokerHasSurelyRead) {
    Served served;
    served.transport->responses = true;
    served.caller->send({.correlation_id = "a"});
    served.run();
    served.stage.executor.advance(1s);
    served.run();
    EXPECT_EQ(served.transport->asked, 1U);
    served.caller->send({.correlation_id = "b"});
    served.run();
    served.server->on_heard();
    served.lose_connection();
    served.drain();
    served.turn();
    EXPECT_FALSE(served.drained);
    EXPECT_EQ(served.server->unfinished(), "listener: replies that wait for a connection: 1")
        << "the second was sent after the question";
    served.stage.executor.advance(1s);
    served.run();
    served.stage.executor.advance(500ms);
    served.run();
    EXPECT_TRUE(served.drained);
    EXPECT_EQ(served.caller->replies("a").size(), 1U);
    EXPECT_EQ(served.caller->replies("b").size(), 2U);
}

TEST(MessageServerDrain, IsCutShortWhileItWaitsForAConnection) {
    Served served;
    served.while_running = [&] {
        served.lose_connection();
        served.drain();
    };
    served.caller->send({.correlation_id = "a"});
    served.turn();
    served.workers_run_while_disconnected();
    EXPECT_FALSE(served.drained);
    served.server->stop_now();
    served.turn();
    EXPECT_TRUE(served.drained);
}

TEST(MessageServerDrain, IsCutShortWhileTheBrokerDoesNotAnswer) {
    Served served;
    served.transport->is_deaf = true;
    served.drain();
    served.run();
    EXPECT_FALSE(served.drained);
    EXPECT_EQ(served.server->unfinished(),
              "listener: the broker has not confirmed that it delivers no more");
    served.server->stop_now();
    served.run();
    EXPECT_TRUE(served.drained) << "no handler is to blame";
}

TEST(MessageServerDrain, WhatArrivesMeanwhileIsGivenBack) {
    Served served;
    served.caller->send({.correlation_id = "a"});
    // The delivery is on its way when the drain begins.
    while (served.broker.outstanding("queue") == 0) {
        ASSERT_TRUE(served.stage.executor.run_one());
    }
    served.drain();
    served.run();
    EXPECT_TRUE(served.drained);
    EXPECT_EQ(served.transport->requeued, 1U);
    EXPECT_EQ(served.runs, 0);
    EXPECT_EQ(served.broker.ready("queue"), 1U);
}

TEST(MessageServerStop, GivesBackAtOnceAndDropsLateResults) {
    Served served;
    bool stopped = false;
    served.while_running = [&] {
        served.server->stop_now([&] { stopped = true; });
        served.turn();
        EXPECT_FALSE(stopped) << "a handler still runs";
        EXPECT_EQ(served.broker.ready("queue"), 1U);
    };
    served.caller->send({.correlation_id = "a"});
    served.run();
    EXPECT_TRUE(stopped);
    EXPECT_TRUE(served.caller->replies("a").empty());
    EXPECT_EQ(served.broker.ready("queue"), 1U);
    EXPECT_EQ(served.transport->ends_max(), 1);
}

TEST(MessageServerStop, CutsADrainShort) {
    Served served;
    served.while_running = [&] {
        served.drain();
        served.server->stop_now();
        served.turn();
        EXPECT_EQ(served.broker.ready("queue"), 1U);
        EXPECT_FALSE(served.drained);
    };
    served.caller->send({.correlation_id = "a"});
    served.run();
    EXPECT_TRUE(served.drained);
}

TEST(MessageServerStop, NeverRunsWhatItGaveBack) {
    Served served;
    served.caller->send({.correlation_id = "a"});
    served.turn();
    bool stopped = false;
    served.server->stop_now([&] { stopped = true; });
    served.turn();
    EXPECT_TRUE(stopped);
    EXPECT_EQ(served.stage.workers.run_all(), 0U);
    EXPECT_EQ(served.runs, 0);
    EXPECT_EQ(served.broker.ready("queue"), 1U);
    EXPECT_TRUE(served.caller->replies("a").empty());
}

}  // namespace
}  // namespace warren::runtime::test
