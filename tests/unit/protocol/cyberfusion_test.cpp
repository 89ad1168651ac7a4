#include "protocol/cyberfusion.hpp"

#include "protocol/reply_headers.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>

namespace warren::protocol {
namespace {

class Cyberfusion : public testing::Test {
protected:
    static MessageView request(std::string_view body) {
        return {.exchange = "dx_example",
                .routing_key = "test",
                .content_type = "application/json",
                .correlation_id = "c-1",
                .reply_to = "amq.gen-1",
                .expiration = "5000",
                .body = bytes_of(body),
                .body_bytes = body.size()};
    }

    FieldError refused(const MessageView& view) {
        const auto call = protocol->decode_call(view, arena);
        EXPECT_FALSE(call);
        EXPECT_EQ(call.error().code, Code::invalid_request);
        EXPECT_EQ(call.error().message, "Request validation failed");
        EXPECT_EQ(call.error().errors.size(), 1U);
        return call.error().errors.at(0);
    }

    std::string answered(const Response& response) {
        const auto reply = protocol->encode_response(address, response, arena, body);
        EXPECT_TRUE(reply);
        return std::string{text_of(reply->body)};
    }

    /// What a client makes of the reply that a server makes of `response`.
    std::expected<Response, Failure> there_and_back(const Response& response) {
        const auto reply = protocol->encode_response(address, response, arena, body);
        return protocol->decode_response(*reply, arena);
    }

    std::unique_ptr<MessageProtocol> protocol = make_cyberfusion_protocol();
    Arena arena;
    std::string body;
    ReplyAddress address{
        .exchange = "dx_example", .reply_to = "amq.gen-1", .correlation_id = "c-1"};
};

TEST_F(Cyberfusion, ReadsARequest) {
    const auto call = protocol->decode_call(request(R"({"favourite_food":"onion"})"), arena);
    ASSERT_TRUE(call);
    EXPECT_EQ(call->method, "dx_example");
    EXPECT_EQ(call->style, model::ArgumentStyle::named);
    EXPECT_EQ(*call->arguments.find("favourite_food"), Value::text("onion"));
    EXPECT_EQ(call->correlation_id, "c-1");
    EXPECT_EQ(call->metadata.time_left, std::chrono::milliseconds{5000});
    EXPECT_EQ(call->metadata.attempt, 1U);
}

TEST_F(Cyberfusion, TakesARequestWithoutContentType) {
    MessageView view = request("{}");
    view.content_type = "";
    EXPECT_TRUE(protocol->decode_call(view, arena));
    view.content_type = "application/json; charset=utf-8";
    EXPECT_TRUE(protocol->decode_call(view, arena));
}

TEST_F(Cyberfusion, GivesAllOfAMessageToWarrensCallers) {
    for (const Code code : {Code::failed, Code::unauthenticated, Code::no_such_method}) {
        for (const std::size_t bytes : {std::size_t{513}, header_message_bytes_max,
                                        header_message_bytes_max + 1, std::size_t{100'000}}) {
            const std::string message(bytes, 'm');
            const auto response = there_and_back({.failure = code, .message = message});
            ASSERT_FALSE(response);
            EXPECT_EQ(response.error().code, code);
            EXPECT_EQ(response.error().message, message);
        }
    }
    // A message is no part of the one that others get, though it begins alike.
    for (const std::string_view message : {"A", "An unexpected error"}) {
        EXPECT_EQ(there_and_back({.failure = Code::internal, .message = message}).error().message,
                  message);
    }
    // Others see what they always saw.
    const std::string fits(header_message_bytes_max, 'm');
    EXPECT_EQ(answered({.failure = Code::internal, .message = fits}),
              R"({"success":false,"message":"An unexpected error occurred","data":null})");
}

TEST_F(Cyberfusion, CountsAttempts) {
    MessageView view = request("{}");
    view.redelivered = true;
    EXPECT_EQ(protocol->decode_call(view, arena)->metadata.attempt, 2U);
    const Member count{Value::text("x-delivery-count"), Value::integer(3)};
    view.headers = Value::map({&count, 1});
    EXPECT_EQ(protocol->decode_call(view, arena)->metadata.attempt, 4U);
}

TEST_F(Cyberfusion, RefusesWhatIsNoRequest) {
    for (const std::string_view bad : {"", "{", "not json", "{\"a\":1}x", "{\"a\":\"\xff\"}"}) {
        EXPECT_EQ(refused(request(bad)).type, "json_invalid") << bad;
    }
    for (const std::string_view bad : {"[]", "1", "null", "\"text\"", "true"}) {
        EXPECT_EQ(refused(request(bad)).type, "model_type") << bad;
    }
    EXPECT_EQ(refused(request(R"({"a":18446744073709551616})")).type, "int_out_of_range");
    EXPECT_EQ(refused(request(R"({"a":1,"a":2})")).type, "key_twice");
    EXPECT_EQ(
        refused(request("{\"a\":" + std::string(10'000, '[') + std::string(10'000, ']') + "}"))
            .type,
        "depth_over_limit");
}

TEST_F(Cyberfusion, RefusesOtherContent) {
    MessageView view = request("{}");
    view.content_type = "Text/Plain; charset=UTF-8";
    EXPECT_TRUE(protocol->decode_call(view, arena)) << "some libraries call text so";
    view.content_type = "text/html";
    EXPECT_EQ(refused(view).type, "content_type");
    view = request("{}");
    view.content_encoding = "gzip";
    EXPECT_EQ(refused(view).type, "content_type");
}

TEST_F(Cyberfusion, RefusesABodyOverTheLimit) {
    protocol = make_cyberfusion_protocol({.body_bytes_max = 4});
    EXPECT_TRUE(protocol->decode_call(request("{  }"), arena));
    EXPECT_EQ(refused(request("{   }")).type, "body_too_long");
    MessageView skipped = request("");
    skipped.body_bytes = 5;
    EXPECT_EQ(refused(skipped).type, "body_too_long");
}

TEST_F(Cyberfusion, AnswersInTheOriginalsForm) {
    const Member tolerable{Value::text("tolerable"), Value::boolean(true)};
    EXPECT_EQ(answered({.message = "OK", .data = Value::map({&tolerable, 1})}),
              R"({"success":true,"message":"OK","data":{"tolerable":true}})");
    EXPECT_EQ(answered({.message = "OK"}), R"({"success":true,"message":"OK","data":null})");
    EXPECT_EQ(answered({.failure = Code::failed, .message = "No onions"}),
              R"({"success":false,"message":"No onions","data":null})");
    EXPECT_EQ(answered({.failure = Code::overloaded, .message = "busy"}),
              R"({"success":false,"message":"An unexpected error occurred","data":null})");

    const std::vector<FieldError> errors{
        {.location = {"foods", std::size_t{2}}, .message = "Field required", .type = "missing"}};
    EXPECT_EQ(answered({.failure = Code::invalid_request, .errors = errors}),
              R"({"success":false,"message":"Request validation failed","data":{"errors":)"
              R"([{"location":["foods",2],"message":"Field required","type":"missing"}]}})");
}

TEST_F(Cyberfusion, RepliesThroughTheRequestsExchange) {
    const auto reply = protocol->encode_response(address, {}, arena, body);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->exchange, "dx_example");
    EXPECT_EQ(reply->routing_key, "amq.gen-1");
    EXPECT_EQ(reply->correlation_id, "c-1");
    EXPECT_EQ(reply->content_type, "application/json");

    address.reply_to = "amq.rabbitmq.reply-to.g2dk.xyz";
    EXPECT_EQ(protocol->encode_response(address, {}, arena, body)->exchange, "");
    address.reply_to = "";
    EXPECT_FALSE(protocol->encode_response(address, {}, arena, body));
}

TEST_F(Cyberfusion, AnswersAValueThatJsonCannotExpress) {
    const std::array members{Member{Value::null(), Value::integer(1)}};
    const auto read = there_and_back({.data = Value::map(members)});
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Code::internal);
}

TEST_F(Cyberfusion, CarriesNumbersThatPythonHasWordsFor) {
    const auto read =
        there_and_back({.data = Value::floating(std::numeric_limits<double>::quiet_NaN())});
    ASSERT_TRUE(read);
    EXPECT_TRUE(std::isnan(read->data->as_float64()));
}

TEST_F(Cyberfusion, AReplyOverALimitOfTheClientNamesIt) {
    struct Case {
        core::Limits limits;
        const char* named;
    };
    const std::string reply = R"({"success":true,"message":"OK","data":[[1,2]]})";
    for (const Case& each : {Case{{.body_bytes_max = reply.size() - 1}, "body_bytes_max"},
                             Case{{.nesting_depth_max = 2}, "nesting_depth_max"},
                             Case{{.value_count_max = 6}, "value_count_max"}}) {
        const auto client = make_cyberfusion_protocol(each.limits);
        const auto read = client->decode_response({.body = bytes_of(reply)}, arena);
        ASSERT_FALSE(read) << each.named;
        EXPECT_EQ(read.error().code, Code::reply_over_limit);
        EXPECT_NE(read.error().message.find(each.named), std::string::npos);
        EXPECT_NE(read.error().message.find("this client"), std::string::npos);
    }
    const auto client = make_cyberfusion_protocol(
        {.body_bytes_max = reply.size(), .nesting_depth_max = 3, .value_count_max = 7});
    EXPECT_TRUE(client->decode_response({.body = bytes_of(reply)}, arena));
}

TEST_F(Cyberfusion, CarriesEveryFailureThereAndBack) {
    for (int number = 0; number <= static_cast<int>(Code::internal); ++number) {
        const Response response{.failure = static_cast<Code>(number),
                                .message = "why",
                                .retry_after = std::chrono::milliseconds{250}};
        const auto read = there_and_back(response);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().code, response.failure);
        EXPECT_EQ(read.error().message, "why");
        EXPECT_EQ(read.error().retry_after, response.retry_after);
    }
}

TEST_F(Cyberfusion, ReadsTheRepliesOfOtherServers) {
    const auto read = [this](std::string_view text) {
        return protocol->decode_response({.body = bytes_of(text), .body_bytes = text.size()},
                                         arena);
    };
    EXPECT_EQ(read(R"({"success":true,"message":"x","data":{"a":1}})")->data->find("a")->as_int64(),
              1);
    const auto invalid =
        read(R"({"success":false,"message":"Request validation failed","data":{"errors":)"
             R"([{"location":["a",0],"message":"m","type":"missing"}]}})");
    EXPECT_EQ(invalid.error().code, Code::invalid_request);
    EXPECT_EQ(invalid.error().errors,
              (std::vector<FieldError>{{{"a", std::size_t{0}}, "m", "missing"}}));
    const auto failed = read(R"({"success":false,"message":"No","data":{"left":3}})");
    EXPECT_EQ(failed.error().code, Code::failed);
    EXPECT_EQ(failed.error().message, "No");
    EXPECT_EQ(failed.error().data["left"], Value::integer(3));
    EXPECT_EQ(read(R"({"success":false,"message":"An unexpected error occurred","data":null})")
                  .error()
                  .code,
              Code::internal);
    for (const std::string_view bad : {"", "[]", R"({"success":1})", R"({"success":true})"}) {
        EXPECT_EQ(read(bad).error().code, Code::internal) << bad;
    }
}

TEST_F(Cyberfusion, WritesARequest) {
    const Member food{Value::text("favourite_food"), Value::text("onion")};
    const Call call{
        .method = "dx_example", .arguments = Value::map({&food, 1}), .correlation_id = "c-1"};
    const auto sent = protocol->encode_call(call, "test", "replies", arena, body);
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->exchange, "dx_example");
    EXPECT_EQ(sent->routing_key, "test");
    EXPECT_EQ(sent->reply_to, "replies");
    EXPECT_EQ(sent->correlation_id, "c-1");
    EXPECT_EQ(text_of(sent->body), R"({"favourite_food":"onion"})");

    const Value one = Value::integer(1);
    const auto positional = protocol->encode_call({.method = "m",
                                                   .style = model::ArgumentStyle::positional,
                                                   .arguments = Value::list({&one, 1})},
                                                  "test", "replies", arena, body);
    ASSERT_FALSE(positional);
    EXPECT_EQ(positional.error().code, Code::invalid_request);
}

TEST_F(Cyberfusion, DeclaresWhatTheOriginalDeclares) {
    const Topology topology = protocol->server_topology({.server = "test", .methods = {"a", "b"}});
    ASSERT_EQ(topology.queues.size(), 1U);
    EXPECT_EQ(topology.queues[0].name, "test");
    EXPECT_TRUE(topology.queues[0].durable);
    ASSERT_EQ(topology.exchanges.size(), 2U);
    EXPECT_EQ(topology.exchanges[1].name, "b");
    EXPECT_EQ(topology.exchanges[1].type, "direct");
    EXPECT_FALSE(topology.exchanges[1].durable);
    EXPECT_FALSE(topology.exchanges[1].auto_delete);
    ASSERT_EQ(topology.bindings.size(), 2U);
    EXPECT_EQ(topology.bindings[0].exchange, "a");
    EXPECT_EQ(topology.bindings[0].routing_key, "test");
}

TEST_F(Cyberfusion, TakesOverridesOfItsTopology) {
    const Topology topology = protocol->server_topology(
        {.server = "test",
         .methods = {"a"},
         .queue_overrides = {.queue_type = QueueType::quorum,
                             .arguments = Dynamic::map({{"x-delivery-limit", 5}})},
         .exchange_overrides = {.durable = true}});
    EXPECT_TRUE(topology.queues[0].durable);
    EXPECT_EQ(topology.queues[0].arguments["x-queue-type"], Value::text("quorum"));
    EXPECT_EQ(topology.queues[0].arguments["x-delivery-limit"], Value::integer(5));
    EXPECT_TRUE(topology.exchanges[0].durable);
}

}  // namespace
}  // namespace warren::protocol
