#include "runtime/server/stream_server.hpp"

#include "unit/runtime/server/stream_harness.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>

namespace warren::runtime::test::stream_server_test {

/// Methods that give their name back: `echo` where it is read, `work` on a worker.
struct Served : ServedStream {
    int runs = 0;
    std::function<void(Context&)> during{};

    explicit Served(
        StreamServerOptions options = {},
        std::unique_ptr<protocol::StreamProtocol> spoken = protocol::make_msgpack_rpc_protocol())
        : ServedStream{std::move(spoken)} {
        const auto handler = [this](std::string name, Context& context) {
            ++runs;
            if (name == "throw") {
                throw std::runtime_error{"defect"};
            }
            if (during) {
                during(context);
            }
            return name;
        };
        stage.registry.method("echo", handler, {"name"}).run_on_io_thread();
        stage.registry.method("work", handler, {"name"});
        stage.registry.method("alone", handler, {"name"}).run_alone();
        serve(std::move(options));
    }
};

std::string request(int id, std::string_view method, std::string_view name) {
    return packed(R"([0,)" + std::to_string(id) + R"(,")" + std::string{method} + R"(",[")" +
                  std::string{name} + R"("]])");
}

std::string response(int id, std::string_view name) {
    return "[1," + std::to_string(id) + ",null,\"" + std::string{name} + "\"]";
}

/// Whether a response is this failure, and says so.
testing::AssertionResult is_failure(const std::string& text, int id, std::string_view code,
                                    std::string_view part) {
    const std::string start =
        "[1," + std::to_string(id) + R"(,{"code":")" + std::string{code} + '"';
    if (text.starts_with(start) && text.find(part) != std::string::npos) {
        return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << text << " is not " << code << " (" << part << ")";
}

TEST(StreamServer, AnswersAllThatOneReadBroughtInOneTurn) {
    Served served;
    FakeConnection& peer = served.connect();
    peer.receive(request(1, "echo", "a") + request(2, "echo", "b") + request(3, "echo", "c"));
    EXPECT_EQ(peer.take_responses(), (Texts{response(1, "a"), response(2, "b"), response(3, "c")}));
    EXPECT_EQ(peer.touches, 1);
    EXPECT_EQ(peer.unread(), 0U);
    EXPECT_FALSE(peer.is_busy());
    EXPECT_EQ(served.server->in_flight(), 0U);
}

TEST(StreamServer, PushesTheAnswersToTheFirstHalfOfManyRequests) {
    Served served;
    FakeConnection& peer = served.connect();
    std::string requests;
    for (int id = 0; id < 100; ++id) {
        requests += request(id, "echo", "a");
    }
    peer.receive(requests);
    const Texts first = unpacked(peer.pushed);
    const Texts second = peer.take_responses();
    ASSERT_EQ(first.size(), 50U);
    ASSERT_EQ(second.size(), 50U);
    EXPECT_EQ(first.back(), response(49, "a"));
    EXPECT_EQ(second.front(), response(50, "a"));
    EXPECT_EQ(peer.touches, 2);
}

TEST(StreamServer, AnswersTheSameHoweverTheRequestsAreCut) {
    const std::string stream = request(1, "echo", "first") + request(2, "nothing", "x") +
                               packed(R"([2,"echo",["said"]])") + request(300, "echo", "last");
    Served whole;
    FakeConnection& peer = whole.connect();
    peer.receive(stream);
    const std::string expected = peer.take_output();
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        Served served;
        FakeConnection& halves = served.connect();
        halves.receive(std::string_view{stream}.substr(0, cut));
        halves.receive(std::string_view{stream}.substr(cut));
        EXPECT_EQ(halves.take_output(), expected) << cut;
    }
    Served served;
    FakeConnection& bytes = served.connect();
    for (const char byte : stream) {
        bytes.receive({&byte, 1});
    }
    EXPECT_EQ(bytes.take_output(), expected);
    EXPECT_EQ(served.runs, 3);
}

TEST(StreamServer, SaysHowMuchIsMissing) {
    Served served;
    FakeConnection& peer = served.connect();
    const std::string whole = request(1, "echo", std::string(200, 'x'));
    peer.receive(std::string_view{whole}.substr(0, 20));
    EXPECT_EQ(peer.wanted(), whole.size());
    peer.receive(std::string_view{whole}.substr(20));
    EXPECT_EQ(peer.take_responses().size(), 1U);
    EXPECT_EQ(peer.wanted(), 1U);
}

TEST(StreamServer, WhatWorkersAnswerComesInOneBatchInTheirOrder) {
    Served served;
    FakeConnection& peer = served.connect();
    FakeConnection& other = served.connect();
    peer.receive(request(1, "work", "slow") + request(2, "echo", "quick"));
    other.receive(request(1, "work", "other"));
    peer.receive(request(3, "work", "late"));
    EXPECT_EQ(peer.take_responses(), Texts{response(2, "quick")});
    EXPECT_TRUE(peer.is_busy());
    EXPECT_EQ(served.server->in_flight(), 3U);
    served.turn();
    EXPECT_EQ(served.stage.workers.run_all(), 3U);
    EXPECT_EQ(peer.take_output(), "");
    EXPECT_EQ(served.stage.executor.run_until_idle(), 1U);
    EXPECT_EQ(peer.take_responses(), (Texts{response(1, "slow"), response(3, "late")}));
    EXPECT_EQ(other.take_responses(), Texts{response(1, "other")});
    EXPECT_FALSE(peer.is_busy());
    EXPECT_EQ(served.server->in_flight(), 0U);
}

TEST(StreamServer, AnswersInTheOrderOfCompletion) {
    Served served;
    FakeConnection& peer = served.connect();
    peer.receive(request(1, "alone", "a") + request(2, "alone", "b") + request(3, "work", "c"));
    served.turn();
    while (served.stage.workers.run_one()) {
        served.turn();
    }
    served.turn();
    EXPECT_EQ(peer.take_responses(), (Texts{response(1, "a"), response(3, "c"), response(2, "b")}));
}

TEST(StreamServer, EveryFailureIsAnswered) {
    Served served;
    FakeConnection& peer = served.connect();
    peer.receive(packed(R"([0,1,"nothing",[]])") + packed(R"([0,2,"echo",[5]])") +
                 packed(R"([0,3,"echo",["throw"]])") + packed(R"([0,4,5,[]])") +
                 packed(R"([0,5,"echo",["a",{"$warren":"positional","timeout_ms":0}]])"));
    const Texts responses = peer.take_responses();
    ASSERT_EQ(responses.size(), 5U);
    EXPECT_TRUE(is_failure(responses[0], 1, "no_such_method", "'nothing'"));
    EXPECT_TRUE(is_failure(responses[1], 2, "invalid_request", R"("string_type")"));
    EXPECT_TRUE(is_failure(responses[2], 3, "internal", "unexpected"));
    EXPECT_TRUE(served.stage.log.contains("echo (listener): ")) << "it has no id of its own";
    EXPECT_TRUE(is_failure(responses[3], 4, "invalid_request", "method_type"));
    EXPECT_TRUE(is_failure(responses[4], 5, "expired_in_queue", "deadline"));
    EXPECT_EQ(served.runs, 1);
    EXPECT_FALSE(peer.is_closing());
}

TEST(StreamServer, NotificationsRunAndAreNotAnswered) {
    Served served;
    FakeConnection& peer = served.connect();
    peer.receive(packed(R"([2,"echo",["a"]])") + packed(R"([2,"work",["b"]])") +
                 packed(R"([2,"nothing",[]])") + packed(R"([2,"echo",[5]])"));
    EXPECT_TRUE(peer.is_busy());
    served.run();
    EXPECT_EQ(served.runs, 2);
    EXPECT_EQ(peer.take_output(), "");
    EXPECT_EQ(peer.touches, 0);
    EXPECT_FALSE(peer.is_busy());
}

TEST(StreamServer, HandlersKnowTheCallerTheAttemptAndTheDeadline) {
    Served served;
    std::string caller;
    std::uint32_t attempt = 0;
    std::optional<TimePoint> deadline;
    served.during = [&](Context& context) {
        caller = context.caller;
        attempt = context.attempt;
        deadline = context.deadline;
    };
    FakeConnection& peer = served.connect("CN=alice");
    peer.receive(
        packed(R"([0,1,"work",["a",{"$warren":"positional","timeout_ms":250,"attempt":3}]])"));
    const TimePoint received = served.stage.executor.now();
    served.run();
    EXPECT_EQ(caller, "CN=alice");
    EXPECT_EQ(attempt, 3U);
    EXPECT_EQ(deadline, received + 250ms);
}

TEST(StreamServer, ACallThatWaitsTooLongIsAnsweredInTime) {
    Served served;
    FakeConnection& peer = served.connect();
    peer.receive(request(1, "alone", "a") +
                 packed(R"([0,2,"alone",["b",{"$warren":"positional","timeout_ms":100}]])"));
    served.turn();
    served.stage.executor.advance(101ms);
    const Texts responses = peer.take_responses();
    ASSERT_EQ(responses.size(), 1U);
    EXPECT_TRUE(is_failure(responses[0], 2, "expired_in_queue", "deadline"));
    served.run();
    EXPECT_EQ(peer.take_responses(), Texts{response(1, "a")});
}

TEST(StreamServer, HoldsTheLimitOfCallsPerConnection) {
    Served served{{.limits = {.in_flight_per_connection_max = 2}}};
    FakeConnection& peer = served.connect();
    FakeConnection& other = served.connect();
    peer.receive(request(1, "work", "a") + request(2, "work", "b") + request(3, "work", "c") +
                 request(4, "echo", "d") + packed(R"([2,"work",["e"]])"));
    other.receive(request(1, "echo", "free"));
    const Texts refused = peer.take_responses();
    ASSERT_EQ(refused.size(), 2U);
    EXPECT_TRUE(is_failure(refused[0], 3, "overloaded", "connection_requests_max"));
    EXPECT_TRUE(is_failure(refused[0], 3, "overloaded", R"("retry_after_ms":1000)"));
    EXPECT_TRUE(is_failure(refused[1], 4, "overloaded", "connection_requests_max"));
    EXPECT_EQ(other.take_responses(), Texts{response(1, "free")});
    served.run();
    EXPECT_EQ(peer.take_responses(), (Texts{response(1, "a"), response(2, "b")}));
    peer.receive(request(5, "echo", "again"));
    EXPECT_EQ(peer.take_responses(), Texts{response(5, "again")});
    EXPECT_EQ(served.runs, 5);
}

TEST(StreamServer, HoldsTheLimitOfCallsInAll) {
    Served served{{.limits = {.in_flight_max = 2}}};
    FakeConnection& first = served.connect();
    FakeConnection& second = served.connect();
    first.receive(request(1, "work", "a"));
    second.receive(request(1, "work", "b") + request(2, "work", "c"));
    const Texts refused = second.take_responses();
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_TRUE(is_failure(refused[0], 2, "overloaded", "(max_simultaneous_requests)"));
    served.run();
    EXPECT_EQ(first.take_responses(), Texts{response(1, "a")});
    EXPECT_EQ(second.take_responses(), Texts{response(1, "b")});
}

TEST(StreamServer, RefusesWhatItsTransportCannotServe) {
    Served served;
    FakeConnection& peer = served.connect();
    peer.refuses_with = "too many peers";
    peer.receive(request(1, "work", "a") + packed(R"([2,"work",["b"]])"));
    const Texts refused = peer.take_responses();
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_TRUE(is_failure(refused[0], 1, "overloaded", "too many peers"));
    EXPECT_TRUE(is_failure(refused[0], 1, "overloaded", R"("retry_after_ms":1000)"));
    EXPECT_EQ(served.stage.dispatcher.one_way_failures(), 1U);
    EXPECT_FALSE(peer.is_busy());
    EXPECT_EQ(served.runs, 0);
}

TEST(StreamServer, HoldsTheLimitOfBytesInAll) {
    const std::string big(100, 'x');
    const std::size_t each = request(1, "work", big).size();
    Served served{{.limits = {.in_flight_bytes_max = 2 * each}}};
    FakeConnection& first = served.connect();
    FakeConnection& second = served.connect();
    first.receive(request(1, "work", big));
    second.receive(request(1, "work", big) + request(2, "work", "c"));
    const Texts refused = second.take_responses();
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_TRUE(is_failure(refused[0], 2, "overloaded", "(requests_bytes_max)"));
    served.run();
    EXPECT_EQ(first.take_responses(), Texts{response(1, big)});
    EXPECT_EQ(second.take_responses(), Texts{response(1, big)});
    // One alone may be as big as any message.
    first.receive(request(3, "work", std::string(4 * each, 'y')));
    EXPECT_TRUE(first.take_responses().empty());
    second.receive(request(4, "work", "d"));
    EXPECT_EQ(second.take_responses().size(), 1U);
    served.run();
    EXPECT_EQ(first.take_responses().size(), 1U);
    // What was refused is not counted any more, either.
    first.receive(request(5, "work", big) + request(6, "work", big));
    EXPECT_TRUE(first.take_responses().empty());
}

TEST(StreamServer, HoldsTheLimitOfBytesOfAConnection) {
    const std::string big(100, 'x');
    const std::size_t each = request(1, "work", big).size();
    Served served{{.limits = {.in_flight_bytes_per_connection_max = 2 * each}}};
    FakeConnection& first = served.connect();
    FakeConnection& second = served.connect();
    first.receive(request(1, "work", big) + request(2, "work", big) + request(3, "work", "c"));
    second.receive(request(4, "work", big));
    const Texts refused = first.take_responses();
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_TRUE(is_failure(refused[0], 3, "overloaded", "(connection_requests_bytes_max)"));
    served.run();
    EXPECT_EQ(first.take_responses(), (Texts{response(1, big), response(2, big)}));
    EXPECT_EQ(second.take_responses(), Texts{response(4, big)});
    first.receive(request(5, "work", big) + request(6, "work", big));
    EXPECT_TRUE(first.take_responses().empty()) << "all was given back";
}

// What `work` and `echo` are answered, with an id of one digit.
std::size_t response_bytes(std::string_view name) {
    return packed(response(1, name)).size();
}

TEST(StreamServer, StartsNoWorkWhileTooManyAnswersWaitForTheirConnection) {
    const std::string name(60, 'x');
    for (const std::size_t over : {0U, 1U}) {
        Served served{
            {.limits = {.responses_bytes_per_connection_max = response_bytes(name) - over}}};
        FakeConnection& peer = served.connect();
        FakeConnection& other = served.connect();
        peer.receive(request(1, "work", name) + request(2, "work", name) +
                     request(3, "work", name));
        other.receive(request(1, "work", "o"));
        served.run();
        EXPECT_EQ(served.runs, over == 0 ? 3 : 2);
        peer.receive(request(4, "echo", name));
        EXPECT_EQ(other.take_responses(), Texts{response(1, "o")});
        const Texts responses = peer.take_responses();
        ASSERT_EQ(responses.size(), 4U);
        EXPECT_EQ(responses[0], response(1, name));
        EXPECT_EQ(responses[1] == response(2, name), over == 0);
        for (std::size_t refused = over == 0 ? 2 : 1; refused < 4; ++refused) {
            EXPECT_TRUE(is_failure(responses[refused], static_cast<int>(refused) + 1, "overloaded",
                                   "(connection_answers_bytes_max)"));
        }
        // It has taken them.
        peer.receive(request(5, "work", name));
        served.run();
        EXPECT_EQ(peer.take_responses(), Texts{response(5, name)});
    }
}

TEST(StreamServer, StartsNoWorkWhileTooManyAnswersWaitInAll) {
    const std::string name(60, 'x');
    for (const std::size_t over : {0U, 1U}) {
        Served served{{.limits = {.answers_bytes_max = 2 * response_bytes(name) - over}}};
        FakeConnection& first = served.connect();
        FakeConnection& second = served.connect();
        first.receive(request(1, "echo", name));
        second.receive(request(1, "echo", name));
        second.receive(request(2, "echo", name));
        const Texts responses = second.take_responses();
        ASSERT_EQ(responses.size(), 2U);
        if (over == 0) {
            EXPECT_EQ(responses[1], response(2, name));
        } else {
            EXPECT_TRUE(is_failure(responses[1], 2, "overloaded", "(answers_bytes_max)"));
        }
    }
}

TEST(StreamServer, AnswersOfAConnectionThatIsGoneWaitNoMore) {
    const std::string name(60, 'x');
    Served served{{.limits = {.responses_bytes_per_connection_max = 10, .answers_bytes_max = 10}}};
    FakeConnection& sent = served.connect();
    FakeConnection& working = served.connect();
    working.receive(request(1, "work", name));
    served.during = [&](Context&) { working.lose(); };
    served.run();
    EXPECT_EQ(served.server->counters().dropped_responses, 1U);
    served.during = nullptr;
    sent.receive(request(1, "echo", name));
    sent.lose();
    FakeConnection& next = served.connect();
    next.receive(request(1, "echo", name));
    EXPECT_EQ(next.take_responses(), Texts{response(1, name)});
    next.receive(request(2, "work", name));
    served.run();
    EXPECT_EQ(next.take_responses(), Texts{response(2, name)});
}

TEST(StreamServer, OneTurnAddsSoMuchOutputAndTheNextGoesOn) {
    Served served{{.turn_output_bytes_max = 100}};
    FakeConnection& peer = served.connect();
    const std::string name(60, 'x');
    std::string stream;
    for (int id = 1; id <= 5; ++id) {
        stream += request(id, "echo", name);
    }
    peer.receive(stream);
    EXPECT_EQ(peer.take_responses(), (Texts{response(1, name), response(2, name)}));
    EXPECT_TRUE(peer.is_paused());
    served.stage.executor.run_one();
    served.stage.executor.run_one();
    EXPECT_EQ(peer.take_responses(), (Texts{response(3, name), response(4, name)}));
    served.run();
    EXPECT_EQ(peer.take_responses(), Texts{response(5, name)});
    EXPECT_FALSE(peer.is_paused());
    // A connection that is gone by then is not looked for.
    peer.receive(stream);
    peer.lose();
    served.run();
}

TEST(StreamServer, AReplyOverTheLimitIsAFailureThatNamesIt) {
    const core::Limits limits{.body_bytes_max = 200};
    Served served{{}, protocol::make_msgpack_rpc_protocol({}, limits)};
    served.stage.registry.method(
        "grow", [](int size) { return std::string(std::size_t(size), 'x'); }, {"size"});
    served.server.reset();
    served.serve();
    FakeConnection& peer = served.connect();
    // [1, 1, nil, str8] has 4 + 2 bytes around the text.
    peer.receive(packed(R"([0,1,"grow",[194]])") + packed(R"([0,2,"grow",[195]])"));
    served.run();
    const Texts responses = peer.take_responses();
    ASSERT_EQ(responses.size(), 2U);
    EXPECT_EQ(responses[0], response(1, std::string(194, 'x')));
    EXPECT_TRUE(is_failure(responses[1], 2, "internal", "body_bytes_max"));
    EXPECT_TRUE(served.stage.log.contains("the reply cannot be sent: ")) << "as at a broker";
    EXPECT_EQ(served.stage.log.count(LogLevel::error), 1U);
}

TEST(StreamServer, AReplyThatCannotBeWrittenIsToldByItsPlace) {
    Served served;
    served.stage.registry.method("split", [](int) { return std::string{"\xff"}; }, {"size"})
        .run_on_io_thread();
    served.stage.registry.method("part", [](int) { return std::string{"\xff"}; }, {"size"});
    served.server.reset();
    served.serve();
    FakeConnection& peer = served.connect();
    peer.receive(packed(R"([0,1,"split",[1]])") + packed(R"([0,2,"part",[1]])"));
    served.run();
    ASSERT_EQ(peer.take_responses().size(), 2U);
    EXPECT_EQ(served.stage.log.count(LogLevel::error), 2U);
}

TEST(StreamServer, ALineAboutACallSaysWhereItComesFrom) {
    ServedStream served{ShowCalls{}};
    served.stage.registry.method("fine", [] {});
    served.serve();
    FakeConnection& first = served.connect();
    first.address = "127.0.0.1:40123";
    FakeConnection& unknown = served.connect();
    first.receive(packed(R"([0,1,"fine",[]])") + packed(R"([0,2,"none",[]])"));
    unknown.receive(packed(R"([0,1,"fine",[]])"));
    served.run();
    EXPECT_TRUE(served.stage.log.contains("call of fine (listener) from 127.0.0.1:40123: ok"));
    EXPECT_TRUE(
        served.stage.log.contains("call of none (listener) from 127.0.0.1:40123: no_such_method"));
    EXPECT_TRUE(served.stage.log.contains("call of fine (listener) from listener: ok"));
}

TEST(StreamServer, ABrokenStreamIsAnsweredAndClosed) {
    for (const bool has_id : {true, false}) {
        Served served;
        FakeConnection& peer = served.connect();
        const std::string broken =
            has_id ? std::string{"\x94\x00\x07\xa1m\xc1", 6} : std::string{"\xc1"};
        peer.receive(request(1, "work", "a") + request(2, "echo", "b") + broken + "rest");
        EXPECT_TRUE(peer.is_paused());
        EXPECT_FALSE(peer.is_closing()) << "the first call is not answered";
        const Texts responses = peer.take_responses();
        ASSERT_EQ(responses.size(), has_id ? 2U : 1U);
        EXPECT_EQ(responses[0], response(2, "b"));
        if (has_id) {
            EXPECT_TRUE(responses[1].contains("invalid_request")) << responses[1];
        }
        served.run();
        EXPECT_EQ(peer.take_responses(), Texts{response(1, "a")});
        EXPECT_TRUE(peer.is_closing());
        EXPECT_EQ(served.server->counters().broken_streams, 1U);
        EXPECT_EQ(served.server->in_flight(), 0U);
    }
}

TEST(StreamServer, AMessageOfAWrongLengthIsAnsweredAndTheStreamGoesOn) {
    Served served;
    FakeConnection& peer = served.connect();
    peer.receive(packed(R"([0,7,"echo",["a"],5])") + packed(R"([2,"echo",["b"],5])") +
                 packed("[0,8]") + request(9, "echo", "c"));
    const Texts responses = peer.take_responses();
    ASSERT_EQ(responses.size(), 3U);
    EXPECT_TRUE(is_failure(responses[0], 7, "invalid_request", "message_length"));
    EXPECT_TRUE(is_failure(responses[1], 8, "invalid_request", "message_length"));
    EXPECT_EQ(responses[2], response(9, "c"));
    EXPECT_FALSE(peer.is_closing());
    EXPECT_EQ(served.stage.dispatcher.one_way_failures(), 1U) << "of which nobody else hears";
}

TEST(StreamServer, ABrokenStreamWithNothingUnderWayClosesAtOnce) {
    for (const std::string& broken : {std::string{"GET / HTTP/1.1\r\n\r\n"}, packed("[1,1,null,5]"),
                                      packed("[]"), std::string(1000, '\x91')}) {
        Served served;
        FakeConnection& peer = served.connect();
        peer.receive(broken);
        EXPECT_TRUE(peer.is_closing());
        EXPECT_EQ(peer.take_output(), "");
        EXPECT_EQ(served.server->counters().broken_streams, 1U);
    }
}

TEST(StreamServer, OfManyBrokenStreamsOneLineIsSaid) {
    Served served;
    const auto lines_said = [&] {
        for (int at = 0; at < 3; ++at) {
            served.connect().receive("GET / HTTP/1.1\r\n\r\n");
        }
        return served.stage.log.count(LogLevel::info);
    };
    EXPECT_EQ(lines_said(), 1U);
    EXPECT_TRUE(served.stage.log.contains("listener: a connection is closed"));
    served.stage.executor.advance(9'999ms);
    EXPECT_EQ(lines_said(), 1U);
    served.stage.executor.advance(1ms);
    EXPECT_EQ(lines_said(), 2U);
}

TEST(StreamServer, OfAConnectionThatIsGoneOnlyNotificationsStillStart) {
    Served served;
    FakeConnection& lost = served.connect();
    FakeConnection& other = served.connect();
    lost.receive(request(1, "work", "a") + packed(R"([2,"work",["b"]])") + request(2, "work", "c"));
    other.receive(request(1, "work", "d"));
    lost.lose();
    served.run();
    EXPECT_EQ(served.runs, 2);
    EXPECT_EQ(other.take_responses(), Texts{response(1, "d")});
    EXPECT_EQ(served.server->in_flight(), 0U);
}

TEST(StreamServer, AnswersForAConnectionThatIsGoneAreDropped) {
    Served served;
    FakeConnection& lost = served.connect();
    lost.receive(request(1, "work", "a") + packed(R"([2,"work",["b"]])"));
    served.turn();
    ASSERT_TRUE(served.stage.workers.run_one());
    lost.lose();
    EXPECT_EQ(served.server->sessions(), 0U);
    // Its place is given to another, which must not get its responses.
    FakeConnection& next = served.connect();
    served.run();
    EXPECT_EQ(served.runs, 2);
    EXPECT_EQ(next.take_output(), "");
    EXPECT_FALSE(next.is_busy());
    EXPECT_EQ(served.server->counters().dropped_responses, 1U);
    EXPECT_EQ(served.server->in_flight(), 0U);
    next.receive(request(1, "echo", "c"));
    EXPECT_EQ(next.take_responses(), Texts{response(1, "c")});
}

TEST(StreamServer, DrainAnswersWhatIsThereAndRefusesTheRest) {
    Served served;
    FakeConnection& peer = served.connect();
    peer.receive(request(1, "work", "a"));
    served.turn();
    served.drain();
    EXPECT_FALSE(served.transport.is_listening);
    peer.receive(request(2, "echo", "b") + request(3, "work", "c"));
    const Texts refused = peer.take_responses();
    ASSERT_EQ(refused.size(), 2U);
    EXPECT_TRUE(is_failure(refused[0], 2, "overloaded", "stopping"));
    EXPECT_TRUE(is_failure(refused[1], 3, "overloaded", "stopping"));
    served.turn();
    EXPECT_FALSE(served.drained);
    served.run();
    EXPECT_FALSE(served.drained) << "the answer has not left";
    EXPECT_EQ(served.server->unfinished(),
              "listener: answers that wait for a connection to take them: 6 bytes");
    EXPECT_EQ(peer.take_responses(), Texts{response(1, "a")});
    served.turn();
    EXPECT_TRUE(served.drained);
    EXPECT_EQ(served.server->unfinished(), "");
    EXPECT_FALSE(peer.is_closing());
    EXPECT_EQ(served.runs, 1);
}

TEST(StreamServer, DrainWaitsForWhatTheTransportHolds) {
    Served served;
    served.transport.held = 7;
    served.drain();
    served.turn();
    EXPECT_FALSE(served.drained);
    EXPECT_TRUE(served.server->unfinished().ends_with(" to take them: 7 bytes"));
    served.transport.held = 0;
    served.stage.executor.advance(1s);
    served.turn();
    EXPECT_TRUE(served.drained);
}

TEST(StreamServer, DrainWithNothingUnderWaySaysSoLater) {
    Served served;
    served.drain();
    EXPECT_FALSE(served.drained);
    served.turn();
    EXPECT_TRUE(served.drained);
}

TEST(StreamServer, StopNowClosesAndDropsResults) {
    Served served;
    FakeConnection& peer = served.connect();
    FakeConnection& idle = served.connect();
    peer.receive(request(1, "work", "a"));
    served.turn();
    bool stopped = false;
    served.drain();
    served.server->stop_now([&] { stopped = true; });
    EXPECT_TRUE(peer.is_closing());
    EXPECT_TRUE(idle.is_closing());
    EXPECT_FALSE(peer.is_busy());
    EXPECT_EQ(served.server->sessions(), 0U);
    served.turn();
    EXPECT_FALSE(stopped);
    served.run();
    EXPECT_TRUE(stopped);
    EXPECT_TRUE(served.drained);
    EXPECT_EQ(peer.take_output(), "");
    EXPECT_EQ(served.server->counters().dropped_responses, 1U);
    peer.lose();
}

TEST(StreamServer, AConnectionMayOutliveItsServer) {
    Served served;
    FakeConnection& peer = served.connect();
    peer.receive(request(1, "echo", "a"));
    served.server.reset();
    peer.take_output();
    peer.receive(request(2, "echo", "b"));
    EXPECT_EQ(peer.take_output(), "");
    EXPECT_EQ(peer.unread(), 0U);
    peer.lose();
    served.serve();
}

TEST(StreamServer, AHandlerThatCancelsOthersAnswersEachItsOwnConnection) {
    Served served;
    FakeConnection& waits = served.connect();
    FakeConnection& cancels = served.connect();
    waits.receive(request(1, "alone", "a") + request(2, "alone", "b"));
    served.turn();
    served.during = [&](Context&) { served.stage.dispatcher.cancel_all(); };
    cancels.receive(request(9, "echo", "c"));
    EXPECT_EQ(cancels.take_responses(), Texts{response(9, "c")});
    served.during = {};
    served.run();
    const Texts responses = waits.take_responses();
    ASSERT_EQ(responses.size(), 2U);
    EXPECT_TRUE(is_failure(responses[0], 2, "overloaded", "stopping"));
    EXPECT_TRUE(is_failure(responses[1], 1, "overloaded", "stopping"));
}

TEST(StreamServer, TheWorkersLimitRefusesAtOnce) {
    ServedStream served;
    ManualWorkers few{1};
    Dispatcher dispatcher{few, served.stage.executor, served.stage.log};
    served.stage.registry.method("work", [](std::string name) { return name; }, {"name"});
    StreamServerOptions options;
    options.listener.methods = served.stage.registry.all();
    served.server = std::make_unique<StreamServer>(*served.protocol, served.transport, dispatcher,
                                                   served.stage.log, std::move(options));
    FakeConnection& peer = served.connect();
    peer.receive(request(1, "work", "a") + request(2, "work", "b"));
    served.turn();
    const Texts refused = peer.take_responses();
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_TRUE(is_failure(refused[0], 2, "overloaded", "queued_calls_max"));
    few.run_all();
    served.turn();
    EXPECT_EQ(peer.take_responses(), Texts{response(1, "a")});
    served.server.reset();
    served.serve();
}

// arrpc tells answers apart by their order only.

struct ServedArrpc : Served {
    explicit ServedArrpc(std::string method, std::vector<std::string> secrets = {},
                         StreamServerOptions options = {})
        : Served{std::move(options), protocol::make_arrpc_protocol(std::move(method), secrets)} {}
};

TEST(StreamServerInOrder, TakesOneRequestAtATime) {
    ServedArrpc served{"work"};
    FakeConnection& peer = served.connect();
    for (const char* const text : {R"("a")", R"("b")"}) {
        peer.receive(packed(text).substr(0, 1));
        EXPECT_EQ(served.server->in_flight(), 0U);
        peer.receive(packed(text).substr(1));
        EXPECT_EQ(served.server->in_flight(), 1U);
        EXPECT_TRUE(peer.is_busy());
        served.run();
        EXPECT_EQ(peer.take_responses(), Texts{text});
        EXPECT_FALSE(peer.is_paused());
    }
    EXPECT_EQ(served.runs, 2);
}

TEST(StreamServerInOrder, AnswersEachRequestWhereHandlersRunInline) {
    ServedArrpc served{"echo"};
    FakeConnection& peer = served.connect();
    peer.receive(packed(R"("a")"));
    EXPECT_EQ(peer.take_responses(), Texts{R"("a")"});
    peer.receive(packed("5"));
    EXPECT_EQ(
        peer.take_responses().at(0).find("\"arrpc.error.RpcException: Request validation failed"),
        0U);
    peer.receive(packed(R"("")"));
    EXPECT_EQ(peer.take_responses(), Texts{R"("")"});
}

TEST(StreamServerInOrder, RefusesARequestThatMoreComesWithAndRunsNothing) {
    for (const std::string& bytes :
         {std::string{"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"},
          packed(R"("a")") + packed(R"("b")"), packed(R"("a")") + "\xc1 and more"}) {
        ServedArrpc served{"work"};
        FakeConnection& peer = served.connect();
        peer.receive(bytes);
        served.run();
        const Texts responses = peer.take_responses();
        ASSERT_EQ(responses.size(), 1U);
        EXPECT_EQ(responses[0].find("\"arrpc.error.RpcException: "), 0U);
        EXPECT_TRUE(peer.is_closing());
        EXPECT_EQ(served.runs, 0);
        EXPECT_EQ(served.server->counters().broken_streams, 1U);
        EXPECT_TRUE(served.stage.log.contains("no message of arrpc"));
    }
}

TEST(StreamServerInOrder, RefusesWhatIsNotSignedAndGoesOn) {
    ServedArrpc served{"echo", {"new", "old"}};
    const auto client = protocol::make_arrpc_protocol("", {"old"});
    const protocol::Call call{.style = model::ArgumentStyle::bare, .arguments = Value::text("a")};
    protocol::StreamTicket ticket;
    std::string bytes;
    ASSERT_TRUE(client->encode_call(call, ticket, 0, bytes));
    FakeConnection& peer = served.connect();
    peer.receive(packed("7"));
    EXPECT_EQ(peer.take_responses().at(0).find("\"arrpc.error.AuthException: "), 0U);
    peer.receive(bytes);
    EXPECT_EQ(peer.take_responses(), Texts{R"("a")"});
}

TEST(StreamServerInOrder, WhatWaitedIsReadWhenItsTurnComes) {
    ServedArrpc served{"work"};
    FakeConnection& peer = served.connect();
    peer.receive(packed(R"("a")"));
    peer.receive(packed(R"("b")"));
    EXPECT_EQ(served.server->in_flight(), 1U);
    served.drain();
    served.run();
    const Texts responses = peer.take_responses();
    ASSERT_EQ(responses.size(), 2U);
    EXPECT_EQ(responses[0], R"("a")");
    EXPECT_EQ(responses[1], R"("arrpc.error.RpcException: This server is stopping")");
    served.turn();
    EXPECT_TRUE(served.drained);
}

}  // namespace warren::runtime::test::stream_server_test
