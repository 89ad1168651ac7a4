#include "protocol/pyzmqrpc.hpp"
#include "protocol/pyzmqrpc_protocol.hpp"
#include "runtime/server/stream_server.hpp"
#include "unit/runtime/server/peer_harness.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

// A stream server where the transport keeps messages apart.
namespace warren::runtime::test {
namespace {

constexpr std::string_view beat_response = R"({"status_code": 200, "status_message": "OK"})";

TEST(StreamServerMessages, EachAnswerIsAMessage) {
    ServedMessages served{protocol::make_msgpack_rpc_protocol({.whole_messages = true})};
    const std::string first = packed(R"([0,1,"echo",["a"]])");
    const std::string second = packed(R"([0,2,"work",["b"]])");
    served.peer->receive(first + second + packed(R"([0,3,"echo",["c"]])"));
    served.peer->receive(packed(R"([0,4,"work",["d"]])"));
    served.run();
    Texts responses;
    for (const std::string& message : served.peer->take_messages()) {
        const Texts texts = unpacked(message);
        ASSERT_EQ(texts.size(), 1U);
        responses.push_back(texts.front());
    }
    EXPECT_EQ(responses, (Texts{R"([1,1,null,"a"])", R"([1,3,null,"c"])", R"([1,2,null,"b"])",
                                R"([1,4,null,"d"])"}));
}

TEST(StreamServerMessages, WhatIsNotAnsweredIsNoMessage) {
    ServedMessages served{protocol::make_msgpack_rpc_protocol({.whole_messages = true})};
    served.peer->receive(packed(R"([2,"echo",["a"]])"));
    served.peer->receive(packed(R"([2,"work",["b"]])"));
    served.run();
    EXPECT_EQ(served.calls, (Texts{"a", "b"}));
    EXPECT_EQ(served.peer->take_messages(), Texts{});
    EXPECT_EQ(served.peer->touches, 0);
}

TEST(StreamServerMessages, HeartbeatsAreAnsweredAndNoCalls) {
    ServedMessages served{protocol::make_pyzmqrpc_protocol()};
    served.peer->receive(protocol::pyzmqrpc_heartbeat);
    EXPECT_EQ(served.peer->take_messages(), Texts{std::string{beat_response}});
    EXPECT_EQ(served.peer->touches, 1);
    EXPECT_EQ(served.server->in_flight(), 0U);
    EXPECT_EQ(served.stage.dispatcher.successes(), 0U);
}

TEST(StreamServerMessages, AHeartbeatWaitsForTheAnswerBeforeIt) {
    ServedMessages served{protocol::make_pyzmqrpc_protocol()};
    served.peer->receive(command("work", "a"));
    served.peer->receive(protocol::pyzmqrpc_heartbeat);
    served.peer->receive(command("echo", "b"));
    EXPECT_EQ(served.peer->unread(), 2U);
    served.run();
    EXPECT_EQ(served.peer->take_messages(),
              (Texts{success("a"), std::string{beat_response}, success("b")}));
}

TEST(StreamServerMessages, AnEmptyMessageIsAnsweredInItsTurn) {
    ServedMessages served{protocol::make_pyzmqrpc_protocol()};
    served.peer->receive("");
    EXPECT_EQ(served.peer->take_messages().size(), 1U);
    served.peer->receive(command("work", "a"));
    served.peer->receive("");
    served.peer->receive(command("echo", "b"));
    served.run();
    const Texts messages = served.peer->take_messages();
    ASSERT_EQ(messages.size(), 3U);
    EXPECT_EQ(messages[0], success("a"));
    EXPECT_TRUE(messages[1].starts_with(R"({"status_code": 400, )")) << messages[1];
    EXPECT_EQ(messages[2], success("b"));
    EXPECT_FALSE(served.peer->is_closing());
}

TEST(StreamServerMessages, AnswersNameTheMethodThatWasCalled) {
    ServedMessages served{protocol::make_pyzmqrpc_protocol()};
    served.peer->receive(command("Unknown", "a"));
    EXPECT_EQ(served.peer->take_messages(),
              Texts{R"({"status_code": 451, "status_message": "No service on the server is )"
                    R"(registered for command \"Unknown\"."})"});
    served.peer->receive(command("boom", "bad value"));
    served.run();
    EXPECT_EQ(served.peer->take_messages(),
              Texts{R"({"status_code": 463, "status_message": "Exception raised when calling )"
                    R"(service boom. Exception: bad value "})"});
}

TEST(StreamServerMessages, OneWayCallsRunAtOnceAndNothingIsAnswered) {
    ServedMessages served{protocol::make_pyzmqrpc_protocol({.one_way = true})};
    served.peer->receive(command("work", "a"));
    served.peer->receive(protocol::pyzmqrpc_heartbeat);
    served.peer->receive("@@@");
    served.peer->receive(command("echo", "b"));
    EXPECT_EQ(served.calls, Texts{"b"});
    served.run();
    EXPECT_EQ(served.calls, (Texts{"b", "a"}));
    EXPECT_EQ(served.peer->take_messages(), Texts{});
    EXPECT_EQ(served.peer->touches, 0);
}

TEST(StreamServerMessages, WhereNobodyHearsOfARefusalRequestsWaitForRoom) {
    const StreamServerOptions limits[] = {{.limits = {.in_flight_per_connection_max = 2}},
                                          {.limits = {.in_flight_max = 2}},
                                          {.limits = {.in_flight_bytes_max = 1}}};
    for (const StreamServerOptions& options : limits) {
        ServedMessages served{protocol::make_pyzmqrpc_protocol({.one_way = true}), options};
        Texts names;
        for (int i = 0; i < 10; ++i) {
            names.push_back(std::to_string(i));
            served.peer->receive(command("work", names.back()));
        }
        EXPECT_GE(served.peer->unread(), 8U);
        EXPECT_EQ(served.calls, Texts{});
        served.run();
        EXPECT_EQ(served.calls, names);
        EXPECT_EQ(served.stage.dispatcher.one_way_failures(), 0U);
    }
}

TEST(StreamServerMessages, WhatIsNoMessageStandsInNobodysWay) {
    ServedMessages served{protocol::make_msgpack_rpc_protocol({.whole_messages = true})};
    served.peer->receive(packed(R"([0,1,"work",["a"]])"));
    for (const std::string& nonsense :
         {std::string{"hello"}, std::string{}, std::string{"\xc1"}, packed("[7]"), packed("{}"),
          packed(R"([1,9,null,"an answer"])"), packed("[0,\"id\",\"work\",[]]")}) {
        served.peer->receive(nonsense);
    }
    served.peer->receive(packed(R"([0,2,"echo",["b"]])") + "hello");
    served.peer->receive(packed(R"([0,3,"work",["c"]])"));
    served.run();
    EXPECT_EQ(served.calls, (Texts{"b", "a", "c"}));
    EXPECT_EQ(served.peer->take_messages().size(), 3U);
    EXPECT_FALSE(served.peer->is_closing());
    EXPECT_EQ(served.server->counters().unreadable_messages, 8U);
    EXPECT_TRUE(served.stage.log.contains("a message is dropped, as it is no request"));
}

TEST(StreamServerMessages, ARequestOfAWrongFormIsAnsweredWhereItsIdCanBeRead) {
    ServedMessages served{protocol::make_msgpack_rpc_protocol({.whole_messages = true})};
    for (const char* const wrong :
         {R"([0,12,"echo",["a"],5])", R"([0,12,"echo"])", "[0,12]", R"([0,12,5,["a"]])",
          R"([0,12,"echo",5])", R"([0,12,"echo",["a"],{"$warren":"bare"}])"}) {
        served.peer->receive(packed(wrong));
        const Texts messages = served.peer->take_messages();
        ASSERT_EQ(messages.size(), 1U) << wrong;
        EXPECT_TRUE(unpacked(messages[0])[0].starts_with(R"([1,12,{"code":"invalid_request")"))
            << unpacked(messages[0])[0];
    }
    served.peer->receive(packed(R"([0,13,"echo",["b"]])"));
    EXPECT_EQ(served.peer->take_messages().size(), 1U);
    EXPECT_EQ(served.calls, Texts{"b"});
}

TEST(StreamServerMessages, AMessageOfTheOtherProtocolIsAnsweredInItsOwn) {
    ServedMessages rpc{protocol::make_msgpack_rpc_protocol({.whole_messages = true})};
    rpc.peer->receive(command("echo", "a"));
    rpc.peer->receive(protocol::pyzmqrpc_heartbeat);
    rpc.peer->receive(packed(R"([0,2,"echo",["b"]])"));
    const Texts texts = rpc.peer->take_messages();
    ASSERT_EQ(texts.size(), 3U);
    for (const std::string& text : {texts[0], texts[1]}) {
        EXPECT_TRUE(text.starts_with(R"({"status_code": 400, )")) << text;
        EXPECT_TRUE(text.contains("here msgpack-rpc is spoken")) << text;
    }
    EXPECT_EQ(unpacked(texts[2]), Texts{R"([1,2,null,"b"])"});
    EXPECT_TRUE(rpc.stage.log.contains("this is a message of pyzmqrpc"));

    ServedMessages commands{protocol::make_pyzmqrpc_protocol()};
    commands.peer->receive(packed(R"([0,7,"echo",["a"]])"));
    commands.peer->receive(packed(R"([2,"echo",["a"]])"));
    commands.peer->receive(command("echo", "b"));
    const Texts responses = commands.peer->take_messages();
    ASSERT_EQ(responses.size(), 2U);
    EXPECT_TRUE(unpacked(responses[0])[0].starts_with(R"([1,7,{"code":"invalid_request")"))
        << unpacked(responses[0])[0];
    EXPECT_EQ(responses[1], success("b"));
    EXPECT_TRUE(commands.stage.log.contains("This is a message of msgpack-rpc"));
    EXPECT_EQ(commands.calls, Texts{"b"});
}

TEST(StreamServerMessages, WhatMayNotWaitIsRefused) {
    ServedMessages served{protocol::make_msgpack_rpc_protocol({.whole_messages = true}),
                          {.limits = {.in_flight_per_connection_max = 1}}};
    served.peer->receive(packed(R"([2,"work",["a"]])"));
    served.peer->receive(packed(R"([0,1,"work",["b"]])"));
    served.peer->overflow(packed(R"([0,2,"work",["c"]])") + packed(R"([2,"work",["d"]])"));
    const Texts refused = served.peer->take_messages();
    ASSERT_EQ(refused.size(), 1U);
    const Texts texts = unpacked(refused.front());
    ASSERT_EQ(texts.size(), 1U);
    EXPECT_TRUE(texts.front().starts_with(R"([1,2,{"code":"overloaded")")) << texts.front();
    EXPECT_EQ(served.stage.dispatcher.one_way_failures(), 1U);
    served.run();
    EXPECT_EQ(served.calls, (Texts{"a", "b"}));
}

TEST(StreamServerMessages, WhatMayNotWaitIsNotAnsweredBeforeItsTurn) {
    ServedMessages served{protocol::make_pyzmqrpc_protocol()};
    served.peer->receive(command("work", "a"));
    served.peer->overflow(command("work", "b"));
    EXPECT_EQ(served.peer->take_messages(), Texts{});
    served.run();
    EXPECT_EQ(served.peer->take_messages(), Texts{success("a")});
}

}  // namespace
}  // namespace warren::runtime::test
