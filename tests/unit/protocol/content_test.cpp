#include "protocol/content.hpp"

#include "format/deflate.hpp"
#include "protocol/callme.hpp"
#include "protocol/cyberfusion.hpp"
#include "protocol/tutorial.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace warren::protocol {
namespace {

// {"a":1}, as Python's gzip.compress has it.
const std::string gzipped{
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x4a\x54\xb2\x32\xac\x05\x00\xaf\xac\x1b\x56"
    "\x07\x00\x00\x00",
    27};

std::string deflated(std::string_view text) {
    std::string out;
    format::Deflater{}.append(out, text);
    return out;
}

MessageView encoded(std::string_view body, std::string_view encoding) {
    return {.content_encoding = encoding, .body = bytes_of(body), .body_bytes = body.size()};
}

std::string refused(std::string_view body, std::string_view encoding,
                    const core::Limits& limits = {}) {
    Arena arena;
    const auto plain = plain_body(encoded(body, encoding), arena, limits);
    return plain ? "taken" : plain.error().errors.at(0).message;
}

TEST(Content, TypesAreComparedWithoutCaseBlanksAndParameters) {
    for (const std::string_view json :
         {"application/json", "APPLICATION/JSON", " Application/Json ; charset=UTF-8",
          "application/json;charset=utf-8", "text/json", "application/problem+JSON"}) {
        EXPECT_TRUE(is_json_type(media_type(json))) << json;
    }
    for (const std::string_view other :
         {"", " ", ";", "application/jsonp", "+json", "text/plain"}) {
        EXPECT_FALSE(is_json_type(media_type(other))) << other;
    }
    EXPECT_EQ(media_type(" \tText/Plain\t; q=1"), "Text/Plain");
    EXPECT_EQ(media_type(" ; charset=utf-8"), "");
    EXPECT_TRUE(is_text_type("TEXT/html"));
    EXPECT_FALSE(is_text_type("text"));
}

TEST(Content, BodiesAreInflatedAndCharacterSetsAreNoEncoding) {
    for (const std::string_view plain :
         {"", "identity", "utf8", "UTF8", "utf-8", "UTF-8", " utf-8 ", "binary", "us-ascii"}) {
        Arena arena;
        EXPECT_EQ(text_of(*plain_body(encoded("x", plain), arena, {})), "x") << plain;
    }
    for (const auto& [encoding, body] :
         {std::pair{"gzip", gzipped}, std::pair{"X-GZIP", gzipped}, std::pair{" gzip", gzipped},
          std::pair{"deflate", deflated(R"({"a":1})")},
          std::pair{"zlib", deflated(R"({"a":1})")}}) {
        Arena arena;
        EXPECT_EQ(text_of(*plain_body(encoded(body, encoding), arena, {})), R"({"a":1})")
            << encoding;
    }
}

TEST(Content, WhatCannotBeInflatedIsRefusedByName) {
    EXPECT_EQ(refused("x", "br"),
              "The content encoding 'br' is not known: send gzip, zstd, deflate or none");
    EXPECT_TRUE(refused("{}", "gzip").starts_with("The content encoding 'gzip' is not what"));
    EXPECT_TRUE(refused(deflated("{}"), "gzip").contains("is not what the body has"));
    EXPECT_TRUE(refused(gzipped, "deflate").contains("is not what the body has"));
    EXPECT_TRUE(refused(gzipped + "x", "gzip").contains("something follows"));
    for (std::size_t size = 0; size != gzipped.size(); ++size) {
        EXPECT_TRUE(refused(gzipped.substr(0, size), "gzip").contains("cut short")) << size;
    }
    std::string flipped = gzipped;
    flipped[20] ^= 1;
    EXPECT_TRUE(refused(flipped, "gzip").contains("damaged"));
}

TEST(Content, TheLimitHoldsForWhatComesOut) {
    const std::string thousand = deflated(std::string(1000, 'x'));
    EXPECT_EQ(refused(thousand, "deflate", {.body_bytes_max = 1000}), "taken");
    EXPECT_EQ(refused(thousand, "deflate", {.body_bytes_max = 999}),
              "The body inflates to more than 999 bytes (body_bytes_max)");
    EXPECT_TRUE(refused("1234", "", {.body_bytes_max = 3}).contains("body_bytes_max"));
}

class EachProtocol : public testing::Test {
protected:
    std::array<std::unique_ptr<MessageProtocol>, 3> protocols{
        make_cyberfusion_protocol(), make_tutorial_protocol("m"),
        make_callme_protocol(CallmeFormat::json)};
    Arena arena;
    std::string body;
    const std::string request = R"({"func_name":"m","func_args":[]})";
};

TEST_F(EachProtocol, TakesJsonUnderEachOfItsNames) {
    const std::string small = deflated(request);
    for (const auto& protocol : protocols) {
        for (const std::string_view type :
             {"APPLICATION/JSON", "application/json; charset=UTF-8", " application/json"}) {
            for (const auto& [encoding, sent] : {std::pair{"", request}, std::pair{"UTF8", request},
                                                 std::pair{"Deflate", small}}) {
                const MessageView message{.content_type = type,
                                          .content_encoding = encoding,
                                          .body = bytes_of(sent),
                                          .body_bytes = sent.size()};
                const auto call = protocol->decode_call(message, arena);
                EXPECT_TRUE(call) << protocol->name() << type << encoding;
            }
        }
        const MessageView unknown{.content_type = "application/json",
                                  .content_encoding = "br",
                                  .body = bytes_of(request)};
        const auto refused = protocol->decode_call(unknown, arena);
        ASSERT_FALSE(refused);
        EXPECT_TRUE(refused.error().errors.at(0).message.contains("'br'"));
        EXPECT_EQ(protocol->decode_response(unknown, arena).error().code, Code::internal);
    }
}

TEST_F(EachProtocol, RunsWhatWasDeliveredThoughItMayNotWait) {
    for (const auto& protocol : protocols) {
        MessageView message{
            .content_type = "application/json", .expiration = "0", .body = bytes_of(request)};
        EXPECT_EQ(protocol->decode_call(message, arena)->metadata.time_left, std::nullopt);
        message.expiration = "1";
        EXPECT_EQ(protocol->decode_call(message, arena)->metadata.time_left,
                  std::chrono::milliseconds{1});
    }
}

TEST_F(EachProtocol, GivesBackACorrelationIdThatIsThereAndEmpty) {
    for (const auto& protocol : protocols) {
        for (const bool is_there : {true, false}) {
            const ReplyAddress address{.reply_to = "r", .has_empty_correlation_id = is_there};
            const auto reply = protocol->encode_response(address, {}, arena, body);
            ASSERT_TRUE(reply);
            EXPECT_EQ(reply->has_empty_correlation_id, is_there);
        }
    }
}

}  // namespace
}  // namespace warren::protocol
