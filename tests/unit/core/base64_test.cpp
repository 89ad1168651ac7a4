#include "core/base64.hpp"

#include "support/support.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace warren::core {
namespace {

TEST(Base64, passes_the_vectors_of_rfc_4648) {
    struct Case {
        const char* plain;
        const char* text;
    };
    for (const Case& each :
         {Case{"", ""}, Case{"f", "Zg=="}, Case{"fo", "Zm8="}, Case{"foo", "Zm9v"},
          Case{"foob", "Zm9vYg=="}, Case{"fooba", "Zm9vYmE="}, Case{"foobar", "Zm9vYmFy"}}) {
        EXPECT_EQ(base64_encode(std::string_view{each.plain}), each.text);
        EXPECT_EQ(base64_decode(each.text), each.plain);
        const std::string text{each.text};
        const std::string bare = text.substr(0, text.find('='));
        EXPECT_EQ(base64_encode(std::string_view{each.plain}, Base64Alphabet::standard,
                                Base64Padding::none),
                  bare);
        EXPECT_EQ(base64_decode(bare, Base64Alphabet::standard, Base64Padding::none), each.plain);
        EXPECT_EQ(base64_decode(bare, Base64Alphabet::standard, Base64Padding::optional),
                  each.plain);
        EXPECT_EQ(base64_decode(text, Base64Alphabet::standard, Base64Padding::optional),
                  each.plain);
        if (bare != text) {
            EXPECT_FALSE(base64_decode(bare));
            EXPECT_FALSE(base64_decode(text, Base64Alphabet::standard, Base64Padding::none));
        }
    }
}

TEST(Base64, keeps_its_alphabets_apart) {
    const std::string_view plain = "\xfb\xff\xbf";
    EXPECT_EQ(base64_encode(plain), "+/+/");
    EXPECT_EQ(base64_encode(plain, Base64Alphabet::url_safe), "-_-_");
    EXPECT_EQ(base64_decode("-_-_", Base64Alphabet::url_safe), plain);
    EXPECT_FALSE(base64_decode("-_-_"));
    EXPECT_FALSE(base64_decode("+/+/", Base64Alphabet::url_safe));
    EXPECT_EQ(base64_decode("+/-_", Base64Alphabet::any), plain);
}

TEST(Base64, refuses_whatever_is_not_the_one_text_for_its_bytes) {
    struct Case {
        const char* text;
        std::size_t offset;
    };
    for (const Case& each :
         {Case{"Z", 1}, Case{"Zg", 2}, Case{"Zg=", 3}, Case{"Zg===", 2}, Case{"Zh==", 1},
          Case{"Zm9=", 2}, Case{"Zm9v\n", 5}, Case{"Zm 9", 2}, Case{"====", 2}, Case{"=", 0},
          Case{"Zg==Zg==", 2}, Case{"Zm9v====", 6}, Case{"Zm\xc3\xa9", 2}, Case{"Zm9vZ===", 6}}) {
        const auto decoded = base64_decode(each.text);
        ASSERT_FALSE(decoded) << each.text;
        EXPECT_FALSE(decoded.error().reason.empty());
        EXPECT_LE(decoded.error().offset, std::string_view{each.text}.size());
    }
    EXPECT_EQ(base64_decode("Zm 9").error().offset, 2U);
    EXPECT_EQ(base64_decode("Zm9vZ!9v").error().offset, 5U);
    EXPECT_EQ(base64_decode("Zh==").error().offset, 1U);
}

TEST(Base64, appends) {
    std::string out = "<";
    base64_append(out, std::as_bytes(std::span{"f", 1}));
    EXPECT_EQ(out, "<Zg==");
}

TEST(Base64, reads_back_any_bytes) {
    std::mt19937_64 random{test::random_seed()};
    for (std::size_t size = 0; size < 300; ++size) {
        std::string plain(size, '\0');
        for (char& octet : plain) {
            octet = static_cast<char>(random());
        }
        for (const auto alphabet : {Base64Alphabet::standard, Base64Alphabet::url_safe}) {
            for (const auto padding : {Base64Padding::required, Base64Padding::none}) {
                const std::string text = base64_encode(plain, alphabet, padding);
                ASSERT_EQ(base64_decode(text, alphabet, padding), plain);
                ASSERT_EQ(base64_decode(text, Base64Alphabet::any, Base64Padding::optional), plain);
            }
        }
    }
}

}  // namespace
}  // namespace warren::core
