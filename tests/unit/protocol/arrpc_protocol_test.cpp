#include "protocol/arrpc_protocol.hpp"

#include "format/json/json.hpp"
#include "format/msgpack/msgpack.hpp"
#include "format/msgpack/msgpack_writer.hpp"
#include "support/support.hpp"
#include "unit/protocol/protocol_support.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace warren::protocol::test {
namespace {

using State = StreamStep::State;
using warren::test::from_hex;

Call bare(const Value& argument) {
    return {.style = model::ArgumentStyle::bare, .arguments = argument};
}

TEST(ArrpcProtocol, GivesAndTakesTheCapturedBytes) {
    Arena arena;
    const std::string text = warren::test::read_vector("arrpc.json");
    const Value root = *format::json_decode(text, arena);
    const auto plain = make_arrpc_protocol("echo");
    for (const Value& vector : root.find("unsigned_and_signed")->as_list()) {
        const std::string packed = from_hex(vector.find("packed_hex")->as_text());
        const std::string sealed = from_hex(vector.find("signed_hex")->as_text());
        const auto secret = make_arrpc_protocol(
            "echo", {std::string{vector.find("auth_secret")->as_text()}, "another"});
        const Value value = format::msgpack_decode(octets(packed), arena).value();

        EXPECT_EQ(encoded_call(*plain, bare(value)), packed);
        EXPECT_EQ(encoded_call(*secret, bare(value)), sealed);
        EXPECT_EQ(encoded_response(*secret, {.data = value}), packed);

        const auto opener = secret->make_call_decoder();
        read_byte_by_byte(*opener, sealed, arena);
        ASSERT_TRUE(opener->call);
        EXPECT_EQ(opener->call->method, "echo");
        EXPECT_EQ(opener->call->arguments, value);
        EXPECT_TRUE(opener->ticket.wants_response);

        const auto reader = secret->make_response_decoder();
        read_byte_by_byte(*reader, packed, arena);
        EXPECT_EQ(reader->id(), 0U);
        EXPECT_EQ(reader->response({})->data, value);
    }
    const auto reader = plain->make_response_decoder();
    for (const auto& [name, code] :
         {std::pair{"auth", Code::unauthenticated}, std::pair{"rpc", Code::failed}}) {
        std::string reply;
        ASSERT_TRUE(format::msgpack_encode(*root.find("error_replies")->find(name), reply));
        read_byte_by_byte(*reader, reply, arena);
        const Failure failure = reader->response({}).error();
        EXPECT_EQ(failure.code, code);
        EXPECT_EQ(encoded_response(*plain, {.failure = code, .message = failure.message}), reply);
        if (code == Code::unauthenticated) {
            EXPECT_EQ(encoded_response(
                          *plain, {.failure = Code::permission_denied, .message = failure.message}),
                      reply);
        }
    }
}

TEST(ArrpcProtocol, SecretsRotate) {
    Arena arena;
    const auto server = make_arrpc_protocol("echo", {"new", "old"});
    const Value value = Value::integer(7);
    const std::string by_new = encoded_call(*make_arrpc_protocol("", {"new"}), bare(value));
    EXPECT_EQ(encoded_call(*server, bare(value)), by_new);
    EXPECT_EQ(encoded_call(*make_arrpc_protocol("", {"new", "old"}), bare(value)), by_new);
    const auto first = server->make_call_decoder();
    const auto second = server->make_call_decoder();
    for (const auto& [secret, is_taken] :
         {std::pair{"new", true}, std::pair{"old", true}, std::pair{"older", false}}) {
        const std::string request = encoded_call(*make_arrpc_protocol("", {secret}), bare(value));
        for (StreamCallDecoder* const decoder : {first.get(), second.get()}) {
            EXPECT_EQ(decoder->next(octets(request), 0, arena).state, State::complete);
            EXPECT_EQ(decoder->call.has_value(), is_taken) << secret;
        }
    }
    EXPECT_EQ(first->call.error().code, Code::unauthenticated);
}

TEST(ArrpcProtocol, EachConnectionHasItsOwnStream) {
    Arena arena;
    const auto server = make_arrpc_protocol("echo");
    const auto first = server->make_call_decoder();
    const auto second = server->make_call_decoder();
    EXPECT_EQ(first->next(octets("\xa3"), 0, arena).wanted_bytes, 4U);
    EXPECT_EQ(second->next(octets("\x05"), 0, arena).state, State::complete);
    EXPECT_EQ(first->next(octets("\xa3one"), 0, arena).state, State::complete);
    EXPECT_EQ(first->call->arguments, Value::text("one"));
}

TEST(ArrpcProtocol, WhatComesWithMoreBehindItIsNoMessage) {
    Arena arena;
    const auto protocol = make_arrpc_protocol("echo");
    for (const auto& [bytes, why] :
         {std::pair{std::string{"GET /healthz HTTP/1.1\r\n\r\n"}, "it is HTTP"},
          std::pair{std::string{"\x05\x06"}, "1 more bytes"},
          std::pair{std::string{"\xa3one\xa3two"}, "4 more bytes"},
          std::pair{std::string{"\x05\x00", 2}, "1 more bytes"},
          std::pair{std::string{"\xd4\x05.\x07"}, "1 more bytes"}}) {
        const auto calls = protocol->make_call_decoder();
        EXPECT_EQ(calls->next(octets(bytes), 0, arena).state, State::broken) << bytes;
        EXPECT_EQ(calls->call.error().errors.at(0).type, "message_type");
        EXPECT_TRUE(calls->call.error().errors.at(0).message.contains(why));
        const auto responses = protocol->make_response_decoder();
        EXPECT_EQ(responses->next(octets(bytes), 0, arena).state, State::broken) << bytes;
        EXPECT_EQ(responses->failure().code, Code::contract_mismatch);
        EXPECT_TRUE(responses->failure().message.contains(why));
    }
    const auto responses = protocol->make_response_decoder();
    for (const std::string_view greeting : {"HTTP/1.1 400 Bad Request\r\n", "SSH-2.0-x\r\n",
                                            "220 mail ESMTP\r\n", "-ERR unknown\r\n"}) {
        EXPECT_EQ(responses->next(octets(greeting), 0, arena).state, State::broken) << greeting;
    }
    // What was cut is a message when it is whole.
    const auto calls = protocol->make_call_decoder();
    EXPECT_EQ(calls->next(octets("\xa3on"), 0, arena).state, State::need_more);
    EXPECT_EQ(calls->next(octets("\xa3one"), 0, arena).state, State::complete);
    EXPECT_EQ(calls->next(octets("\xa3on"), 0, arena).state, State::need_more);
    EXPECT_EQ(calls->next(octets("\xa3onet"), 0, arena).state, State::broken);
}

TEST(ArrpcProtocol, HasNoOneWayCalls) {
    const auto protocol = make_arrpc_protocol("echo");
    StreamTicket ticket{.wants_response = false};
    std::string out = "kept";
    const auto refused = protocol->encode_call(bare({}), ticket, 0, out);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().errors.at(0).type, "notification_unsupported");
    EXPECT_EQ(out, "kept");
}

TEST(ArrpcProtocol, ABrokenStreamSaysWhy) {
    Arena arena;
    const auto protocol = make_arrpc_protocol("echo", {}, {.body_bytes_max = 10});
    const auto calls = protocol->make_call_decoder();
    EXPECT_EQ(calls->next(octets("\xaa"), 0, arena).state, State::broken);
    EXPECT_EQ(calls->call.error().errors.at(0).type, "bytes_over_limit");
    EXPECT_TRUE(calls->ticket.wants_response);
    const auto responses = protocol->make_response_decoder();
    EXPECT_EQ(responses->next(octets("\xc1"), 0, arena).state, State::broken);
    EXPECT_EQ(responses->failure().code, Code::internal);
}

TEST(ArrpcProtocol, NamesTheLimitThatAMessageBreaks) {
    const auto protocol = make_arrpc_protocol("echo", {}, {.body_bytes_max = 10});
    std::string out;
    StreamTicket ticket;
    EXPECT_TRUE(protocol->encode_call(bare(Value::text("123456789")), ticket, 0, out));
    const auto refused = protocol->encode_call(bare(Value::text("1234567890")), ticket, 0, out);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().errors.at(0).message.find("body_bytes_max"), std::string::npos);
    EXPECT_EQ(encoded_response(*protocol, {.data = Value::text("123456789")}).size(), 10U);
    EXPECT_NE(encoded_response(*protocol, {.data = Value::text("1234567890")})
                  .find("The reply has 11 bytes; at most 10 are sent (body_bytes_max)"),
              std::string::npos);
}

}  // namespace
}  // namespace warren::protocol::test
