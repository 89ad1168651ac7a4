#include "protocol/arrpc.hpp"

#include "format/json/json.hpp"
#include "format/msgpack/msgpack_writer.hpp"
#include "support/support.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace warren::protocol::arrpc_test {

using namespace std::string_literals;
using State = ArrpcMessage<Call>::State;
using ResponseState = ArrpcMessage<Response>::State;
using warren::test::from_hex;
using warren::test::octets;

const std::vector<std::string> secrets{"s3cret"};

std::string encoded(const ArrpcClientCodec& client, const Value& argument) {
    std::string out;
    EXPECT_TRUE(
        client.encode_call({.style = model::ArgumentStyle::bare, .arguments = argument}, out));
    return out;
}

std::string answered(const Response& response) {
    std::string out;
    ArrpcServerCodec{"echo", {}}.encode_response(response, out);
    return out;
}

class ArrpcVectors : public testing::Test {
protected:
    ArrpcVectors()
        : text_{warren::test::read_vector("arrpc.json")},
          root_{*format::json_decode(text_, arena_)} {}

    std::string text_;
    Arena arena_;
    Value root_;
    std::vector<std::string> packed_;
};

TEST_F(ArrpcVectors, requests_and_replies_have_the_captured_bytes) {
    const auto vectors = root_.find("unsigned_and_signed")->as_list();
    ASSERT_EQ(vectors.size(), 4U);
    for (const Value& vector : vectors) {
        const auto name = vector.find("name")->as_text();
        const std::string packed = from_hex(vector.find("packed_hex")->as_text());
        const std::string sealed = from_hex(vector.find("signed_hex")->as_text());
        const auto secret = vector.find("auth_secret")->as_text();
        const Value value = format::msgpack_decode(octets(packed), arena_).value();

        EXPECT_EQ(encoded(ArrpcClientCodec{""}, value), packed) << name;
        EXPECT_EQ(encoded(ArrpcClientCodec{secret}, value), sealed) << name;
        EXPECT_EQ(answered({.data = value}), packed) << name;

        // Cut at every byte, each piece at another address.
        for (const auto& [bytes, server_secrets] :
             {std::pair{packed, std::vector<std::string>{}},
              std::pair{sealed, std::vector{std::string{secret}}}}) {
            ArrpcServerCodec server{"echo", server_secrets};
            std::string piece;
            for (std::size_t size = 0; size != bytes.size(); ++size) {
                piece = bytes.substr(0, size);
                ASSERT_EQ(server.next(octets(piece), arena_).state, State::need_more) << name;
            }
            const auto request = server.next(octets(bytes), arena_);
            ASSERT_EQ(request.state, State::complete) << name;
            EXPECT_EQ(request.size_bytes, bytes.size());
            ASSERT_TRUE(request.content) << name;
            EXPECT_EQ(request.content->arguments, value) << name;
            EXPECT_EQ(request.content->method, "echo");
        }
        ArrpcClientCodec client{""};
        const auto reply = client.next(octets(packed), arena_);
        ASSERT_TRUE(reply.content);
        EXPECT_EQ(reply.content->data, value);
    }
}

TEST_F(ArrpcVectors, values_are_those_the_vectors_name) {
    const auto vectors = root_.find("unsigned_and_signed")->as_list();
    const auto value_of = [&](std::size_t at) {
        const std::string* kept =
            &packed_.emplace_back(from_hex(vectors[at].find("packed_hex")->as_text()));
        return format::msgpack_decode(octets(*kept), arena_).value();
    };
    packed_.reserve(4);
    EXPECT_EQ(*value_of(0).find("foo"), Value::text("bar"));
    EXPECT_EQ(value_of(1), Value::integer(7));
    EXPECT_EQ(*value_of(2).find("b")->find("c"), Value::bytes(octets("\0\1"s)));
    EXPECT_EQ(value_of(3), Value::text("\u00e9\u20ac"));
}

TEST_F(ArrpcVectors, failures_are_the_captured_texts) {
    const Value* errors = root_.find("error_replies");
    const std::string_view auth = errors->find("auth")->as_text();
    const std::string_view rpc = errors->find("rpc")->as_text();

    ArrpcServerCodec server{"echo", secrets};
    const auto request = server.next(octets("\x07"), arena_);
    ASSERT_EQ(request.state, State::complete);
    ASSERT_FALSE(request.content);
    EXPECT_EQ(request.content.error().code, Code::unauthenticated);
    std::string packed;
    format::MsgpackWriter{packed}.text(auth);
    EXPECT_EQ(answered({.failure = request.content.error().code,
                        .message = request.content.error().message}),
              packed);
    ArrpcClientCodec client{"s3cret"};
    EXPECT_EQ(client.next(octets(packed), arena_).content.error(), request.content.error());

    packed.clear();
    format::MsgpackWriter{packed}.text(rpc);
    EXPECT_EQ(answered({.failure = Code::failed, .message = "Something went wrong"}), packed);
    EXPECT_EQ(client.next(octets(packed), arena_).content.error(),
              (Failure{.code = Code::failed, .message = "Something went wrong"}));
}

class Arrpc : public ArrpcVectors {};

TEST_F(Arrpc, refuses_each_signature_that_is_not_the_one) {
    ArrpcServerCodec server{"echo", secrets};
    const std::string sealed = encoded(ArrpcClientCodec{"s3cret"}, Value::text("hello"));
    ASSERT_TRUE(server.next(octets(sealed), arena_).content);
    for (std::size_t at = sealed.find('@') + 1; at != sealed.size(); ++at) {
        std::string forged = sealed;
        forged[at] ^= 1;
        const auto request = server.next(octets(forged), arena_);
        EXPECT_TRUE(request.state == State::need_more || !request.content) << at;
        server = ArrpcServerCodec{"echo", secrets};
    }
    for (const std::string& unsigned_request :
         {encoded(ArrpcClientCodec{"another"}, Value::text("hello")), "\x80"s, "\xc0"s,
          "\x82\xaa"
          "arrpc.sign\xa0\xa4"
          "data\xc4\x00"s,
          "\x81\xa4"
          "data\xc4\x01\x07"s}) {
        const auto request = server.next(octets(unsigned_request), arena_);
        ASSERT_EQ(request.state, State::complete);
        EXPECT_EQ(request.content.error().code, Code::unauthenticated);
    }
}

TEST_F(Arrpc, a_signed_request_is_one_object) {
    for (const std::string& inner : {"\x07\x07"s, ""s, "\xc1"s, "\x91"s}) {
        const auto sign = ArrpcSignature{"s3cret"}.sign(octets(inner));
        std::string message;
        {
            format::MsgpackWriter writer{message};
            writer.map_head(2);
            writer.text("arrpc.sign");
            writer.text({sign->data(), sign->size()});
            writer.text("data");
            writer.bytes(octets(inner));
        }
        ArrpcServerCodec server{"echo", secrets};
        const auto request = server.next(octets(message), arena_);
        ASSERT_EQ(request.state, State::complete);
        EXPECT_EQ(request.content.error().code, Code::invalid_request);
    }
}

TEST_F(Arrpc, takes_objects_in_order_falsy_ones_too) {
    const std::string stream =
        "\xc0\xc2\x00\xa0\x90\x80\xc4\x00\xcb\x00\x00\x00\x00\x00\x00\x00\x00\x07"s;
    ArrpcServerCodec server{"echo", {}};
    std::size_t at = 0;
    while (at != stream.size()) {
        const auto request = server.next(octets(stream).subspan(at), arena_);
        ASSERT_EQ(request.state, State::complete);
        std::string reply;
        server.encode_response({.data = request.content->arguments}, reply);
        EXPECT_EQ(reply, stream.substr(at, request.size_bytes));
        at += request.size_bytes;
    }
}

TEST_F(Arrpc, sends_no_length_that_stops_the_peer) {
    const std::string long_text(70'000, 'x');
    const ArrpcClientCodec client{""};
    const ArrpcClientCodec signing{"s3cret"};
    ArrpcServerCodec server{"echo", secrets};
    for (std::size_t size = 3980; size != 4100; ++size) {
        const Value text = Value::text(std::string_view{long_text}.substr(0, size));
        const std::string plain = encoded(client, text);
        EXPECT_NE(plain.size() % 4096, 0U);
        EXPECT_EQ(format::msgpack_decode(octets(plain), arena_), text);
        EXPECT_EQ(answered({.data = text}), plain);
        const std::string sealed = encoded(signing, text);
        EXPECT_NE(sealed.size() % 4096, 0U);
        EXPECT_EQ(server.next(octets(sealed), arena_).content->arguments, text);
        EXPECT_NE(answered({.failure = Code::failed, .message = text.as_text()}).size() % 4096, 0U);
    }
    // A lone text of over 65,535 bytes has one form only.
    const Value stuck = Value::text(std::string_view{long_text}.substr(0, 17 * 4096 - 5));
    std::string out = "kept";
    const auto refused =
        client.encode_call({.style = model::ArgumentStyle::bare, .arguments = stuck}, out);
    EXPECT_EQ(refused.error().errors.at(0).type, "length_unsendable");
    EXPECT_EQ(out, "kept");
    EXPECT_TRUE(answered({.data = stuck}).find(arrpc_rpc_error) != std::string::npos);
    EXPECT_NE(encoded(signing, stuck).size() % 4096, 0U);
    const std::string prefix_less = long_text.substr(0, 17 * 4096 - 5 - arrpc_rpc_error.size());
    EXPECT_EQ(answered({.failure = Code::failed, .message = prefix_less}).size(), 17U * 4096 + 1);
}

TEST_F(Arrpc, sends_a_lone_positional_argument_bare) {
    const std::vector<Value> items{Value::integer(5), Value::integer(6)};
    const ArrpcClientCodec client{""};
    std::string out;
    EXPECT_TRUE(client.encode_call({.style = model::ArgumentStyle::positional,
                                    .arguments = Value::list(std::span{items}.first(1))},
                                   out));
    EXPECT_TRUE(client.encode_call(
        {.style = model::ArgumentStyle::positional, .arguments = Value::list(items)}, out));
    EXPECT_EQ(out, "\x05\x92\x05\x06");
}

TEST_F(Arrpc, says_which_fields_are_wrong) {
    const std::vector<FieldError> errors{{{"a", std::size_t{1}}, "Field required", "missing"}};
    const std::string reply = answered({.failure = Code::invalid_request,
                                        .message = "Request validation failed",
                                        .errors = errors});
    EXPECT_EQ(format::msgpack_decode(octets(reply), arena_)->as_text(),
              "arrpc.error.RpcException: Request validation failed: a[1]: Field required");
}

TEST_F(Arrpc, holds_the_limit_of_bytes) {
    const core::Limits limits{.body_bytes_max = 10};
    ArrpcServerCodec server{"echo", {}, limits};
    EXPECT_TRUE(server
                    .next(octets("\xa9"
                                 "123456789"),
                          arena_)
                    .content);
    const auto over = server.next(octets("\xaa"), arena_);
    EXPECT_EQ(over.state, State::broken);
    EXPECT_EQ(over.content.error().errors.at(0).type, "bytes_over_limit");
    ArrpcClientCodec reader{"", limits};
    const auto long_reply = reader.next(octets("\xaa"), arena_);
    EXPECT_EQ(long_reply.content.error().code, Code::reply_over_limit);
    EXPECT_NE(long_reply.content.error().message.find("body_bytes_max"), std::string::npos);
    const ArrpcClientCodec client{"", limits};
    EXPECT_EQ(encoded(client, Value::text("123456789")).size(), 10U);
    std::string out;
    EXPECT_EQ(
        client
            .encode_call(
                {.style = model::ArgumentStyle::bare, .arguments = Value::text("1234567890")}, out)
            .error()
            .errors.at(0)
            .type,
        "body_too_long");
}

TEST_F(Arrpc, garbage_ends_the_stream_and_bad_objects_do_not) {
    ArrpcServerCodec server{"echo", {}};
    const auto extension = server.next(octets("\xd4\x05.\x07"s), arena_);
    EXPECT_EQ(extension.state, State::complete);
    EXPECT_EQ(extension.size_bytes, 3U);
    EXPECT_EQ(extension.content.error().code, Code::invalid_request);
    EXPECT_EQ(server.next(octets("\xc1"), arena_).state, State::broken);
    ArrpcClientCodec client{""};
    const auto reply = client.next(octets("\xc1"), arena_);
    EXPECT_EQ(reply.state, ResponseState::broken);
    EXPECT_EQ(reply.content.error().code, Code::internal);
}

}  // namespace warren::protocol::arrpc_test
