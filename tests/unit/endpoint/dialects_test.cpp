#include "endpoint/dialects.hpp"

#include "endpoint/address.hpp"

#include <gtest/gtest.h>

#include <string>

namespace warren::endpoint {
namespace {

using protocol::AnswerOrder;

std::string refused(std::string_view protocol, const StreamDialectOptions& options) {
    const auto dialect = make_stream_dialect(protocol, options);
    EXPECT_FALSE(dialect) << protocol;
    return dialect ? std::string{} : dialect.error().message;
}

TEST(StreamDialects, AreMadeForWhatCarriesThem) {
    for (const std::string_view protocol : {msgpack_rpc, arrpc}) {
        EXPECT_EQ((*make_stream_dialect(protocol, {.method = "m"}))->name(), protocol);
    }
    for (const std::string_view protocol : {msgpack_rpc, pyzmqrpc}) {
        EXPECT_EQ((*make_stream_dialect(protocol, {.whole_messages = true}))->name(), protocol);
    }
    EXPECT_EQ(refused(pyzmqrpc, {}),
              "Unknown protocol 'pyzmqrpc' for direct connections; known are: msgpack-rpc, arrpc");
    EXPECT_EQ(refused(arrpc, {.whole_messages = true}),
              "Unknown protocol 'arrpc' for ZeroMQ; known are: msgpack-rpc, pyzmqrpc");
}

TEST(StreamDialects, TakeTheSideAndTheWay) {
    const auto order = [](protocol::StreamSide side, bool one_way) {
        const auto dialect = make_stream_dialect(
            pyzmqrpc, {.side = side, .whole_messages = true, .one_way = one_way});
        return (*dialect)->answer_order();
    };
    EXPECT_EQ(order(protocol::StreamSide::server, false), AnswerOrder::as_requested);
    EXPECT_EQ(order(protocol::StreamSide::server, true), AnswerOrder::any);
    EXPECT_EQ(order(protocol::StreamSide::client, false), AnswerOrder::any);
}

TEST(StreamDialects, SecretsAreNotIgnored) {
    EXPECT_NE(refused(pyzmqrpc, {.auth_secrets = {std::string(32, 's')}, .whole_messages = true})
                  .find("auth_secrets"),
              std::string::npos);
}

TEST(Addresses, SayHowDeepSecretsAreAndWhichPicklesAreRead) {
    const auto address = [](const char* text) { return parse_address(text); };
    EXPECT_EQ(address("amqp://h/?queue=q")->nested_secrets, std::nullopt);
    EXPECT_EQ(address("amqp://h/?queue=q&nested_secrets=true")->nested_secrets, true);
    EXPECT_EQ(address("memory:m?nested_secrets=false")->nested_secrets, false);
    EXPECT_FALSE(address("amqp://h/?queue=q&nested_secrets=yes"));
    EXPECT_EQ(address("amqp://h/?protocol=callme&pickle_protocol=2")->pickle_protocol, 2);
    for (const char* const wrong : {"amqp://h/?protocol=callme&pickle_protocol=1",
                                    "amqp://h/?protocol=callme&pickle_protocol=6",
                                    "amqp://h/?protocol=callme&pickle_protocol=2&format=json",
                                    "amqp://h/?queue=q&pickle_protocol=2"}) {
        EXPECT_FALSE(address(wrong)) << wrong;
    }
    EXPECT_EQ(secret_depth_of(cyberfusion, std::nullopt), model::SecretDepth::direct);
    EXPECT_EQ(secret_depth_of(cyberfusion, true), model::SecretDepth::any);
    EXPECT_EQ(secret_depth_of(msgpack_rpc, std::nullopt), model::SecretDepth::any);
    EXPECT_EQ(secret_depth_of(tutorial, false), model::SecretDepth::direct);
}

}  // namespace
}  // namespace warren::endpoint
