#include <warren/client.hpp>
#include <warren/server.hpp>

#include "amqp/field_table.hpp"
#include "amqp/output_buffer.hpp"
#include "endpoint/address/address.hpp"
#include "endpoint/client/metadata_check.hpp"
#include "endpoint/protocols/table.hpp"
#include "support/served.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace warren::endpoint {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

constexpr const char* trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// The properties that a request of a protocol has, its headers as AMQP writes them.
struct Properties {
    std::string headers;
    std::string expiration;
    std::optional<std::uint8_t> priority;
};

Properties properties_of(std::string_view protocol_name, const protocol::Metadata& metadata) {
    const auto address = parse_address("memory:m?protocol=" + std::string{protocol_name});
    const auto protocol = address->protocol->make_message(*address, "m", {});
    Arena arena;
    std::string body;
    const auto request = protocol->encode_call({.method = "m",
                                                .style = model::ArgumentStyle::named,
                                                .arguments = Value::map({}),
                                                .correlation_id = "1",
                                                .metadata = metadata},
                                               "server", "reply", arena, body);
    amqp::OutputBuffer output;
    amqp::Writer writer{output};
    amqp::write_table(writer, request->headers);
    const auto octets = output.bytes();
    return {.headers = {reinterpret_cast<const char*>(octets.data()), octets.size()},
            .expiration = std::string{request->expiration},
            .priority = request->priority};
}

std::string table(std::string_view entries) {
    const auto size = static_cast<char>(entries.size());
    return "\0\0\0"s + size + std::string{entries};
}

const std::string tutorials = "\x10warren-argumentsS\0\0\0\x05named"s;

TEST(MetadataBytes, WhoAsksForNothingSendsNothingNew) {
    for (const auto& [name, headers, priority] :
         {std::tuple{"cyberfusion", ""s, std::optional<std::uint8_t>{}},
          std::tuple{"tutorial", tutorials, std::optional<std::uint8_t>{}},
          std::tuple{"callme", ""s, std::optional<std::uint8_t>{0}}}) {
        const Properties sent = properties_of(name, {.time_left = 1500ms});
        EXPECT_EQ(sent.headers, table(headers)) << name;
        EXPECT_EQ(sent.expiration, "1500") << name;
        EXPECT_EQ(sent.priority, priority) << name;
    }
}

TEST(MetadataBytes, WhatIsAskedForStandsBehindTheProtocolsOwn) {
    const protocol::Metadata asked{
        .idempotency_key = "k",
        .traceparent = trace,
        .tracestate = "a=1",
        .baggage = "b=2",
        .contract = "c",
        .priority = 9,
        .sent_at_ms = 0x18bcfe5687b,
    };
    const std::string headers =
        "\x0fidempotency-keyS\0\0\0\x01k"
        "\x0btraceparentS\0\0\0\x37"s +
        trace +
        "\x0atracestateS\0\0\0\x03"
        "a=1"
        "\x07"
        "baggageS\0\0\0\x03"
        "b=2"
        "\x0fwarren-contractS\0\0\0\x01"
        "c"
        "\x11warren-sent-at-msl\0\0\x01\x8b\xcf\xe5\x68\x7b"s;
    for (const auto& [name, own] : {std::pair{"cyberfusion", ""s}, std::pair{"tutorial", tutorials},
                                    std::pair{"callme", ""s}}) {
        const Properties sent = properties_of(name, asked);
        EXPECT_EQ(sent.headers, table(own + headers)) << name;
        EXPECT_EQ(sent.priority, 9) << name;
    }
}

std::string refused(const char* address, const protocol::Metadata& asked) {
    const auto failure = MetadataCheck{parse_address(address).value()}.refuse(asked);
    return failure ? std::string{name_of(failure->code)} + ": " + failure->message : "";
}

TEST(MetadataCheck, RefusesWhatIsNotCarried) {
    for (const char* const address :
         {"memory:m", "amqp://h/?queue=q", "amqp://h/?queue=q&peer=foreign",
          "amqp://h/?protocol=callme", "tcp://h:1", "tls://h:1", "zmq+tcp://h:1"}) {
        EXPECT_EQ(refused(address, {.idempotency_key = "k", .priority = 0}), "") << address;
    }
    EXPECT_EQ(
        refused("arrpc://h:1", {.idempotency_key = "k"}),
        "invalid_request: Not sent: the call says its idempotency_key, and arrpc has no place "
        "for it");
    EXPECT_EQ(
        refused("zmq+tcp://h:1?protocol=pyzmqrpc", {.priority = 0}),
        "invalid_request: Not sent: the call says its priority, and pyzmqrpc has no place for "
        "it");
    for (const char* const address : {"tcp://h:1?peer=foreign", "zmq+tcp://h:1?peer=foreign"}) {
        EXPECT_EQ(refused(address, {.baggage = "a=1"}),
                  "invalid_request: Not sent: the call says its baggage, and a peer that is not "
                  "Warren's (peer=foreign) would take it for an argument");
        EXPECT_EQ(refused(address, {.time_left = 5ms, .attempt = 2}), "");
    }
}

TEST(MetadataCheck, RefusesWhatIsMalformed) {
    EXPECT_EQ(refused("memory:m", {.traceparent = "00-1-2-3"}),
              "invalid_request: Not sent: the traceparent is not as W3C has it, or too long");
    EXPECT_EQ(refused("tcp://h:1", {.tracestate = "a=1"}),
              "invalid_request: Not sent: a tracestate goes with a traceparent");
    const std::string long_key(256, 'k');
    EXPECT_EQ(refused("memory:m", {.idempotency_key = long_key}),
              "invalid_request: Not sent: the idempotency_key should be UTF-8 of at most 255 "
              "bytes");
}

TEST(Addresses, SayWhetherTheServerAtABrokerIsWarrens) {
    EXPECT_EQ(parse_address("amqp://h/?queue=q")->peer, std::nullopt);
    EXPECT_EQ(parse_address("amqp://h/?queue=q&peer=warren")->peer, protocol::RpcPeer::warren);
    EXPECT_EQ(parse_address("memory:m?peer=foreign")->peer, protocol::RpcPeer::foreign);
    EXPECT_TRUE(parse_address("amqp://h/?queue=q&peer=warren")->has_client_parameters);
    EXPECT_FALSE(parse_address("amqp://h/?queue=q&peer=nobody"));
    for (const char* const known :
         {"amqp://h/?queue=q&peer=warren", "memory:m", "tcp://h:1", "zmq+tcp://h:1"}) {
        EXPECT_TRUE(parse_address(known)->is_warren()) << known;
    }
    for (const char* const anybody : {"amqp://h/?queue=q", "memory:m?peer=foreign",
                                      "tcp://h:1?peer=foreign", "zmq+tcp://h:1?peer=foreign"}) {
        EXPECT_FALSE(parse_address(anybody)->is_warren()) << anybody;
    }
}

TEST(Metadata, ReachesTheHandlerInMemory) {
    Server server;
    server.method("tell", [](Context& context) {
        std::string said;
        for (const std::string_view text :
             {context.idempotency_key, context.traceparent, context.tracestate, context.baggage,
              context.contract}) {
            said.append(text).append(" ");
        }
        return said + std::to_string(context.priority.value_or(0));
    });
    server.listen({.url = "memory:metadata"});
    server.start();
    Client client{"memory:metadata"};
    EXPECT_EQ(client.call("tell", Dynamic::map({}),
                          {.idempotency_key = "k",
                           .traceparent = trace,
                           .tracestate = "a=1",
                           .baggage = "b=2",
                           .contract = "c",
                           .priority = 255}),
              Dynamic{"k " + std::string{trace} + " a=1 b=2 c 255"});
    EXPECT_EQ(client.call("tell", Dynamic::map({})), Dynamic{"     0"});
    const Failure failure = test::failure_of(
        [&] { client.call("tell", Dynamic::map({}), {.traceparent = "00-1-2-3"}); });
    EXPECT_EQ(failure.code, Code::invalid_request);
    server.stop();
}

}  // namespace
}  // namespace warren::endpoint
