#include "protocol/pyzmqrpc_protocol.hpp"

#include "format/json/json.hpp"
#include "protocol/pyzmqrpc.hpp"
#include "support/support.hpp"
#include "unit/protocol/protocol_support.hpp"

#include <gtest/gtest.h>

#include <string>

namespace warren::protocol::test {
namespace {

using State = StreamStep::State;
using namespace std::string_literals;

std::string_view text_of(const Value& vector, std::string_view key) {
    return vector.find(key)->as_text();
}

Call named(std::string_view method, const Value& state) {
    return {.method = method, .arguments = state};
}

/// The captured commands and exchanges.
class PyzmqrpcVectors : public ::testing::Test {
protected:
    std::span<const Value> all(std::string_view key) const { return root_.find(key)->as_list(); }

    const Value& exchange(std::string_view name) const {
        for (const Value& exchange : all("exchanges")) {
            if (text_of(exchange, "case") == name) {
                return exchange;
            }
        }
        throw std::out_of_range{std::string{name}};
    }

    Arena arena_;
    const std::string text_ = warren::test::read_vector("pyzmqrpc.json");
    const Value root_ = format::json_decode(text_, arena_).value();
};

TEST_F(PyzmqrpcVectors, CommandsAreWrittenAndReadToTheByte) {
    const auto server = make_pyzmqrpc_protocol();
    const auto client = make_pyzmqrpc_protocol({.side = StreamSide::client});
    const auto publisher = make_pyzmqrpc_protocol({.side = StreamSide::client, .one_way = true});
    const auto decoder = server->make_call_decoder();
    for (const Value& vector : all("messages")) {
        const std::string_view wire = text_of(vector, "wire");
        const Value command = format::json_decode(text_of(vector, "json"), arena_).value();
        const auto parts = command.find(pyzmqrpc_command_key)->as_list();
        const Call call = named(parts[0].as_text(), parts[1]);

        EXPECT_EQ(encoded_call(*client, call, {.id = 0x01020304}),
                  "\x01\x02\x03\x04"s + std::string{wire});
        EXPECT_EQ(encoded_call(*publisher, call, {.wants_response = false}), wire);

        const StreamStep step = decoder->next(octets(wire), 0, arena_);
        EXPECT_EQ(step.state, State::complete);
        EXPECT_EQ(step.size_bytes, wire.size());
        ASSERT_TRUE(decoder->call) << to_string(decoder->call.error());
        EXPECT_TRUE(decoder->ticket.wants_response);
        EXPECT_EQ(decoder->call->method, call.method);
        EXPECT_EQ(decoder->call->style, model::ArgumentStyle::named);
        if (text_of(vector, "name") == "nested") {
            EXPECT_EQ(decoder->call->arguments,
                      format::json_decode(R"({"inner": {"param1": "a", "param2": "b"}})", arena_));
        } else {
            EXPECT_EQ(decoder->call->arguments, call.arguments);
        }
    }
}

TEST_F(PyzmqrpcVectors, RepliesAreWrittenToTheByte) {
    const auto server = make_pyzmqrpc_protocol();
    const auto decoder = server->make_call_decoder();
    const auto reply_to = [&](std::string_view name, Response response) {
        const Value& vector = exchange(name);
        const std::string_view request = text_of(vector, "request");
        EXPECT_EQ(decoder->next(octets(request), 0, arena_).size_bytes, request.size());
        if (!decoder->call) {
            const Failure& failure = decoder->call.error();
            response = {.failure = failure.code, .message = failure.message};
        }
        EXPECT_EQ(encoded_response(*server, response, decoder->ticket),
                  text_of(vector, "response"));
    };
    reply_to("ok", {.message = message_default, .data = Value::text("got value1,value2")});
    reply_to("exception", {.failure = Code::failed, .message = "bad value", .method = "Boom"});
    reply_to("unknown command",
             {.failure = Code::no_such_method, .message = "There is none", .method = "Unknown"});
    reply_to("not base64", {});
    reply_to("not zlib", {});
}

TEST_F(PyzmqrpcVectors, RepliesAreRead) {
    const auto decoder =
        make_pyzmqrpc_protocol({.side = StreamSide::client})->make_response_decoder();
    std::string reply;  // as long as the response that was read from it
    const auto response_of = [&](std::string_view name) {
        reply = "\0\0\1\2"s + std::string{text_of(exchange(name), "response")};
        const StreamStep step = decoder->next(octets(reply), 0, arena_);
        EXPECT_EQ(step.state, State::complete);
        EXPECT_EQ(step.size_bytes, reply.size());
        EXPECT_EQ(decoder->id(), 0x102U);
        return decoder->response({});
    };
    const auto success = response_of("ok");
    ASSERT_TRUE(success);
    EXPECT_EQ(success->message, "OK");
    EXPECT_EQ(success->data, Value::text("got value1,value2"));
    const Failure exception = response_of("exception").error();
    EXPECT_EQ(exception, (Failure{.code = Code::failed, .message = "bad value"}));
    const Failure unknown = response_of("unknown command").error();
    EXPECT_EQ(unknown.code, Code::no_such_method);
    EXPECT_EQ(unknown.message, R"(No service on the server is registered for command "Unknown".)");
    const Failure undecodable = response_of("not zlib").error();
    EXPECT_EQ(undecodable.code, Code::invalid_request);
    EXPECT_TRUE(undecodable.message.ends_with("Could not decode/unzip the contents"));
}

TEST(PyzmqrpcProtocol, AnswersComeAsTheSideNeedsThem) {
    using enum ResponseOrder;
    EXPECT_EQ(make_pyzmqrpc_protocol()->response_order(), as_requested);
    EXPECT_EQ(make_pyzmqrpc_protocol({.one_way = true})->response_order(), any);
    EXPECT_EQ(make_pyzmqrpc_protocol({.side = StreamSide::client})->response_order(), any);
}

TEST(PyzmqrpcProtocol, AHeartbeatIsNoCall) {
    Arena arena;
    for (const bool one_way : {false, true}) {
        const auto server = make_pyzmqrpc_protocol({.one_way = one_way});
        const auto decoder = server->make_call_decoder();
        const StreamStep step = decoder->next(octets(pyzmqrpc_heartbeat), 0, arena);
        EXPECT_EQ(step.state, State::heartbeat);
        EXPECT_EQ(step.size_bytes, pyzmqrpc_heartbeat.size());
        EXPECT_EQ(decoder->ticket.wants_response, !one_way);
        EXPECT_EQ(encoded_response(*server, {.message = message_default}, decoder->ticket),
                  one_way ? "" : R"({"status_code": 200, "status_message": "OK"})");
    }
}

TEST(PyzmqrpcProtocol, OneWayNothingIsAnsweredNorAwaited) {
    Arena arena;
    const auto server = make_pyzmqrpc_protocol({.one_way = true});
    const auto decoder = server->make_call_decoder();
    EXPECT_EQ(decoder->next(octets("@@@"), 0, arena).state, State::complete);
    EXPECT_FALSE(decoder->call);
    EXPECT_FALSE(decoder->ticket.wants_response);
    EXPECT_EQ(encoded_response(*server, {}, decoder->ticket), "");

    const auto publisher = make_pyzmqrpc_protocol({.side = StreamSide::client, .one_way = true});
    StreamTicket ticket;
    std::string out = "kept";
    const auto refused = publisher->encode_call(named("A", {}), ticket, 0, out);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().errors.at(0).type, "answer_unsupported");
    EXPECT_EQ(out, "kept");
}

TEST(PyzmqrpcProtocol, BetweenTwoSidesOfItEveryTextPassesToTheByte) {
    Arena arena;
    const auto listener = make_pyzmqrpc_protocol({.passes_text = true}, {.body_bytes_max = 200});
    const auto target = make_pyzmqrpc_protocol({.side = StreamSide::client, .passes_text = true});
    const auto plain = make_pyzmqrpc_protocol({.side = StreamSide::client, .one_way = true});
    const auto decoder = listener->make_call_decoder();
    const std::string command =
        encoded_call(*plain, named("Known", Value::map({})), {.wants_response = false});
    const std::string longest(200, 'x');
    for (const std::string& text :
         {std::string{"@@@"}, std::string{"\xff\0", 2}, command, longest}) {
        ASSERT_EQ(decoder->next(octets(text), 0, arena).state, State::complete);
        ASSERT_TRUE(decoder->call) << text;
        EXPECT_EQ(decoder->call->method, text == command ? "Known" : pyzmqrpc_text_method);
        EXPECT_EQ(encoded_call(*target, *decoder->call, {.id = 0x61626364}), "abcd" + text);
    }
    ASSERT_EQ(decoder->next(octets(longest + 'x'), 0, arena).state, State::complete);
    EXPECT_EQ(decoder->call.error().errors.at(0).type, "body_too_long");

    const auto responses = target->make_response_decoder();
    const std::string raised =
        R"({"status_code": 463, "status_message": "Exception raised when calling service Boom. )"
        R"(Exception: bad value "})";
    for (const std::string& reply : {std::string{"raw"}, std::string{"[NaN]"}, raised}) {
        const std::string message = "abcd" + reply;
        ASSERT_EQ(responses->next(octets(message), 0, arena).state, State::complete);
        const auto response = responses->response({});
        const Response passed = response ? *response
                                         : Response{.failure = response.error().code,
                                                    .message = response.error().message,
                                                    .method = "Nested"};
        EXPECT_EQ(encoded_response(*listener, passed, {}), reply);
    }
}

TEST(PyzmqrpcProtocol, NothingButAnEmptyMessageIsAnsweredToo) {
    Arena arena;
    const auto decoder = make_pyzmqrpc_protocol()->make_call_decoder();
    const StreamStep step = decoder->next({}, 0, arena);
    EXPECT_EQ(step.state, State::complete);
    EXPECT_EQ(step.size_bytes, 0U);
    ASSERT_FALSE(decoder->call);
    EXPECT_EQ(decoder->call.error().code, Code::invalid_request);
}

TEST(PyzmqrpcProtocol, AnAnswerThatNamesNoCallBreaksTheConnection) {
    Arena arena;
    const auto decoder =
        make_pyzmqrpc_protocol({.side = StreamSide::client})->make_response_decoder();
    EXPECT_EQ(decoder->next(octets("abc"), 0, arena).state, State::broken);
    EXPECT_EQ(decoder->failure().code, Code::internal);
    EXPECT_EQ(decoder->next(octets("abcd"), 0, arena).state, State::complete);
    EXPECT_EQ(decoder->response({}).error().code, Code::internal);
}

}  // namespace
}  // namespace warren::protocol::test
