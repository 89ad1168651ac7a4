#include "protocol/msgpack_rpc_dialect.hpp"

#include "unit/protocol/dialect_support.hpp"

#include <gtest/gtest.h>

#include <string>

// MessagePack-RPC over transports that keep messages apart, or have no way for answers.
namespace warren::protocol::test {
namespace {

using State = StreamStep::State;

constexpr std::string_view method = "a_method";

Call call_of(const Value& argument) {
    return {.method = method, .style = model::ArgumentStyle::bare, .arguments = argument};
}

class WholeMessages : public ::testing::Test {
protected:
    const std::unique_ptr<StreamDialect> dialect_ =
        make_msgpack_rpc_dialect({.whole_messages = true});
    const std::string request_ =
        encoded_call(*dialect_, call_of(Value::text("argument")), {.id = 300});
    const std::size_t named_bytes_ = 5;  // of a message: its head, kind and id
    Arena arena_;
};

TEST_F(WholeMessages, ACutRequestIsAnsweredWhereItSaysItsIdAndTheNextOneRead) {
    const auto decoder = dialect_->make_call_decoder();
    for (std::size_t size = named_bytes_; size != request_.size(); ++size) {
        const StreamStep step = decoder->next(octets(request_).first(size), 0, arena_);
        ASSERT_EQ(step.state, State::complete) << size;
        EXPECT_EQ(step.size_bytes, size);
        EXPECT_EQ(decoder->ticket.id, 300U);
        EXPECT_TRUE(decoder->ticket.wants_answer);
        ASSERT_FALSE(decoder->call);
        EXPECT_EQ(decoder->call.error().errors.at(0).type, "message_cut_short");

        EXPECT_EQ(decoder->next(octets(request_), 0, arena_).size_bytes, request_.size());
        ASSERT_TRUE(decoder->call);
        EXPECT_EQ(decoder->call->method, method);
    }
}

TEST_F(WholeMessages, ACutRequestWithoutAnIdIsPassedOver) {
    for (std::size_t size = 0; size != named_bytes_; ++size) {
        const auto decoder = dialect_->make_call_decoder();
        const StreamStep step = decoder->next(octets(request_).first(size), 0, arena_);
        EXPECT_EQ(step.state, State::unreadable) << size;
        EXPECT_EQ(step.size_bytes, size);
        EXPECT_FALSE(decoder->ticket.wants_answer);
        EXPECT_EQ(decoder->call.error().errors.at(0).message, "The message is cut short");
        EXPECT_EQ(decoder->next(octets(request_), 0, arena_).state, State::complete);
    }
}

TEST_F(WholeMessages, ACutNotificationIsRefusedAndNotAnswered) {
    const std::string sent =
        encoded_call(*dialect_, call_of(Value::text("argument")), {.wants_answer = false});
    const auto decoder = dialect_->make_call_decoder();
    const StreamStep step = decoder->next(octets(sent).first(sent.size() - 1), 0, arena_);
    EXPECT_EQ(step.state, State::complete);
    EXPECT_FALSE(decoder->ticket.wants_answer);
    EXPECT_FALSE(decoder->call);
}

TEST_F(WholeMessages, ACutAnswerFailsItsCallOnly) {
    const std::string answer =
        encoded_answer(*dialect_, {.data = Value::text("result")}, {.id = 300});
    const auto decoder = dialect_->make_answer_decoder();
    EXPECT_EQ(decoder->next(octets(answer).first(answer.size() - 1), 0, arena_).state,
              State::complete);
    EXPECT_EQ(decoder->id(), 300U);
    const Failure failure = decoder->answer({}).error();
    EXPECT_EQ(failure.code, Code::internal);
    EXPECT_NE(failure.message.find("cut short"), std::string::npos);
    EXPECT_EQ(decoder->next(octets(answer), 0, arena_).state, State::complete);
    EXPECT_EQ(decoder->answer({})->data, Value::text("result"));
    const StreamStep step = decoder->next(octets(answer).first(1), 0, arena_);
    EXPECT_EQ(step.state, State::unreadable);
    EXPECT_EQ(step.size_bytes, 1U);
    EXPECT_EQ(decoder->next(octets(answer), 0, arena_).state, State::complete);
}

TEST_F(WholeMessages, WhatIsNoAnswerIsBrokenWhereNoneHasComeYet) {
    const auto decoder = dialect_->make_answer_decoder();
    EXPECT_EQ(decoder->next(octets("hello"), 0, arena_).state, State::broken);
    EXPECT_EQ(decoder->failure().code, Code::contract_mismatch);
}

TEST(WholeMessagesOver, ALimitFailAlone) {
    Arena arena;
    for (const std::size_t argument_bytes : {80U, 81U}) {
        const auto unlimited = make_msgpack_rpc_dialect();
        const std::string argument(argument_bytes, 'x');
        const std::string request =
            encoded_call(*unlimited, call_of(Value::text(argument)), {.id = 7});
        const std::string answer =
            encoded_answer(*unlimited, {.data = Value::text(argument)}, {.id = 7});
        const std::size_t limit_bytes = argument_bytes == 80 ? 0 : 1;
        const auto limited = [&](std::size_t message_bytes) {
            return make_msgpack_rpc_dialect({.whole_messages = true},
                                            {.body_bytes_max = message_bytes - limit_bytes});
        };
        const auto calls = limited(request.size())->make_call_decoder();
        ASSERT_EQ(calls->next(octets(request), 0, arena).state, State::complete);
        EXPECT_EQ(calls->call.has_value(), limit_bytes == 0);
        EXPECT_TRUE(calls->ticket.wants_answer);
        EXPECT_EQ(calls->ticket.id, 7U);
        const auto answers = limited(answer.size())->make_answer_decoder();
        ASSERT_EQ(answers->next(octets(answer), 0, arena).state, State::complete);
        EXPECT_EQ(answers->id(), 7U);
        const auto read = answers->answer({});
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
        EXPECT_EQ(answers->next(octets("\x94\x01\x08\xc0\xc0"), 0, arena).state, State::complete);
        EXPECT_EQ(answers->id(), 8U);
    }
}

TEST(OneWay, RequestsWantNoAnswer) {
    Arena arena;
    const auto publisher = make_msgpack_rpc_dialect({.one_way = true});
    const auto caller = make_msgpack_rpc_dialect();
    const auto decoder =
        make_msgpack_rpc_dialect({.whole_messages = true, .one_way = true})->make_call_decoder();
    for (const std::string& message :
         {encoded_call(*caller, call_of({}), {.id = 7}),
          encoded_call(*publisher, call_of({}), {.wants_answer = false})}) {
        EXPECT_EQ(decoder->next(octets(message), 0, arena).state, State::complete);
        ASSERT_TRUE(decoder->call);
        EXPECT_EQ(decoder->call->method, method);
        EXPECT_FALSE(decoder->ticket.wants_answer);
    }
    EXPECT_EQ(decoder->next(octets("\x94\x01\x07\xc0\xc0"), 0, arena).state, State::unreadable);
    EXPECT_FALSE(decoder->ticket.wants_answer);
}

TEST(OneWay, ACallThatWantsAnAnswerIsNotSent) {
    const auto publisher = make_msgpack_rpc_dialect({.one_way = true});
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
