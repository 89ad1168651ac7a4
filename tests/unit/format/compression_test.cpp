#include "format/compression.hpp"

#include "format/zstd.hpp"

#include <gtest/gtest.h>
#include <zstd.h>

#include <cstdint>
#include <string>

namespace warren::format {
namespace {

constexpr Compression both_kinds[] = {Compression::gzip, Compression::zstd};
constexpr std::size_t no_limit = std::size_t{1} << 30;

std::span<const std::byte> bytes_of_text(std::string_view text) {
    return std::as_bytes(std::span{text.data(), text.size()});
}

std::expected<std::string, InflateError> plain_text(Compression kind, std::string_view compressed,
                                                    std::size_t size_max = no_limit) {
    Arena arena;
    const auto text = decompress(kind, bytes_of_text(compressed), size_max, arena);
    return text ? std::expected<std::string, InflateError>{std::in_place,
                                                           reinterpret_cast<const char*>(
                                                               text->data()),
                                                           text->size()}
                : std::unexpected{text.error()};
}

/// A frame with the settings of somebody who wants it small.
std::string zstd_with(std::string_view text, ZSTD_cParameter parameter, int value) {
    ZSTD_CCtx* const context = ZSTD_createCCtx();
    EXPECT_EQ(ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, value)), 0U);
    std::string frame(ZSTD_compressBound(text.size()), '\0');
    ZSTD_outBuffer out{frame.data(), frame.size(), 0};
    // In two parts, so that the frame does not know its size, and has a window.
    ZSTD_inBuffer first{text.data(), text.size() / 2, 0};
    EXPECT_EQ(ZSTD_isError(ZSTD_compressStream2(context, &out, &first, ZSTD_e_continue)), 0U);
    ZSTD_inBuffer rest{text.data() + first.size, text.size() - first.size, 0};
    EXPECT_EQ(ZSTD_compressStream2(context, &out, &rest, ZSTD_e_end), 0U);
    ZSTD_freeCCtx(context);
    frame.resize(out.pos);
    return frame;
}

TEST(Compression, EachKindGivesBackWhatItTook) {
    std::string growing;
    for (int round = 0; round < 18; ++round) {
        growing += growing + std::to_string(round) + " bottles ";
        for (const Compression kind : both_kinds) {
            const std::string compressed = compress(kind, growing);
            if (compressed.empty()) {
                EXPECT_LT(growing.size(), 64U) << name_of(kind);
                continue;
            }
            EXPECT_LT(compressed.size(), growing.size());
            EXPECT_EQ(plain_text(kind, compressed), growing) << name_of(kind);
        }
    }
}

TEST(Compression, WhatGetsNoSmallerIsNotCompressed) {
    for (const Compression kind : both_kinds) {
        EXPECT_EQ(compress(kind, ""), "");
        EXPECT_EQ(compress(kind, "a"), "");
        EXPECT_NE(compress(kind, std::string(1000, 'a')), "");
    }
}

TEST(Compression, TheLimitHoldsForWhatComesOut) {
    const std::string text(100'000, 'a');
    for (const Compression kind : both_kinds) {
        const std::string compressed = compress(kind, text);
        EXPECT_EQ(plain_text(kind, compressed, text.size()), text);
        EXPECT_EQ(plain_text(kind, compressed, text.size() - 1).error(), InflateError::over_limit);
        EXPECT_EQ(plain_text(kind, compressed, 0).error(), InflateError::over_limit);
    }
}

/// Whether a frame says how much it holds, or does not.
TEST(Compression, ABombCostsItsLimit) {
    const std::string part(std::size_t{16} << 20, '\0');
    EXPECT_EQ(plain_text(Compression::zstd, zstd_compress(part), 1000).error(),
              InflateError::over_limit);
    EXPECT_EQ(
        plain_text(Compression::zstd, zstd_with(part, ZSTD_c_compressionLevel, 3), 1000).error(),
        InflateError::over_limit);
    EXPECT_EQ(plain_text(Compression::gzip, compress(Compression::gzip, part), 1000).error(),
              InflateError::over_limit);
}

TEST(Compression, WhatIsCutShortOrFollowedIsTold) {
    const std::string text =
        "to be, or not to be, or not to be, or not to be, that is the question "
        "that is the question";
    for (const Compression kind : both_kinds) {
        const std::string compressed = compress(kind, text);
        ASSERT_NE(compressed, "") << name_of(kind);
        for (std::size_t size = 0; size < compressed.size(); ++size) {
            EXPECT_EQ(plain_text(kind, compressed.substr(0, size)).error(), InflateError::cut_short)
                << name_of(kind) << " " << size;
        }
        EXPECT_EQ(plain_text(kind, compressed + "x").error(), InflateError::trailing);
        EXPECT_EQ(plain_text(kind, compressed + compressed).error(), InflateError::trailing);
        std::string other = compressed;
        other[0] ^= 1;
        EXPECT_EQ(plain_text(kind, other).error(), InflateError::malformed);
        EXPECT_EQ(plain_text(kind, text).error(), InflateError::malformed);
    }
}

TEST(Compression, FramesOfOthersAreRead) {
    std::string text;
    for (std::int64_t line = 0; line < 300'000; ++line) {
        text += std::to_string(line * 7919 % 1'000'003) + "\n";
    }
    EXPECT_EQ(plain_text(Compression::zstd, zstd_with(text, ZSTD_c_compressionLevel, 19)), text);
    EXPECT_EQ(plain_text(Compression::zstd, zstd_with(text, ZSTD_c_checksumFlag, 1)), text);
    EXPECT_EQ(plain_text(Compression::zstd, zstd_with(text, ZSTD_c_windowLog, 23)), text);
    // A window of its own size takes memory before anything comes out.
    EXPECT_EQ(plain_text(Compression::zstd, zstd_with(text, ZSTD_c_windowLog, 27)).error(),
              InflateError::malformed);
}

TEST(Compression, HasNames) {
    for (const Compression kind : both_kinds) {
        EXPECT_EQ(compression_named(name_of(kind)), kind);
    }
    for (const char* const other : {"", "none", "deflate", "GZIP", "br"}) {
        EXPECT_EQ(compression_named(other), Compression::none) << other;
    }
}

}  // namespace
}  // namespace warren::format
