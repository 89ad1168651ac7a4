#include "protocol/tutorial.hpp"

#include <gtest/gtest.h>

namespace warren::protocol {
namespace {

class Tutorial : public testing::Test {
protected:
    std::expected<Call, Failure> decoded(std::string_view content,
                                         std::string_view content_type = "") {
        return protocol->decode_call({.content_type = content_type,
                                      .correlation_id = "c-1",
                                      .reply_to = "amq.gen-1",
                                      .body = bytes_of(content),
                                      .body_bytes = content.size()},
                                     arena);
    }

    std::expected<Response, Failure> there_and_back(const Response& response) {
        const ReplyAddress address{.reply_to = "r", .correlation_id = "c"};
        const auto reply = protocol->encode_response(address, response, arena, body);
        return protocol->decode_response(*reply, arena);
    }

    /// The arguments as the server reads them from the client's message.
    Call sent(const Call& call) {
        const auto message = protocol->encode_call(call, "rpc_queue", "r", arena, body);
        EXPECT_TRUE(message);
        const auto read = protocol->decode_call(*message, arena);
        EXPECT_TRUE(read);
        return *read;
    }

    std::unique_ptr<MessageProtocol> protocol = make_tutorial_protocol("fibonacci");
    Arena arena;
    std::string body;
};

TEST_F(Tutorial, ReadsABareValue) {
    const auto call = decoded("30");
    ASSERT_TRUE(call);
    EXPECT_EQ(call->method, "fibonacci");
    EXPECT_EQ(call->style, model::ArgumentStyle::bare);
    EXPECT_EQ(call->arguments, Value::integer(30));
    EXPECT_EQ(decoded("[1, 2]")->arguments.as_list().size(), 2U);
}

TEST_F(Tutorial, TakesForTextWhatIsNoJson) {
    for (const std::string_view text : {"", "hello", "{broken", "007"}) {
        EXPECT_EQ(decoded(text)->arguments, Value::text(text));
    }
    EXPECT_EQ(decoded("30", "text/plain")->arguments, Value::text("30"));
    EXPECT_EQ(decoded("30", "TEXT/Plain; charset=utf-8")->arguments, Value::text("30"));
    EXPECT_EQ(decoded("30", "text/json")->arguments, Value::integer(30));
}

TEST_F(Tutorial, RefusesWhatIsNeither) {
    EXPECT_EQ(decoded("\xff").error().errors.at(0).type, "string_unicode");
    EXPECT_EQ(decoded("hello", "application/json").error().errors.at(0).type, "json_invalid");
    EXPECT_EQ(decoded("99999999999999999999").error().errors.at(0).type, "int_out_of_range");
    EXPECT_EQ(
        decoded(std::string(10'000, '[') + std::string(10'000, ']')).error().errors.at(0).type,
        "depth_over_limit");
}

TEST_F(Tutorial, TakesForNoTextWhatIsJsonThatItCannotHold) {
    const std::string deep = std::string(10'000, '[') + std::string(10'000, ']');
    for (const auto& [text, type] : std::initializer_list<std::pair<std::string_view, const char*>>{
             {R"({"n": 1, "n": 2})", "key_twice"},
             {R"([{"n": 1, "n": NaN}])", "key_twice"},
             {R"(["\ud800"])", "text_not_utf8"},
             {"1e9999999999", "float_out_of_range"},
             {deep, "depth_over_limit"},
         }) {
        for (const std::string_view content_type : {"", "application/octet-stream", "text/json"}) {
            const auto call = decoded(text, content_type);
            ASSERT_FALSE(call) << text;
            EXPECT_EQ(call.error().code, Code::invalid_request);
            EXPECT_EQ(call.error().errors.at(0).type, type) << text;
        }
    }
    EXPECT_TRUE(decoded(R"({"n": 1, "n": 2})").error().errors.at(0).message.contains("\"n\""));
}

TEST_F(Tutorial, AnswersWithABareValue) {
    // The reply views it.
    const ReplyAddress address{.exchange = "x", .reply_to = "r", .correlation_id = "c"};
    const auto reply =
        protocol->encode_response(address, {.data = Value::integer(832040)}, arena, body);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->exchange, "");
    EXPECT_EQ(reply->routing_key, "r");
    EXPECT_EQ(reply->correlation_id, "c");
    EXPECT_EQ(text_of(reply->body), "832040");
}

TEST_F(Tutorial, CarriesAnyResultThereAndBack) {
    const Value item = Value::text("1");
    for (const Value& data :
         {Value::integer(5), Value::text("5"), Value::text(""), Value{}, Value::floating(1.5),
          Value::list({&item, 1}), Value::boolean(true)}) {
        EXPECT_EQ(there_and_back({.data = data})->data, data);
    }
}

TEST_F(Tutorial, ForwardsAFailure) {
    const std::vector<FieldError> errors{{.location = {"n"}, .message = "m", .type = "int_type"}};
    const auto failure = there_and_back({.failure = Code::invalid_request,
                                         .message = "Request validation failed",
                                         .errors = errors});
    ASSERT_FALSE(failure);
    EXPECT_EQ(failure.error().code, Code::invalid_request);
    EXPECT_EQ(failure.error().errors, errors);
    const auto failed =
        there_and_back({.failure = Code::failed, .message = "no", .data = Value::integer(3)});
    EXPECT_EQ(failed.error().data, Dynamic{3});
}

TEST_F(Tutorial, SendsOneArgumentBare) {
    // By name: bare for any server of the tutorial's, and named for one that has more arguments.
    const Member named{Value::text("n"), Value::integer(30)};
    const Value arguments = Value::map({&named, 1});
    const Call read = sent({.style = model::ArgumentStyle::named, .arguments = arguments});
    EXPECT_EQ(read.style, model::ArgumentStyle::named);
    EXPECT_EQ(read.arguments, arguments);
    EXPECT_EQ(body, "30");
    const Value item = Value::text("30");
    EXPECT_EQ(
        sent({.style = model::ArgumentStyle::positional, .arguments = Value::list({&item, 1})})
            .arguments,
        item);
    EXPECT_EQ(body, "30");
}

TEST_F(Tutorial, SaysWhenAnObjectIsNamedArguments) {
    const Member inner{Value::text("value"), Value::integer(1)};
    const Member named{Value::text("value"), Value::map({&inner, 1})};
    const Value arguments = Value::map({&named, 1});
    const Call read = sent({.style = model::ArgumentStyle::named, .arguments = arguments});
    EXPECT_EQ(read.style, model::ArgumentStyle::named);
    EXPECT_EQ(read.arguments, arguments);
    EXPECT_EQ(sent({.style = model::ArgumentStyle::bare, .arguments = arguments}).style,
              model::ArgumentStyle::bare);
}

TEST_F(Tutorial, DeclaresAPlainQueue) {
    const Topology topology = protocol->server_topology({.server = "rpc_queue"});
    ASSERT_EQ(topology.queues.size(), 1U);
    EXPECT_EQ(topology.queues[0].name, "rpc_queue");
    EXPECT_FALSE(topology.queues[0].durable);
    EXPECT_TRUE(topology.exchanges.empty());
    EXPECT_TRUE(topology.bindings.empty());
}

}  // namespace
}  // namespace warren::protocol
