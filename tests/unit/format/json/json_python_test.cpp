#include <warren/dynamic.hpp>

#include "format/json/json.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>

namespace warren::format::json_python_test {

using namespace std::string_literals;

std::string encoded(const Value& value) {
    std::string out;
    const auto done = json_encode_python(value, out);
    EXPECT_TRUE(done) << done.error().message;
    return out;
}

TEST(JsonPython, puts_spaces_where_python_does) {
    const Dynamic document =
        Dynamic::map({{"a", Dynamic::list({1, true, nullptr})},
                      {"b", Dynamic::map({})},
                      {"c", Dynamic::map({{"d", Dynamic::list({})}, {"e", "f"}})}});
    EXPECT_EQ(encoded(document.value()),
              R"({"a": [1, true, null], "b": {}, "c": {"d": [], "e": "f"}})");
    const std::array keyed{Member{Value::integer(-1), Value::integer(2)}};
    EXPECT_EQ(encoded(Value::map(keyed)), R"({"-1": 2})");
}

TEST(JsonPython, writes_nothing_but_printable_ascii) {
    EXPECT_EQ(encoded(Value::text("\"\\/\b\f\n\r\t ~")), R"("\"\\/\b\f\n\r\t ~")");
    EXPECT_EQ(encoded(Value::text("\0\x1f\x7f"s)), R"("\u0000\u001f\u007f")");
    EXPECT_EQ(encoded(Value::text("aéz€\uffff")), R"("a\u00e9z\u20ac\uffff")");
    EXPECT_EQ(encoded(Value::text("\U00010000\U0001F600\U0010FFFF")),
              R"("\ud800\udc00\ud83d\ude00\udbff\udfff")");
    EXPECT_EQ(encoded(Value::text("")), R"("")");
    const std::array keyed{Member{Value::text("é"), Value::text("ß")}};
    EXPECT_EQ(encoded(Value::map(keyed)), R"({"\u00e9": "\u00df"})");
}

TEST(JsonPython, shows_floats_as_python_does) {
    struct Case {
        double number;
        const char* text;
    };
    for (const Case& each : {
             Case{0.0, "0.0"},
             Case{-0.0, "-0.0"},
             Case{1.0, "1.0"},
             Case{100000.0, "100000.0"},
             Case{0.1 + 0.2, "0.30000000000000004"},
             Case{0.0001, "0.0001"},
             Case{0.00012345678901234567, "0.00012345678901234567"},
             Case{0.00001, "1e-05"},
             Case{1.5e-7, "1.5e-07"},
             Case{123456789012345.6, "123456789012345.6"},
             Case{9007199254740994.0, "9007199254740994.0"},
             Case{9999999999999998.0, "9999999999999998.0"},
             Case{1e16, "1e+16"},
             Case{-1.2345678901234568e+17, "-1.2345678901234568e+17"},
             Case{1e100, "1e+100"},
             Case{5e-324, "5e-324"},
             Case{std::numeric_limits<double>::max(), "1.7976931348623157e+308"},
         }) {
        EXPECT_EQ(encoded(Value::floating(each.number)), each.text);
    }
}

TEST(JsonPython, refuses_what_no_json_has) {
    std::string out = "before";
    EXPECT_EQ(json_encode_python(Value::text("\xff"), out).error().type, "text_not_utf8");
    EXPECT_EQ(out, "before");
}

}  // namespace warren::format::json_python_test
