#include <warren/client.hpp>

#include "endpoint/address/address.hpp"
#include "endpoint/protocols/table.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace warren::endpoint {
namespace {

using protocol::ResponseOrder;
using Names = std::vector<std::string_view>;

const ProtocolDescriptor& named(Trait carrier, std::string_view name) {
    return *find_protocol(carrier, name);
}

TEST(Protocols, AreFoundByWhatCarriesThem) {
    EXPECT_EQ(names_of(&ProtocolDescriptor::at_brokers),
              (Names{"cyberfusion", "tutorial", "callme"}));
    EXPECT_EQ(list_of(&ProtocolDescriptor::over_streams), "msgpack-rpc, arrpc");
    EXPECT_EQ(list_of(&ProtocolDescriptor::over_messages, "|"), "msgpack-rpc|pyzmqrpc");
    EXPECT_EQ(find_protocol(&ProtocolDescriptor::over_streams, "pyzmqrpc"), nullptr);
    EXPECT_EQ(find_protocol(&ProtocolDescriptor::over_streams, {})->name, "msgpack-rpc");
    EXPECT_EQ(stream_schemes(), (Names{"tcp", "tls", "arrpc", "arrpcs"}));
    EXPECT_EQ(protocol_of_scheme("tls").name, "msgpack-rpc");
    EXPECT_EQ(protocol_of_scheme("arrpcs").name, "arrpc");
}

TEST(Protocols, HaveANameOfTheirOwnAndMakeTheirProtocols) {
    std::set<std::string_view> names;
    for (const ProtocolDescriptor* const protocol : protocols()) {
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

/// A call as a server gets it that a client has sent.
class Carried {
public:
    explicit Carried(const ProtocolDescriptor& protocol) : protocol_{protocol} {}

    protocol::Metadata send(const protocol::Metadata& metadata) {
        const protocol::Call call{.method = "m",
                                  .arguments = Value::map({}),
                                  .correlation_id = "1",
                                  .metadata = metadata};
        return protocol_.at_brokers ? send_to_broker(call) : send_over_stream(call);
    }

private:
    protocol::Metadata send_to_broker(const protocol::Call& call) {
        const auto address = parse_address("memory:m?protocol=" + std::string{protocol_.name});
        const auto protocol = protocol_.make_message(*address, "m", {});
        const auto request = protocol->encode_call(call, "m", "reply", arena_, bytes_);
        return protocol->decode_call(request.value(), arena_).value().metadata;
    }

    protocol::Metadata send_over_stream(const protocol::Call& call) {
        // The transport cuts ids off that stand apart, and one-way calls have none.
        const bool one_way = protocol_.has_ids_apart;
        const auto client = protocol_.make_stream(
            {.method = "m", .side = protocol::StreamSide::client, .one_way = one_way}, {});
        const auto server = protocol_.make_stream({.method = "m", .one_way = one_way}, {});
        decoder_ = server->make_call_decoder();
        protocol::StreamTicket ticket{.id = 1, .wants_response = !one_way};
        EXPECT_TRUE(client->encode_call(call, ticket, 0, bytes_));
        decoder_->next(std::as_bytes(std::span{bytes_}), 0, arena_);
        return decoder_->call.value().metadata;
    }

    const ProtocolDescriptor& protocol_;
    Arena arena_;
    std::string bytes_;
    std::unique_ptr<protocol::StreamCallDecoder> decoder_;
};

TEST(Protocols, CarryTheMetadataThatTheySay) {
    const protocol::Metadata sent{
        .time_left = std::chrono::milliseconds{1500},
        .attempt = 3,
        .caller = "somebody",
        .idempotency_key = "order 7",
        .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        .tracestate = "a=1",
        .baggage = "b=2",
        .contract = "c",
        .priority = 5};
    for (const ProtocolDescriptor* const protocol : protocols()) {
        const CarriedMetadata& carried = protocol->metadata;
        Carried call{*protocol};
        const protocol::Metadata got = call.send(sent);
        EXPECT_EQ(got.time_left.has_value(), carried.time_left) << protocol->name;
        EXPECT_EQ(got.time_left.value_or(*sent.time_left), sent.time_left) << protocol->name;
        EXPECT_EQ(got.attempt, carried.attempt ? sent.attempt : 1) << protocol->name;
        for (const protocol::MetadataText& each : protocol::metadata_texts) {
            EXPECT_EQ(got.*each.text, carried.asked ? sent.*each.text : "")
                << protocol->name << ' ' << each.name;
        }
        EXPECT_EQ(got.priority == sent.priority, carried.asked) << protocol->name;
        EXPECT_EQ(got.caller, "") << protocol->name << ": nobody may vouch for himself";
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
        return named(&ProtocolDescriptor::over_messages, "pyzmqrpc")
            .make_stream({.side = side, .whole_messages = true, .one_way = one_way}, {})
            ->response_order();
    };
    EXPECT_EQ(order(protocol::StreamSide::server, false), ResponseOrder::as_requested);
    EXPECT_EQ(order(protocol::StreamSide::server, true), ResponseOrder::any);
    EXPECT_EQ(order(protocol::StreamSide::client, false), ResponseOrder::any);
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
    EXPECT_FALSE(named(&ProtocolDescriptor::over_streams, "arrpc")
                     .check_signing(std::vector{std::string{}}));
    EXPECT_TRUE(named(&ProtocolDescriptor::over_streams, "arrpc").check_signing({}));
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
    const ProtocolDescriptor& cyberfusion = named(&ProtocolDescriptor::at_brokers, "cyberfusion");
    EXPECT_EQ(cyberfusion.secret_depth_for(std::nullopt), model::SecretDepth::direct);
    EXPECT_EQ(cyberfusion.secret_depth_for(true), model::SecretDepth::any);
    const ProtocolDescriptor& tutorial = named(&ProtocolDescriptor::at_brokers, "tutorial");
    EXPECT_EQ(tutorial.secret_depth_for(std::nullopt), model::SecretDepth::any);
    EXPECT_EQ(tutorial.secret_depth_for(false), model::SecretDepth::direct);
}

}  // namespace
}  // namespace warren::endpoint
