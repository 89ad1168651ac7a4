#include "protocol/msgpack_rpc_protocol.hpp"
#include "unit/protocol/protocol_support.hpp"

#include <gtest/gtest.h>

#include <string>

// MessagePack-RPC over transports that keep messages apart, or have no way for answers.
namespace warren::protocol::test {
namespace {

using State = StreamStep::State;

constexpr std::string_view method_name = "a_method";

Call call_of(const Value& argument) {
    return {.method = method_name, .style = model::ArgumentStyle::bare, .arguments = argument};
}

class WholeMessages : public ::testing::Test {
protected:
    const std::unique_ptr<StreamProtocol> protocol_ =
        make_msgpack_rpc_protocol({.whole_messages = true});
    const std::string request_ =
        encoded_call(*protocol_, call_of(Value::text("argument")), {.id = 300});
    const std::size_t named_bytes_ = 5;  // of a message: its head, kind and id
    Arena arena_;
};

TEST_F(WholeMessages, ACutRequestIsAnsweredWhereItSaysItsIdAndTheNextOneRead) {
    const auto decoder = protocol_->make_call_decoder();
    for (std::size_t size = named_bytes_; size != request_.size(); ++size) {
        const StreamStep step = decoder->next(octets(request_).first(size), 0, arena_);
        ASSERT_EQ(step.state, State::complete) << size;
        EXPECT_EQ(step.size_bytes, size);
        EXPECT_EQ(decoder->ticket.id, 300U);
        EXPECT_TRUE(decoder->ticket.wants_response);
        ASSERT_FALSE(decoder->call);
        EXPECT_EQ(decoder->call.error().errors.at(0).type, "message_cut_short");

        EXPECT_EQ(decoder->next(octets(request_), 0, arena_).size_bytes, request_.size());
        ASSERT_TRUE(decoder->call);
        EXPECT_EQ(decoder->call->method, method_name);
    }
}

TEST_F(WholeMessages, ACutRequestWithoutAnIdIsPassedOver) {
    for (std::size_t size = 0; size != named_bytes_; ++size) {
        const auto decoder = protocol_->make_call_decoder();
        const StreamStep step = decoder->next(octets(request_).first(size), 0, arena_);
        EXPECT_EQ(step.state, State::unreadable) << size;
        EXPECT_EQ(step.size_bytes, size);
        EXPECT_FALSE(decoder->ticket.wants_response);
        EXPECT_EQ(decoder->call.error().errors.at(0).message, "The message is cut short");
        EXPECT_EQ(decoder->next(octets(request_), 0, arena_).state, State::complete);
    }
}

TEST_F(WholeMessages, ACutNotificationIsRefusedAndNotAnswered) {
    const std::string sent =
        encoded_call(*protocol_, call_of(Value::text("argument")), {.wants_response = false});
    const auto decoder = protocol_->make_call_decoder();
    const StreamStep step = decoder->next(octets(sent).first(sent.size() - 1), 0, arena_);
    EXPECT_EQ(step.state, State::complete);
    EXPECT_FALSE(decoder->ticket.wants_response);
    EXPECT_FALSE(decoder->call);
}

TEST_F(WholeMessages, ACutAnswerFailsItsCallOnly) {
    const std::string response =
        encoded_response(*protocol_, {.data = Value::text("result")}, {.id = 300});
    const auto decoder = protocol_->make_response_decoder();
    EXPECT_EQ(decoder->next(octets(response).first(response.size() - 1), 0, arena_).state,
              State::complete);
    EXPECT_EQ(decoder->id(), 300U);
    const Failure failure = decoder->response({}).error();
    EXPECT_EQ(failure.code, Code::internal);
    EXPECT_NE(failure.message.find("cut short"), std::string::npos);
    EXPECT_EQ(decoder->next(octets(response), 0, arena_).state, State::complete);
    EXPECT_EQ(decoder->response({})->data, Value::text("result"));
    const StreamStep step = decoder->next(octets(response).first(1), 0, arena_);
    EXPECT_EQ(step.state, State::unreadable);
    EXPECT_EQ(step.size_bytes, 1U);
    EXPECT_EQ(decoder->next(octets(response), 0, arena_).state, State::complete);
}

TEST_F(WholeMessages, WhatIsNoAnswerIsPassedOverAlsoWhereNoneHasComeYet) {
    const std::string response =
        encoded_response(*protocol_, {.data = Value::text("result")}, {.id = 300});
    for (const std::string& message :
         {std::string{"hello"}, std::string{"\x92\x07\x01"},
          std::string{"\x94\x01\xa1"
                      "a\xc0\x01"},
          std::string{"\xc1"}, std::string{"{\"status_code\": 200}"}, std::string{"\x80"}}) {
        const auto decoder = protocol_->make_response_decoder();
        const StreamStep step = decoder->next(octets(message), 0, arena_);
        EXPECT_EQ(step.state, State::unreadable) << message;
        EXPECT_EQ(step.size_bytes, message.size());
        EXPECT_TRUE(decoder->failure().message.contains("does not speak MessagePack-RPC"));
        EXPECT_EQ(decoder->next(octets(response), 0, arena_).state, State::complete);
        EXPECT_EQ(decoder->id(), 300U);
        EXPECT_TRUE(decoder->response({}));
    }
}

TEST(WholeMessagesOver, ALimitFailAlone) {
    Arena arena;
    for (const std::size_t argument_bytes : {80U, 81U}) {
        const auto unlimited = make_msgpack_rpc_protocol();
        const std::string argument(argument_bytes, 'x');
        const std::string request =
            encoded_call(*unlimited, call_of(Value::text(argument)), {.id = 7});
        const std::string response =
            encoded_response(*unlimited, {.data = Value::text(argument)}, {.id = 7});
        const std::size_t limit_bytes = argument_bytes == 80 ? 0 : 1;
        const auto limited = [&](std::size_t message_bytes) {
            return make_msgpack_rpc_protocol({.whole_messages = true},
                                             {.body_bytes_max = message_bytes - limit_bytes});
        };
        const auto calls = limited(request.size())->make_call_decoder();
        ASSERT_EQ(calls->next(octets(request), 0, arena).state, State::complete);
        EXPECT_EQ(calls->call.has_value(), limit_bytes == 0);
        EXPECT_TRUE(calls->ticket.wants_response);
        EXPECT_EQ(calls->ticket.id, 7U);
        const auto responses = limited(response.size())->make_response_decoder();
        ASSERT_EQ(responses->next(octets(response), 0, arena).state, State::complete);
        EXPECT_EQ(responses->id(), 7U);
        const auto read = responses->response({});
        EXPECT_EQ(read.has_value(), limit_bytes == 0);
        if (!read) {
            EXPECT_TRUE(read.error().message.contains("body_bytes_max")) << read.error().message;
        }
        if (!calls->call) {
            EXPECT_TRUE(to_string(calls->call.error()).contains("body_bytes_max"));
        }
        // The next one is read, on both sides.
        EXPECT_EQ(calls->next(octets({"\x94\x00\x08\xa1m\x90", 6}), 0, arena).state,
                  State::complete);
        EXPECT_EQ(calls->ticket.id, 8U);
        EXPECT_EQ(responses->next(octets("\x94\x01\x08\xc0\xc0"), 0, arena).state, State::complete);
        EXPECT_EQ(responses->id(), 8U);
    }
}

TEST(OneWay, RequestsWantNoAnswer) {
    Arena arena;
    const auto publisher = make_msgpack_rpc_protocol({.one_way = true});
    const auto caller = make_msgpack_rpc_protocol();
    const auto decoder =
        make_msgpack_rpc_protocol({.whole_messages = true, .one_way = true})->make_call_decoder();
    for (const std::string& message :
         {encoded_call(*caller, call_of({}), {.id = 7}),
          encoded_call(*publisher, call_of({}), {.wants_response = false})}) {
        EXPECT_EQ(decoder->next(octets(message), 0, arena).state, State::complete);
        ASSERT_TRUE(decoder->call);
        EXPECT_EQ(decoder->call->method, method_name);
        EXPECT_FALSE(decoder->ticket.wants_response);
    }
    EXPECT_EQ(decoder->next(octets("\x94\x01\x07\xc0\xc0"), 0, arena).state, State::unreadable);
    EXPECT_FALSE(decoder->ticket.wants_response);
}

TEST(OneWay, ACallThatWantsAnAnswerIsNotSent) {
    const auto publisher = make_msgpack_rpc_protocol({.one_way = true});
    StreamTicket ticket;
    std::string out = "kept";
    const auto refused = publisher->encode_call(call_of({}), ticket, 0, out);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::invalid_request);
    EXPECT_EQ(refused.error().errors.at(0).type, "answer_unsupported");
    EXPECT_EQ(out, "kept");
}

}  // namespace
}  // namespace warren::protocol::test
