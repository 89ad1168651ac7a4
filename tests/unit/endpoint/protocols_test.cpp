#include "endpoint/protocols/table.hpp"

#include <warren/client.hpp>

#include "endpoint/address.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace warren::endpoint {
namespace {

using protocol::AnswerOrder;
using Names = std::vector<std::string_view>;

const Protocol& named(Trait carrier, std::string_view name) {
    return *find_protocol(carrier, name);
}

TEST(Protocols, AreFoundByWhatCarriesThem) {
    EXPECT_EQ(names_of(&Protocol::at_brokers), (Names{"cyberfusion", "tutorial", "callme"}));
    EXPECT_EQ(list_of(&Protocol::over_streams), "msgpack-rpc, arrpc");
    EXPECT_EQ(list_of(&Protocol::over_messages, "|"), "msgpack-rpc|pyzmqrpc");
    EXPECT_EQ(find_protocol(&Protocol::over_streams, "pyzmqrpc"), nullptr);
    EXPECT_EQ(find_protocol(&Protocol::over_streams, {})->name, "msgpack-rpc");
    EXPECT_EQ(stream_schemes(), (Names{"tcp", "tls", "arrpc", "arrpcs"}));
    EXPECT_EQ(protocol_of_scheme("tls").name, "msgpack-rpc");
    EXPECT_EQ(protocol_of_scheme("arrpcs").name, "arrpc");
}

TEST(Protocols, HaveANameOfTheirOwnAndMakeTheirDialects) {
    std::set<std::string_view> names;
    for (const Protocol* const protocol : protocols()) {
        EXPECT_TRUE(names.insert(protocol->name).second) << protocol->name;
        EXPECT_EQ(protocol->make_message != nullptr, protocol->at_brokers) << protocol->name;
        EXPECT_EQ(protocol->make_stream != nullptr,
                  protocol->over_streams || protocol->over_messages)
            << protocol->name;
        if (protocol->make_stream != nullptr) {
            EXPECT_EQ(protocol->make_stream({.method = "m"}, {})->name(), protocol->name);
        }
        if (protocol->at_brokers) {
            const auto address = parse_address("memory:m?protocol=" + std::string{protocol->name});
            EXPECT_EQ(address->protocol->make_message(*address, "m", {})->name(), protocol->name);
        }
    }
}

TEST(Protocols, AreRefusedWhereNothingCarriesThem) {
    const auto refused = [](const char* address) { return parse_address(address).error().message; };
    const std::string unknown = "Unknown value of the parameter 'protocol', ";
    EXPECT_EQ(refused("amqp://h/?queue=q&protocol=arrpc"),
              unknown + "'arrpc'; known are: cyberfusion, tutorial, callme");
    EXPECT_EQ(refused("tcp://h:1?protocol=pyzmqrpc"),
              unknown + "'pyzmqrpc'; known are: msgpack-rpc, arrpc");
    EXPECT_EQ(refused("zmq+tcp://h:1?protocol="), unknown + "''; known are: msgpack-rpc, pyzmqrpc");
}

TEST(Protocols, TakeTheSideAndTheWay) {
    const auto order = [](protocol::StreamSide side, bool one_way) {
        return named(&Protocol::over_messages, "pyzmqrpc")
            .make_stream({.side = side, .whole_messages = true, .one_way = one_way}, {})
            ->answer_order();
    };
    EXPECT_EQ(order(protocol::StreamSide::server, false), AnswerOrder::as_requested);
    EXPECT_EQ(order(protocol::StreamSide::server, true), AnswerOrder::any);
    EXPECT_EQ(order(protocol::StreamSide::client, false), AnswerOrder::any);
}

TEST(Protocols, SecretsAreNotIgnored) {
    for (const char* const address : {"zmq+tcp://127.0.0.1:1?protocol=pyzmqrpc", "memory:m"}) {
        try {
            const Client client{address, {.auth_secrets = {std::string(32, 's')}}};
            ADD_FAILURE() << address;
        } catch (const Error& error) {
            EXPECT_TRUE(error.message().contains("are not of the protocol")) << error.message();
        }
    }
    EXPECT_FALSE(named(&Protocol::over_streams, "arrpc").check_signing(std::vector{std::string{}}));
    EXPECT_TRUE(named(&Protocol::over_streams, "arrpc").check_signing({}));
}

TEST(Addresses, SayHowDeepSecretsAreAndWhichPicklesAreWritten) {
    const auto address = [](const char* text) { return parse_address(text); };
    EXPECT_EQ(address("amqp://h/?queue=q")->nested_secrets, std::nullopt);
    EXPECT_EQ(address("amqp://h/?queue=q&nested_secrets=true")->nested_secrets, true);
    EXPECT_EQ(address("memory:m?nested_secrets=false")->nested_secrets, false);
    EXPECT_FALSE(address("amqp://h/?queue=q&nested_secrets=yes"));
    const auto callme = address("amqp://h/?protocol=callme&pickle_protocol=2");
    Arena arena;
    std::string pickle;
    ASSERT_TRUE(callme->protocol->make_message(*callme, "", {})
                    ->encode_call({.method = "m", .arguments = Value::map({})}, "server", "reply",
                                  arena, pickle));
    EXPECT_EQ(pickle.at(1), 2);
    EXPECT_TRUE(callme->has_client_parameters);
    EXPECT_FALSE(address("amqp://h/?protocol=callme&format=json")->has_client_parameters);
    for (const char* const wrong : {"amqp://h/?protocol=callme&pickle_protocol=1",
                                    "amqp://h/?protocol=callme&pickle_protocol=6",
                                    "amqp://h/?protocol=callme&pickle_protocol=2&format=json",
                                    "amqp://h/?queue=q&pickle_protocol=2"}) {
        EXPECT_FALSE(address(wrong)) << wrong;
    }
    const Protocol& cyberfusion = named(&Protocol::at_brokers, "cyberfusion");
    EXPECT_EQ(cyberfusion.secret_depth_for(std::nullopt), model::SecretDepth::direct);
    EXPECT_EQ(cyberfusion.secret_depth_for(true), model::SecretDepth::any);
    const Protocol& tutorial = named(&Protocol::at_brokers, "tutorial");
    EXPECT_EQ(tutorial.secret_depth_for(std::nullopt), model::SecretDepth::any);
    EXPECT_EQ(tutorial.secret_depth_for(false), model::SecretDepth::direct);
}

}  // namespace
}  // namespace warren::endpoint
