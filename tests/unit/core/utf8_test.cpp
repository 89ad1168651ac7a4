#include "core/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace warren::core {
namespace {

TEST(Utf8, takes_every_code_point_but_surrogates) {
    for (std::uint32_t point = 0; point <= 0x110010; ++point) {
        std::string text;
        if (point < 0x80) {
            text = {static_cast<char>(point)};
        } else if (point < 0x800) {
            text = {static_cast<char>(0xc0 | point >> 6), static_cast<char>(0x80 | (point & 0x3f))};
        } else if (point < 0x10000) {
            text = {static_cast<char>(0xe0 | point >> 12),
                    static_cast<char>(0x80 | (point >> 6 & 0x3f)),
                    static_cast<char>(0x80 | (point & 0x3f))};
        } else {
            text = {static_cast<char>(0xf0 | point >> 18),
                    static_cast<char>(0x80 | (point >> 12 & 0x3f)),
                    static_cast<char>(0x80 | (point >> 6 & 0x3f)),
                    static_cast<char>(0x80 | (point & 0x3f))};
        }
        const bool expected = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
        ASSERT_EQ(utf8_valid(text), expected) << std::hex << point;
        if (expected) {
            ASSERT_EQ(utf8_count(text), 1U);
        }
    }
}

TEST(Utf8, finds_the_first_wrong_byte_wherever_it_is) {
    for (const char* wrong : {"\x80", "\xbf", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf",
                              "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
                              "\xf5\x80\x80\x80", "\xff", "\xc3(", "\xe2\x82(", "\xf0\x9f\x98("}) {
        for (std::size_t before = 0; before < 20; ++before) {
            const std::string text = std::string(before, 'a') + wrong + "tail of the text";
            EXPECT_EQ(utf8_invalid_at(text), before) << wrong;
        }
    }
}

TEST(Utf8, refuses_sequences_that_are_cut) {
    const std::string text = "12345678\U0001F600";
    EXPECT_TRUE(utf8_valid(text));
    for (std::size_t cut = 1; cut < 4; ++cut) {
        EXPECT_EQ(utf8_invalid_at(std::string_view{text}.substr(0, text.size() - cut)), 8U);
    }
    EXPECT_TRUE(utf8_valid(""));
}

TEST(Utf8, counts_code_points) {
    EXPECT_EQ(utf8_count(""), 0U);
    EXPECT_EQ(utf8_count("abc"), 3U);
    EXPECT_EQ(utf8_count("a\u00e9\u20ac\U0001F600"), 4U);
}

TEST(Utf8, sees_and_counts_characters_at_every_place) {
    for (std::size_t before = 0; before != 40; ++before) {
        for (std::size_t after = 0; after != 40; ++after) {
            const std::string ascii = std::string(before, 'a') + std::string(after, 'z');
            const std::string text = ascii.substr(0, before) + "\u20ac" + ascii.substr(before);
            ASSERT_TRUE(is_ascii(ascii)) << ascii;
            ASSERT_FALSE(is_ascii(text)) << text;
            ASSERT_TRUE(utf8_valid(text)) << text;
            ASSERT_EQ(utf8_count(text), ascii.size() + 1) << text;
            ASSERT_EQ(utf8_invalid_at(ascii.substr(0, before) + "\xff" + ascii.substr(before)),
                      before);
        }
    }
}

TEST(TextForDisplay, escapes_what_could_mislead) {
    EXPECT_EQ(text_for_display("plain \u00e9\U0001F600"), "plain \u00e9\U0001F600");
    EXPECT_EQ(text_for_display("a\n\r\t\x1b[31m\x7f\\"), "a\\n\\r\\t\\x1b[31m\\x7f\\\\");
    EXPECT_EQ(text_for_display(std::string_view{"\0", 1}), "\\x00");
    EXPECT_EQ(text_for_display("\xff\xc3"), "\\xff\\xc3");
    EXPECT_EQ(text_for_display("\u0085\u202e\u2028\u2066\ufeff"),
              "\\x85\\u202e\\u2028\\u2066\\ufeff");
}

TEST(TextForDisplay, cuts_between_characters) {
    EXPECT_EQ(text_for_display("12345", 5), "12345");
    EXPECT_EQ(text_for_display("123456", 5), "12345...");
    EXPECT_EQ(text_for_display("1234\u20ac", 5), "1234...");
    EXPECT_EQ(text_for_display("123\n", 5), "123\\n");
    EXPECT_EQ(text_for_display("1234\n", 5), "1234...");
    EXPECT_EQ(text_for_display("a", 0), "...");
    EXPECT_EQ(text_for_display("", 0), "");
    EXPECT_EQ(text_for_display(std::string(10'000, 'x')).size(), 512 + 3U);
}

}  // namespace
}  // namespace warren::core
