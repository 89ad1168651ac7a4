#include "protocol/callme.hpp"

#include "core/base64.hpp"
#include "format/json/json.hpp"
#include "format/pickle/pickle.hpp"
#include "protocol/callme_exceptions.hpp"
#include "protocol/callme_pickle.hpp"
#include "protocol/reply_headers.hpp"
#include "support/support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace warren::protocol::callme_test {

using model::ArgumentStyle;

constexpr std::string_view pickled = "application/x-python-serialize";

class CallmeTest : public testing::Test {
protected:
    Value json(std::string_view text) { return *format::json_decode(text, arena_); }
    std::string shown(const Value& value) {
        std::string text;
        EXPECT_TRUE(format::json_encode(value, text));
        return text;
    }
    static MessageView request_of(std::string_view body, std::string_view type = pickled) {
        return {.exchange = "server_foo_ex",
                .content_type = type,
                .correlation_id = "7",
                .reply_to = "client_olivia_ex_1",
                .delivery_mode = 2,
                .body = bytes_of(body)};
    }
    /// A server's answer to a request, with the address that it remembers.
    MessageView response_to(const MessageProtocol& protocol, const MessageView& request,
                            const Response& response) {
        const auto call = protocol.decode_call(request, arena_);
        address_ = {.reply_to = std::string{request.reply_to},
                    .correlation_id = std::string{request.correlation_id}};
        protocol.remember(request, call ? &*call : nullptr, address_);
        return *protocol.encode_response(address_, response, arena_, body_);
    }
    MessageView sent(const MessageProtocol& protocol, const Call& call) {
        return *protocol.encode_call(call, "foo", "client_olivia_ex_1", arena_, request_body_);
    }
    /// What Python would be told: the exception's type and arguments.
    std::string exception_in(const MessageView& reply) {
        const auto read = format::pickle_decode(reply.body, arena_, {}, callme_classes);
        EXPECT_TRUE(read);
        return shown(callme_failure(*read->value.find("result"), arena_).data.value());
    }

    Arena arena_;
    std::string body_, request_body_;
    ReplyAddress address_;
    const std::unique_ptr<MessageProtocol> protocol_ = make_callme_protocol(CallmeFormat::pickle);
    const std::unique_ptr<MessageProtocol> json_ = make_callme_protocol(CallmeFormat::json);
    const std::unique_ptr<MessageProtocol> msgpack_ = make_callme_protocol(CallmeFormat::msgpack);
};

class CallmeVectors : public CallmeTest {
protected:
    std::string body_of(const Value& vector) {
        const auto octets = core::base64_decode(vector.find("body")->as_text());
        return std::string{octets->begin(), octets->end()};
    }
    std::vector<Value> vectors(std::string_view name) {
        const auto found = root_.find(name)->as_list();
        return {found.begin(), found.end()};
    }

    std::string text_ = warren::test::read_vector("callme.json");
    Value root_ = json(text_);
};

TEST_F(CallmeVectors, RequestsAreReadAndAnsweredInTheProtocolThatTheyHave) {
    std::size_t requests = 0;
    for (const Value& vector : vectors("pickled")) {
        const std::string_view meaning = vector.find("meaning")->as_text();
        if (meaning.starts_with("response")) {
            continue;
        }
        ++requests;
        const std::string body = body_of(vector);
        const MessageView request = request_of(body);
        const auto call = protocol_->decode_call(request, arena_);
        if (meaning.starts_with("nested")) {
            // It holds a number of more than 64 bits, which no value here is.
            ASSERT_FALSE(call);
            EXPECT_EQ(call.error().errors.front().type, "int_out_of_range");
            EXPECT_EQ(to_string(call.error().errors.front().location).substr(0, 9), "func_args");
        } else {
            ASSERT_TRUE(call) << meaning;
            const bool is_add = meaning.starts_with("add");
            EXPECT_EQ(call->method, is_add ? "add" : "echo");
            EXPECT_EQ(call->style, is_add ? ArgumentStyle::positional : ArgumentStyle::named);
            EXPECT_EQ(shown(call->arguments), is_add ? "[1,2]" : R"({"x":"kw"})");
        }
        const MessageView reply = response_to(*protocol_, request, {.data = Value::integer(3)});
        EXPECT_EQ(reply.exchange, "client_olivia_ex_1");
        EXPECT_EQ(reply.routing_key, "");
        EXPECT_EQ(reply.content_type, pickled);
        EXPECT_EQ(reply.correlation_id, "7");
        EXPECT_EQ(static_cast<std::int64_t>(reply.body[1]), vector.find("protocol")->as_int64());
        EXPECT_EQ(shown(*protocol_->decode_response(reply, arena_)->data), "3");
    }
    EXPECT_EQ(requests, 12U);
}

TEST_F(CallmeVectors, CapturedRequestsAreReadAsTheyWereMeant) {
    // In the order of the capture; JSON has bytes in base64.
    const std::vector<std::string> meant{"madd [1,2]",
                                         "echo [null]",
                                         "echo [true]",
                                         "echo [-5]",
                                         "echo [1099511627776]",
                                         "int_out_of_range",
                                         "echo [1.5]",
                                         "echo [\"text é\"]",
                                         R"(echo ["AP8="])",
                                         "echo [[1,[2]]]",
                                         "echo [[1,2]]",
                                         "key_not_text",
                                         "echo [[1,2]]",
                                         "echo {\"x\":\"kw\"}",
                                         "boom []",
                                         "missing []",
                                         "madd []"};
    std::vector<std::string> read;
    for (const Value& vector : vectors("requests")) {
        const std::string body = body_of(vector);
        const Value& properties = *vector.find("props");
        EXPECT_EQ(properties.find("content_type")->as_text(), pickled);
        const auto call = protocol_->decode_call(request_of(body), arena_);
        if (!call) {
            read.push_back(call.error().errors.front().type);
            continue;
        }
        std::string arguments;
        EXPECT_TRUE(format::json_encode(call->arguments, arguments));
        read.push_back(std::string{call->method} + ' ' + arguments);
    }
    EXPECT_EQ(read, meant);
}

TEST_F(CallmeVectors, CapturedResponsesAreReadAsTheyWereMeant) {
    const std::vector<std::string> meant{
        "3",
        "null",
        "true",
        "-5",
        "1099511627776",
        "internal",
        "1.5",
        "\"text é\"",
        R"("AP8=")",
        "[1,[2]]",
        "[1,2]",
        "internal",
        "[1,2]",
        "\"kw\"",
        R"(failed {"type":"ValueError","args":["bad value"]})",
        R"(failed {"type":"KeyError","args":["missing"]})",
        R"(failed {"type":"TypeError","args":["<lambda>() missing 2 required positional )"
        R"(arguments: 'a' and 'b'"]})"};
    std::vector<std::string> read;
    for (const Value& vector : vectors("responses")) {
        const std::string body = body_of(vector);
        const auto response = protocol_->decode_response(request_of(body), arena_);
        if (!response) {
            std::string data;
            EXPECT_TRUE(format::json_encode(response.error().data.value(), data));
            read.push_back(std::string{name_of(response.error().code)} +
                           (data == "null" ? "" : ' ' + data));
            continue;
        }
        std::string data;
        EXPECT_TRUE(format::json_encode(*response->data, data));
        read.push_back(data);
    }
    EXPECT_EQ(read, meant);
}

TEST_F(CallmeVectors, ResponsesAreValuesOrFailuresWithTypeAndArguments) {
    for (const Value& vector : vectors("pickled")) {
        const std::string_view meaning = vector.find("meaning")->as_text();
        if (!meaning.starts_with("response")) {
            continue;
        }
        const std::string body = body_of(vector);
        const auto response = protocol_->decode_response(request_of(body), arena_);
        if (meaning == "response 3") {
            ASSERT_TRUE(response);
            EXPECT_EQ(shown(*response->data), "3");
            continue;
        }
        ASSERT_FALSE(response);
        EXPECT_EQ(response.error().code, Code::failed);
        const bool is_value = meaning.contains("ValueError");
        EXPECT_EQ(response.error().message,
                  is_value ? "ValueError: bad value" : "KeyError: missing");
        EXPECT_EQ(shown(response.error().data.value()),
                  is_value ? R"({"type":"ValueError","args":["bad value"]})"
                           : R"({"type":"KeyError","args":["missing"]})");
    }
}

TEST_F(CallmeVectors, WhatMustBeRefusedIs) {
    for (const Value& vector : vectors("must_be_refused")) {
        const std::string body = body_of(vector);
        const auto call = protocol_->decode_call(request_of(body), arena_);
        ASSERT_FALSE(call);
        EXPECT_EQ(call.error().code, Code::invalid_request);
        EXPECT_EQ(call.error().errors.front().type, "pickle_global_refused");
        EXPECT_EQ(protocol_->decode_response(request_of(body), arena_).error().code,
                  Code::internal);
    }
}

TEST_F(CallmeTest, ARequestIsAsTheProgramsOfCallmeWriteIt) {
    const MessageView request = sent(*protocol_, {.method = "a.b",
                                                  .style = ArgumentStyle::positional,
                                                  .arguments = json("[1]"),
                                                  .correlation_id = "9"});
    EXPECT_EQ(request.exchange, "server_foo_ex");
    EXPECT_EQ(request.routing_key, "");
    EXPECT_EQ(request.content_type, pickled);
    EXPECT_EQ(request.content_encoding, "binary");
    EXPECT_EQ(request.delivery_mode, 2);
    EXPECT_EQ(request.priority, 0);
    EXPECT_TRUE(request.headers.is_map() && request.headers.as_map().empty());
    EXPECT_EQ(request.reply_to, "client_olivia_ex_1");
    EXPECT_EQ(request.correlation_id, "9");
}

TEST_F(CallmeTest, ArgumentsComeAsTheyWereGivenInEachFormat) {
    struct Case {
        ArgumentStyle style;
        std::string_view given;
        ArgumentStyle read_style;
        std::string_view read;
    };
    for (const auto* protocol : {protocol_.get(), json_.get(), msgpack_.get()}) {
        for (const Case& test :
             {Case{ArgumentStyle::positional, "[1,[2]]", ArgumentStyle::positional, "[1,[2]]"},
              Case{ArgumentStyle::named, R"({"a":1})", ArgumentStyle::named, R"({"a":1})"},
              Case{ArgumentStyle::bare, "7", ArgumentStyle::positional, "[7]"},
              Case{ArgumentStyle::bare, "null", ArgumentStyle::positional, "[]"},
              Case{ArgumentStyle::named, "{}", ArgumentStyle::positional, "[]"}}) {
            const auto call = protocol->decode_call(
                sent(*protocol,
                     {.method = "m", .style = test.style, .arguments = json(test.given)}),
                arena_);
            ASSERT_TRUE(call);
            EXPECT_EQ(call->style, test.read_style) << test.given;
            EXPECT_EQ(shown(call->arguments), test.read);
        }
    }
}

TEST_F(CallmeTest, PositionsComeBeforeNames) {
    const auto call =
        json_->decode_call(request_of(R"({"func_name":"m","func_args":[5],"func_kwargs":{"b":6}})",
                                      "application/json"),
                           arena_);
    ASSERT_TRUE(call);
    EXPECT_EQ(call->style, ArgumentStyle::mixed);
    ASSERT_EQ(call->arguments.as_map().size(), 2U);
    EXPECT_EQ(call->arguments.as_map()[0].key, Value::integer(0));
    EXPECT_EQ(call->arguments.as_map()[1].key, Value::text("b"));
}

TEST_F(CallmeTest, PositionsAndNamesAreSentOnAsTheyCame) {
    const std::array given{Member{Value::integer(0), json("[5]")},
                           Member{Value::integer(1), Value::null()},
                           Member{Value::text("b"), Value::integer(6)}};
    for (const auto* protocol : {protocol_.get(), json_.get(), msgpack_.get()}) {
        const auto call = protocol->decode_call(
            sent(*protocol,
                 {.method = "m", .style = ArgumentStyle::mixed, .arguments = Value::map(given)}),
            arena_);
        ASSERT_TRUE(call);
        EXPECT_EQ(call->style, ArgumentStyle::mixed);
        EXPECT_EQ(call->arguments, Value::map(given));
    }
    const auto named =
        json_->decode_call(sent(*json_, {.method = "m",
                                         .style = ArgumentStyle::mixed,
                                         .arguments = Value::map(std::span{given}.last(1))}),
                           arena_);
    ASSERT_TRUE(named);
    EXPECT_EQ(named->style, ArgumentStyle::named);
}

TEST_F(CallmeTest, EachFailureIsTheExceptionOfTheTable) {
    const std::vector<FieldError> missing{{.location = {"b"}, .message = "m", .type = "missing"}};
    const std::vector<FieldError> wrong{{.location = {"b"}, .message = "m", .type = "int_type"}};
    const std::vector<FieldError> inner{
        {.location = {"b", "c"}, .message = "m", .type = "missing"}};
    struct Case {
        Response response;
        std::string_view exception;
    };
    const MessageView request = sent(*protocol_, {.method = "a.b"});
    for (const Case& test : {
             Case{{.failure = Code::no_such_method, .message = "none"},
                  R"({"type":"KeyError","args":["a.b"]})"},
             Case{{.failure = Code::invalid_request, .message = "x", .errors = missing},
                  R"({"type":"TypeError","args":["x: b: m"]})"},
             Case{{.failure = Code::invalid_request, .message = "x", .errors = wrong},
                  R"({"type":"ValueError","args":["x: b: m"]})"},
             Case{{.failure = Code::invalid_request, .message = "x", .errors = inner},
                  R"({"type":"ValueError","args":["x: b.c: m"]})"},
             Case{{.failure = Code::failed, .message = "x"},
                  R"({"type":"RuntimeError","args":["x"]})"},
             Case{{.failure = Code::deadline_exceeded, .message = "x"},
                  R"({"type":"TimeoutError","args":["x"]})"},
             Case{{.failure = Code::overloaded, .message = "x"},
                  R"({"type":"ConnectionRefusedError","args":["x"]})"},
             Case{{.failure = Code::unauthenticated, .message = "x"},
                  R"({"type":"PermissionError","args":["x"]})"},
             Case{{.failure = Code::permission_denied, .message = "x"},
                  R"({"type":"PermissionError","args":["x"]})"},
             Case{{.failure = Code::internal, .message = "x"},
                  R"({"type":"RuntimeError","args":["x"]})"},
         }) {
        const MessageView reply = response_to(*protocol_, request, test.response);
        EXPECT_EQ(exception_in(reply), test.exception);
        // Warren's own callers are told the code by a header.
        EXPECT_EQ(protocol_->decode_response(reply, arena_).error().code, *test.response.failure);
    }
}

TEST_F(CallmeTest, AnInvalidRequestKeepsTheTypeOfItsException) {
    const MessageView request = sent(*protocol_, {.method = "a.b"});
    for (const std::string_view error : {"missing", "int_type"}) {
        const std::vector<FieldError> errors{
            {.location = {"b"}, .message = "m", .type = std::string{error}}};
        Response failure{.failure = Code::invalid_request, .message = "x", .errors = errors};
        const std::string written{text_of(response_to(*protocol_, request, failure).body)};
        const auto first =
            protocol_->decode_response(response_to(*protocol_, request, failure), arena_);
        ASSERT_FALSE(first);
        EXPECT_EQ(first.error().code, Code::invalid_request);
        EXPECT_EQ(first.error().message, "x: b: m");
        EXPECT_TRUE(first.error().errors.empty());
        EXPECT_EQ(first.error().data->is_null(), error == "int_type");
        // What a proxy answers.
        failure = {.failure = first.error().code,
                   .message = first.error().message,
                   .data = first.error().data.value()};
        EXPECT_EQ(text_of(response_to(*protocol_, request, failure).body), written);
    }
}

TEST_F(CallmeTest, APickleIsReadWhereTheFormatSaysSoAndNowhereElse) {
    const std::string body = [&] {
        sent(*protocol_, {.method = "m"});
        return request_body_;
    }();
    for (const auto* protocol : {json_.get(), msgpack_.get()}) {
        const auto call = protocol->decode_call(request_of(body), arena_);
        ASSERT_FALSE(call);
        EXPECT_EQ(call.error().errors.front().type, "content_type");
        const MessageView reply =
            response_to(*protocol, request_of(body), {.failure = Code::invalid_request});
        EXPECT_NE(reply.content_type, pickled);
        EXPECT_EQ(protocol->decode_response(request_of(body), arena_).error().code, Code::internal);
    }
    EXPECT_EQ(
        protocol_->decode_call(request_of("{}", "text/plain"), arena_).error().errors.front().type,
        "content_type");
}

TEST_F(CallmeTest, OtherFormatsCarryAFailureWhole) {
    const std::vector<FieldError> errors{{.location = {"a"}, .message = "m", .type = "missing"}};
    for (const auto* protocol : {json_.get(), msgpack_.get()}) {
        const MessageView reply =
            response_to(*protocol, sent(*protocol, {.method = "m"}),
                        {.failure = Code::invalid_request, .message = "x", .errors = errors});
        const auto response = protocol->decode_response(reply, arena_);
        ASSERT_FALSE(response);
        EXPECT_EQ(response.error().code, Code::invalid_request);
        EXPECT_EQ(response.error().errors, errors);
    }
}

TEST_F(CallmeTest, OtherFormatsCarryTheMessageOfASuccessThatHasOne) {
    for (const auto* protocol : {json_.get(), msgpack_.get()}) {
        const std::string request{text_of(sent(*protocol, {.method = "m"}).body)};
        const std::string_view type =
            protocol == json_.get() ? "application/json" : "application/msgpack";
        for (const std::string_view message : {"well done", "OK"}) {
            const MessageView reply = response_to(*protocol, request_of(request, type),
                                                  {.message = message, .data = Value::integer(1)});
            const auto response = protocol->decode_response(reply, arena_);
            ASSERT_TRUE(response);
            EXPECT_EQ(response->message, message);
            EXPECT_EQ(text_of(reply.body).contains("message"), message != "OK");
        }
    }
}

TEST_F(CallmeTest, ANameOverTheLimitIsRefused) {
    const core::Limits limits;
    for (const auto* protocol : {protocol_.get(), json_.get(), msgpack_.get()}) {
        for (const std::size_t over : {0U, 1U}) {
            const std::string name(limits.method_name_bytes_max + over, 'm');
            const auto call = protocol->decode_call(sent(*protocol, {.method = name}), arena_);
            ASSERT_EQ(call.has_value(), over == 0);
            if (!call) {
                EXPECT_EQ(call.error().errors.front().type, "method_too_long");
            }
        }
    }
}

TEST_F(CallmeTest, AnExceptionIsToldOnOneLineAndKeptWhole) {
    const format::PickleValue said = format::PickleValue::text("\x1b[31m\nred");
    const auto arguments = format::PickleValue::tuple({&said, 1}, arena_);
    const Failure failure =
        callme_failure(format::PickleValue::exception("ValueError", arguments, arena_), arena_);
    EXPECT_EQ(failure.message, "ValueError: \\x1b[31m\\nred");
    EXPECT_EQ(failure.data["args"].as_list().front().as_text(), "\x1b[31m\nred");
}

TEST_F(CallmeTest, TheTopologiesAreThoseThatPermissionsMatch) {
    const Topology server = protocol_->server_topology({.server = "foo"});
    EXPECT_EQ(server.exchanges[0].name, "server_foo_ex");
    EXPECT_EQ(server.exchanges[0].type, "direct");
    EXPECT_EQ(server.queues[0].name, "server_foo_queue");
    EXPECT_TRUE(server.queues[0].auto_delete && server.exchanges[0].auto_delete);
    EXPECT_FALSE(server.queues[0].durable || server.exchanges[0].durable);
    EXPECT_EQ(server.bindings[0].routing_key, "");
    EXPECT_EQ(server.replies_on, RepliesOn::own_channel);

    const ReplyTopology client = callme_reply_topology("olivia", {})("1-2");
    EXPECT_EQ(client.address, "client_olivia_ex_1-2");
    EXPECT_EQ(client.topology.exchanges[0].name, client.address);
    EXPECT_EQ(client.topology.queues[0].name, "client_olivia_queue_1-2");
    EXPECT_TRUE(client.topology.queues[0].auto_delete);

    const Topology lasting = protocol_->server_topology(
        {.server = "foo", .queue_overrides = {.queue_type = QueueType::quorum}});
    EXPECT_TRUE(lasting.queues[0].durable && lasting.exchanges[0].durable);
    EXPECT_FALSE(lasting.queues[0].auto_delete || lasting.exchanges[0].auto_delete);
    // Nobody would clear away what has the name of one connection.
    const ReplyTopology kept = callme_reply_topology("olivia", {.auto_delete = false})("1");
    EXPECT_FALSE(kept.topology.queues[0].arguments["x-expires"].is_null());
    // Nor what a restart of the broker left without a consumer.
    const ReplyTopology durable = callme_reply_topology("olivia", {.durable = true})("1");
    EXPECT_FALSE(durable.topology.queues[0].arguments["x-expires"].is_null());
    const ReplyTopology alone = callme_reply_topology("olivia", {.exclusive = true})("1");
    EXPECT_EQ(alone.topology.queues[0].arguments, Dynamic{});
}

TEST_F(CallmeTest, ACallWithoutAServerIsNotSent) {
    const auto request = protocol_->encode_call({.method = "m"}, "", "r", arena_, body_);
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().code, Code::invalid_request);
    EXPECT_TRUE(request.error().message.contains("target"));
}

TEST_F(CallmeTest, WhatIsCutAnywhereIsRefused) {
    sent(*protocol_,
         {.method = "m", .style = ArgumentStyle::named, .arguments = json(R"({"a":1})")});
    for (std::size_t size = 0; size != request_body_.size(); ++size) {
        const std::string body = request_body_.substr(0, size);
        EXPECT_FALSE(protocol_->decode_call(request_of(body), arena_)) << size;
    }
}

}  // namespace warren::protocol::callme_test
