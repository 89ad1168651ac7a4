#include "endpoint/proxy/buffered_call.hpp"

#include <warren/dynamic.hpp>

#include <gtest/gtest.h>

#include <string>

namespace warren::endpoint {
namespace {

using model::ArgumentStyle;

TEST(BufferedCalls, ComeBackAsTheyWereWritten) {
    const Dynamic arguments = Dynamic::map(
        {{"text", "Grüße"}, {"list", Dynamic::list({1, -2.5, nullptr, true})}, {"big", ~0ULL}});
    for (const ArgumentStyle style : {ArgumentStyle::named, ArgumentStyle::positional,
                                      ArgumentStyle::bare, ArgumentStyle::mixed}) {
        const auto bytes = encode_buffered({.accepted_at_ms = 1'700'000'000'123,
                                            .call = {.method = "add",
                                                     .style = style,
                                                     .arguments = arguments.value(),
                                                     .metadata = {.idempotency_key = "order 7",
                                                                  .traceparent = "00-1-2-3",
                                                                  .tracestate = "a=1",
                                                                  .baggage = "b=2",
                                                                  .contract = "c",
                                                                  .priority = 255}}});
        ASSERT_TRUE(bytes);
        Arena arena;
        const auto read = decode_buffered(*bytes, arena);
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(read->accepted_at_ms, 1'700'000'000'123);
        EXPECT_EQ(read->call.method, "add");
        EXPECT_EQ(read->call.style, style);
        EXPECT_EQ(read->call.arguments, arguments.value());
        EXPECT_EQ(read->call.metadata.idempotency_key, "order 7");
        EXPECT_EQ(read->call.metadata.traceparent, "00-1-2-3");
        EXPECT_EQ(read->call.metadata.tracestate, "a=1");
        EXPECT_EQ(read->call.metadata.baggage, "b=2");
        EXPECT_EQ(read->call.metadata.contract, "c");
        EXPECT_EQ(read->call.metadata.priority, 255);
    }
}

TEST(BufferedCalls, AreWrittenAsTheyAlwaysWereWhereTheySayNoMore) {
    const auto bytes = encode_buffered(
        {.call = {.method = "x", .metadata = {.idempotency_key = "k", .traceparent = "t"}}});
    EXPECT_EQ(*bytes, (std::string{"\x97\x01\x00\xa1x\x00\xc0\xa1k\xa1t", 11}));
}

TEST(BufferedCalls, AreRefusedWhenTheyCannotBeWritten) {
    const auto bytes =
        encode_buffered({.call = {.method = "add", .arguments = Value::text("\xff")}});
    ASSERT_FALSE(bytes);
    EXPECT_EQ(bytes.error().code, Code::invalid_request);
}

TEST(BufferedCalls, AreNotReadFromEveryPartOfOne) {
    const auto bytes = encode_buffered({.call = {.method = "add", .arguments = Value::integer(1)}});
    for (std::size_t size = 0; size != bytes->size(); ++size) {
        Arena arena;
        EXPECT_FALSE(decode_buffered(std::string_view{*bytes}.substr(0, size), arena)) << size;
    }
}

TEST(BufferedCalls, AreNotReadFromWhatElseIsWellFormed) {
    Arena arena;
    for (const std::string_view bytes :
         {std::string_view{"\xc0"}, std::string_view{"\x90"}, std::string_view{"\x91\x01"},
          std::string_view{"\x97\x02\x00\xa1x\x00\xc0\xa0\xa0", 9},
          std::string_view{"\x97\x01\x00\xa1x\x04\xc0\xa0\xa0", 9},
          std::string_view{"\x97\x01\xc0\xa1x\x00\xc0\xa0\xa0", 9},
          std::string_view{"\x98\x01\x00\xa1x\x00\xc0\xa0\xa0\xc0", 10},
          std::string_view{"\x98\x01\x00\xa1x\x00\xc0\xa0\xa0\x93\xa0\xa0\xa0", 13},
          std::string_view{"\x98\x01\x00\xa1x\x00\xc0\xa0\xa0\x94\xa0\xa0\xa0\xff", 14}}) {
        const auto read = decode_buffered(bytes, arena);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().code, Code::internal);
    }
    EXPECT_TRUE(decode_buffered({"\x97\x01\x00\xa1x\x00\xc0\xa0\xa0", 9}, arena));
    EXPECT_TRUE(
        decode_buffered({"\x98\x01\x00\xa1x\x00\xc0\xa0\xa0\x94\xa0\xa0\xa0\xc0", 14}, arena));
}

}  // namespace
}  // namespace warren::endpoint
