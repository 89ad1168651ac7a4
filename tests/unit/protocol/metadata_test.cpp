#include "protocol/metadata.hpp"

#include <warren/dynamic.hpp>

#include "protocol/callme.hpp"
#include "protocol/cyberfusion.hpp"
#include "protocol/trace_context.hpp"
#include "protocol/tutorial.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace warren::protocol {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

class BrokerMetadata : public testing::Test {
protected:
    /// Through each protocol's request, which must all give the same.
    Metadata sent(const Metadata& metadata) {
        Metadata got;
        for (const auto& protocol : protocols) {
            const auto request = protocol->encode_call(
                {.method = "m", .arguments = Value::map({}), .metadata = metadata}, "server",
                "reply", arena, body);
            EXPECT_TRUE(request);
            got = protocol->decode_call(*request, arena).value().metadata;
            EXPECT_EQ(got.time_left, metadata.time_left) << protocol->name();
            EXPECT_EQ(got.sent_at_ms, metadata.sent_at_ms) << protocol->name();
            for (const MetadataText& each : metadata_texts) {
                EXPECT_EQ(got.*each.text, metadata.*each.text) << protocol->name() << each.name;
            }
        }
        return got;
    }
    /// Of a message with these headers.
    std::expected<Metadata, Failure> received(const Dynamic& headers) {
        kept = headers;
        return read_metadata({.headers = kept.value()});
    }

    std::array<std::unique_ptr<MessageProtocol>, 3> protocols{
        make_cyberfusion_protocol(), make_tutorial_protocol("m"),
        make_callme_protocol(CallmeFormat::json)};
    Arena arena;
    std::string body;
    Dynamic kept;
};

TEST_F(BrokerMetadata, ComesAsItWasSent) {
    EXPECT_EQ(sent({.time_left = 1500ms,
                    .idempotency_key = "order 7",
                    .traceparent = parent,
                    .tracestate = "rojo=1,congo=2",
                    .baggage = "user=alice",
                    .contract = "sha256:ab",
                    .priority = 9,
                    .sent_at_ms = 1'700'000'000'123})
                  .priority,
              9);
    sent({.time_left = 1ms});
    sent({.idempotency_key = "Schlüssel", .baggage = "a=1"});
    sent({.traceparent = parent});
}

TEST_F(BrokerMetadata, TheCallersAttemptsAndTheBrokersCountTogether) {
    EXPECT_EQ(sent({}).attempt, 1U);
    EXPECT_EQ(sent({.attempt = 3}).attempt, 3U);
    kept = Dynamic::map({{"warren-attempt", 3}, {"x-delivery-count", 2}});
    EXPECT_EQ(read_metadata({.headers = kept.value()})->attempt, 5U);
    EXPECT_EQ(read_metadata({.headers = kept.value(), .redelivered = true})->attempt, 5U);
    EXPECT_EQ(received(Dynamic::map({{"warren-attempt", std::int64_t{1} << 40}}))->attempt,
              0xFFFFFFFFU);
    for (const Dynamic& other : {Dynamic{0}, Dynamic{-7}, Dynamic{"3"}}) {
        EXPECT_EQ(received(Dynamic::map({{"warren-attempt", other}}))->attempt, 1U);
    }
}

TEST_F(BrokerMetadata, IsNotThereUnlessSomebodySaysIt) {
    for (const auto& protocol : protocols) {
        const auto request = protocol->encode_call({.method = "m",
                                                    .style = model::ArgumentStyle::bare,
                                                    .arguments = Value::map({}),
                                                    .metadata = {.time_left = 1500ms}},
                                                   "server", "reply", arena, body);
        if (!request) {
            continue;  // callme has no bare arguments
        }
        EXPECT_TRUE(request->headers.is_null() || request->headers.as_map().empty())
            << protocol->name();
        EXPECT_EQ(request->expiration, "1500");
    }
}

TEST_F(BrokerMetadata, HeadersOfAProtocolStay) {
    Dynamic before = Dynamic::map({{"warren-arguments", "named"}});
    MessageView request{.headers = before.value()};
    write_metadata({.idempotency_key = "k", .priority = 3}, request, arena);
    EXPECT_EQ(request.headers,
              Dynamic::map({{"warren-arguments", "named"}, {"idempotency-key", "k"}}).value());
    EXPECT_EQ(request.priority, 3);
    MessageView plain{.headers = before.value()};
    write_metadata({.time_left = 5ms}, plain, arena);
    EXPECT_EQ(plain.headers, before.value());
    EXPECT_EQ(plain.priority, std::nullopt);
}

TEST_F(BrokerMetadata, AnybodysHeadersAreRead) {
    const auto got = received(Dynamic::map({{"x-other", 1},
                                            {"traceparent", std::string{parent}},
                                            {"idempotency-key", "k"},
                                            {"warren-sent-at-ms", 12}}));
    EXPECT_EQ(got->traceparent, parent);
    EXPECT_EQ(got->idempotency_key, "k");
    EXPECT_EQ(got->sent_at_ms, 12);
}

TEST_F(BrokerMetadata, AHeaderOfAnotherKindIsSomebodyElses) {
    const auto got = received(Dynamic::map({{"idempotency-key", 7},
                                            {"traceparent", Dynamic::list({std::string{parent}})},
                                            {"tracestate", nullptr},
                                            {"baggage", true},
                                            {"warren-contract", 1.5},
                                            {"warren-sent-at-ms", "12"}}));
    ASSERT_TRUE(got);
    EXPECT_EQ(first_asked(*got), "");
    EXPECT_EQ(got->sent_at_ms, std::nullopt);
    EXPECT_EQ(received(Dynamic::map({{"warren-sent-at-ms", -1}}))->sent_at_ms, std::nullopt);
}

TEST_F(BrokerMetadata, AMalformedTraceIsNone) {
    const auto trace = [&](std::string_view traceparent, std::string_view tracestate) {
        return received(Dynamic::map({{"traceparent", std::string{traceparent}},
                                      {"tracestate", std::string{tracestate}},
                                      {"baggage", "a=1"}}))
            .value();
    };
    EXPECT_EQ(trace(parent, "a=1").tracestate, "a=1");
    EXPECT_EQ(trace(parent, "no list").tracestate, "");
    EXPECT_EQ(trace(parent, "no list").traceparent, parent);
    EXPECT_EQ(trace("00-1-2-3", "a=1").traceparent, "");
    EXPECT_EQ(trace("00-1-2-3", "a=1").tracestate, "");
    EXPECT_EQ(trace("00-1-2-3", "a=1").baggage, "a=1");
    EXPECT_EQ(
        received(Dynamic::map({{"baggage", "a=" + std::string(baggage_bytes_max, 'x')}}))->baggage,
        "");
}

TEST_F(BrokerMetadata, AKeyOverTheLimitIsRefusedAndAFingerprintIsNone) {
    const std::string fits(metadata_name_bytes_max, 'k');
    EXPECT_EQ(received(Dynamic::map({{"idempotency-key", fits}}))->idempotency_key, fits);
    EXPECT_EQ(received(Dynamic::map({{"warren-contract", fits}}))->contract, fits);
    EXPECT_EQ(received(Dynamic::map({{"warren-contract", fits + "k"}}))->contract, "");
    const auto refused = received(Dynamic::map({{"idempotency-key", fits + "k"}}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::invalid_request);
    EXPECT_EQ(refused.error().errors.at(0).type, "idempotency_key_too_long");
    for (const auto& protocol : protocols) {
        body = R"({"func_name":"m","func_args":[]})";
        const auto call = protocol->decode_call(
            {.content_type = "application/json", .headers = kept.value(), .body = bytes_of(body)},
            arena);
        EXPECT_FALSE(call) << protocol->name();
    }
}

TEST(Metadata, WhatCallersMayNotSay) {
    EXPECT_EQ(fault_of({}), std::nullopt);
    EXPECT_EQ(fault_of({.idempotency_key = "k", .traceparent = parent, .tracestate = "a=1"}),
              std::nullopt);
    const std::string fits(metadata_name_bytes_max, 'k');
    const std::string over = fits + "k";
    EXPECT_EQ(fault_of({.idempotency_key = fits, .contract = fits}), std::nullopt);
    for (const Metadata& wrong :
         {Metadata{.idempotency_key = over}, Metadata{.idempotency_key = "\xff"},
          Metadata{.contract = over}, Metadata{.traceparent = "00-1-2-3"},
          Metadata{.traceparent = parent, .tracestate = "a"}, Metadata{.tracestate = "a=1"},
          Metadata{.baggage = "a"}}) {
        EXPECT_TRUE(fault_of(wrong)) << first_asked(wrong);
    }
}

TEST(Metadata, SaysWhatIsAskedFirst) {
    EXPECT_EQ(first_asked({.time_left = 5ms, .attempt = 3, .caller = "c", .sent_at_ms = 1}), "");
    EXPECT_EQ(first_asked({.baggage = "a=1", .priority = 1}), "baggage");
    EXPECT_EQ(first_asked({.priority = 0}), "priority");
}

}  // namespace
}  // namespace warren::protocol
