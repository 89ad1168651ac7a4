#include "protocol/pyzmqrpc_text.hpp"

#include "core/base64.hpp"
#include "protocol/pyzmqrpc.hpp"

#include <gtest/gtest.h>

#include <string>

namespace warren::protocol::test::pyzmqrpc_text_test {

using namespace std::string_literals;

constexpr std::string_view not_opened = "Could not decode/unzip the contents";

std::string written(std::string_view json) {
    std::string text;
    PyzmqrpcTextWriter{}.append(text, json);
    return text;
}

/// What is wrong with a text, without what all begin with.
std::string refused(std::string_view text, std::string_view type, const core::Limits& limits = {}) {
    const auto json = PyzmqrpcTextReader{}.read(text, limits);
    EXPECT_FALSE(json) << text;
    if (json) {
        return {};
    }
    EXPECT_EQ(json.error().code, Code::invalid_request);
    EXPECT_EQ(json.error().errors.at(0).type, type);
    const std::string start = std::string{pyzmqrpc_undecodable_prefix} + std::string{not_opened};
    EXPECT_TRUE(json.error().message.starts_with(start)) << json.error().message;
    return json.error().message.substr(start.size());
}

std::string packed_again(std::string_view text, std::string_view trailer) {
    return core::base64_encode(core::base64_decode(text).value() + std::string{trailer});
}

TEST(PyzmqrpcText, ComesBack) {
    PyzmqrpcTextReader reader;
    PyzmqrpcTextWriter writer;
    for (const std::string& json : {""s, "{}"s, std::string(100'000, ' ')}) {
        std::string text = "kept";
        writer.append(text, json);
        EXPECT_EQ(text.substr(0, 4), "kept");
        EXPECT_EQ(reader.read(std::string_view{text}.substr(4), {}), json);
    }
}

TEST(PyzmqrpcText, WhatPythonRefusesIsRefusedInItsWords) {
    EXPECT_EQ(refused("", "zlib_invalid"), "");
    EXPECT_EQ(refused("@@@", "base64_invalid"), "");
    EXPECT_EQ(refused("\xff\x00"s, "base64_invalid"), "");
    EXPECT_EQ(refused("eHg=", "zlib_invalid"), "");
    const std::string whole = core::base64_decode(written("{}")).value();
    for (std::size_t size = 0; size != whole.size(); ++size) {
        EXPECT_EQ(refused(core::base64_encode(whole.substr(0, size)), "zlib_invalid"), "") << size;
    }
}

TEST(PyzmqrpcText, WhatPythonWouldTakeIsRefusedWithTheReason) {
    const std::string text = written("{}");
    EXPECT_EQ(
        refused(text.substr(0, 4) + '\n' + text.substr(4), "base64_invalid"),
        ": invalid base64 at character 17: the length with padding is not a multiple of four");
    EXPECT_EQ(refused(text + "====", "base64_invalid"),
              ": invalid base64 at character 14: a character is not of the base64 alphabet");
    EXPECT_EQ(refused("eJy*", "base64_invalid"),
              ": invalid base64 at character 3: a character is not of the base64 alphabet");
    EXPECT_EQ(refused(packed_again(text, "more"), "zlib_invalid"),
              ": something follows the zlib stream");
}

TEST(PyzmqrpcText, TakesAsMuchAsTheLimitSays) {
    const std::string text = written(std::string(1000, 'x'));
    EXPECT_EQ(PyzmqrpcTextReader{}.read(text, {.body_bytes_max = 1000})->size(), 1000U);
    EXPECT_EQ(refused(text, "body_too_long", {.body_bytes_max = 999}),
              ": it inflates to more than 999 bytes, and no more are taken (body_bytes_max)");
    EXPECT_EQ(refused(text, "body_too_long", {.body_bytes_max = text.size() - 1}),
              ": it has " + std::to_string(text.size()) + " bytes; at most " +
                  std::to_string(text.size() - 1) + " are taken (body_bytes_max)");
}

TEST(PyzmqrpcText, ABombIsRefusedAndTheNextTextRead) {
    PyzmqrpcTextReader reader;
    const std::string bomb = written(std::string(32 << 20, ' '));
    ASSERT_LT(bomb.size(), 50'000U);
    EXPECT_EQ(reader.read(bomb, {}).error().errors.at(0).type, "body_too_long");
    EXPECT_EQ(reader.read(written("{}"), {}), "{}");
}

}  // namespace warren::protocol::test::pyzmqrpc_text_test
