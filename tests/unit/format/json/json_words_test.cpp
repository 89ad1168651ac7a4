#include "format/json/json_words.hpp"

#include "format/json/json.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace warren::format {
namespace {

constexpr JsonLimits python{.numbers = JsonNumbers::python};

TEST(JsonWords, are_numbers_of_python_both_ways) {
    Arena arena;
    const std::string text =
        R"({"a":[NaN,Infinity,-Infinity,1.5],"NaN":"-Infinity \"NaN\\","b":-0.0})";
    const auto value = json_decode(text, arena, python);
    ASSERT_TRUE(value) << value.error().message;
    const auto numbers = value->find("a")->as_list();
    EXPECT_TRUE(std::isnan(numbers[0].as_float64()));
    EXPECT_EQ(numbers[1].as_float64(), INFINITY);
    EXPECT_EQ(numbers[2].as_float64(), -INFINITY);
    EXPECT_EQ(numbers[3].as_float64(), 1.5);
    EXPECT_EQ(value->find("NaN")->as_text(), "-Infinity \"NaN\\");
    std::string out;
    ASSERT_TRUE(json_encode(*value, out, python));
    EXPECT_EQ(out, text);
    EXPECT_FALSE(json_decode(text, arena)) << "of RFC 8259 they are not";
    EXPECT_FALSE(json_encode(*value, out));
    EXPECT_TRUE(std::isnan(json_decode("NaN", arena, python)->as_float64()));
}

TEST(JsonWords, stand_where_values_stand) {
    Arena arena;
    for (const char* const text : {"[-NaN]", "[nan]", "[1NaN]", "[NaN1]", "[+Infinity]", "[Inf]",
                                   "[NaN", "{NaN:1}", "[NaNNaN]", "[- Infinity]", "[NaN,]"}) {
        const auto value = json_decode(text, arena, python);
        ASSERT_FALSE(value) << text;
        EXPECT_EQ(value.error().type, "json_invalid");
    }
    EXPECT_EQ(json_decode("[NaN, x]", arena, python).error().offset, 6U)
        << "offsets are those of the text as it came";
}

}  // namespace
}  // namespace warren::format
