#include "format/deflate.hpp"

#include "core/base64.hpp"
#include "support/support.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <string>

namespace warren::format {
namespace {

using enum InflateError;
using test::octets;

constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

std::string deflated(std::string_view text) {
    std::string out;
    Deflater{}.append(out, text);
    return out;
}

/// Text that hardly gets shorter.
std::string noise(std::size_t size_bytes) {
    std::mt19937_64 random{warren::test::random_seed()};
    std::string text(size_bytes, '\0');
    for (char& octet : text) {
        octet = static_cast<char>(random());
    }
    return text;
}

TEST(Deflate, TextsComeBack) {
    Deflater deflater;
    Inflater inflater;
    for (const std::string& text :
         {std::string{}, std::string{"a"}, std::string(4095, 'x'), std::string(4096, 'x'),
          std::string(4097, 'x'), noise(70'000), noise(1 << 20), std::string(5 << 20, 'y')}) {
        std::string stream = "before";
        deflater.append(stream, text);
        EXPECT_EQ(stream.substr(0, 6), "before");
        const auto back = inflater.inflate(octets(stream).subspan(6), unlimited);
        ASSERT_TRUE(back);
        EXPECT_TRUE(*back == text) << text.size();
    }
}

TEST(Deflate, WritesWhatPythonWrites) {
    // zlib.compress(b'{"_icmd_": ["ShutdownServer", {}]}')
    EXPECT_EQ(core::base64_encode(deflated(R"({"_icmd_": ["ShutdownServer", {}]})")),
              "eJyrVorPTM5NiVeyUohWCs4oLUnJL88LTi0qSy1S0lGoro2tBQDMqQwF");
    EXPECT_EQ(core::base64_encode(deflated("")), "eJwDAAAAAAE=");
}

TEST(Inflate, TakesTheLimitAndNotAByteMore) {
    Inflater inflater;
    for (const std::size_t size : {1U, 4095U, 4096U, 8192U, 100'000U}) {
        const std::string stream = deflated(std::string(size, 'x'));
        EXPECT_EQ(inflater.inflate(octets(stream), size)->size(), size);
        EXPECT_EQ(inflater.inflate(octets(stream), size - 1).error(), over_limit) << size;
    }
    EXPECT_EQ(inflater.inflate(octets(deflated("")), 0), "");
}

TEST(Inflate, ABombTakesNoMoreThanTheLimit) {
    Inflater inflater;
    const std::string bomb = deflated(std::string(32 << 20, '\0'));
    ASSERT_LT(bomb.size(), 33'000U);  // 1000:1
    EXPECT_EQ(inflater.inflate(octets(bomb), 1000).error(), over_limit);
    EXPECT_EQ(inflater.inflate(octets(bomb), 1 << 20).error(), over_limit);
    EXPECT_EQ(inflater.inflate(octets(deflated("still good")), 1000), "still good");
}

TEST(Inflate, EveryCutIsSeen) {
    Inflater inflater;
    const std::string stream = deflated(noise(500));
    for (std::size_t size = 0; size != stream.size(); ++size) {
        EXPECT_EQ(inflater.inflate(octets(stream).first(size), 1000).error(), cut_short) << size;
    }
}

TEST(Inflate, WhatFollowsIsRefused) {
    Inflater inflater;
    const std::string stream = deflated("text");
    EXPECT_EQ(inflater.inflate(octets(stream + '\0'), 1000).error(), trailing);
    EXPECT_EQ(inflater.inflate(octets(stream + stream), 1000).error(), trailing);
}

TEST(Inflate, DamageIsSeen) {
    Inflater inflater;
    const std::string text = "a text that is long enough, a text that is long enough";
    const std::string stream = deflated(text);
    for (std::size_t at = 0; at != stream.size(); ++at) {
        std::string damaged = stream;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
        // Bits that fill up the last byte before the checksum say nothing.
        EXPECT_EQ(inflater.inflate(octets(damaged), 1000).value_or(text), text) << at;
    }
    EXPECT_EQ(inflater.inflate(octets("xx"), 1000).error(), malformed);
    EXPECT_EQ(inflater.inflate(octets("\x1f\x8b\x08"), 1000).error(), malformed);  // gzip
}

TEST(Inflate, ADictionaryOfTheSendersIsRefused) {
    const std::string dictionary = "status_code";
    std::string stream(100, '\0');
    z_stream writer{};
    ASSERT_EQ(deflateInit(&writer, Z_BEST_COMPRESSION), Z_OK);
    deflateSetDictionary(&writer, reinterpret_cast<const Bytef*>(dictionary.data()),
                         static_cast<uInt>(dictionary.size()));
    writer.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(dictionary.data()));
    writer.avail_in = static_cast<uInt>(dictionary.size());
    writer.next_out = reinterpret_cast<Bytef*>(stream.data());
    writer.avail_out = static_cast<uInt>(stream.size());
    ASSERT_EQ(deflate(&writer, Z_FINISH), Z_STREAM_END);
    stream.resize(writer.total_out);
    deflateEnd(&writer);
    EXPECT_EQ(Inflater{}.inflate(octets(stream), 1000).error(), malformed);
}

}  // namespace
}  // namespace warren::format
