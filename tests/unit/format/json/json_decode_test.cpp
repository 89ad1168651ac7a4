#include "format/json/json.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace warren::format {
namespace {

class JsonDecode : public testing::Test {
protected:
    Value decoded(std::string_view text, const JsonLimits& limits = {}) {
        auto value = json_decode(text, arena_, limits);
        EXPECT_TRUE(value) << text.substr(0, 100) << ": " << value.error().message;
        return value.value_or(Value::null());
    }

    DecodeError refused(std::string_view text, const JsonLimits& limits = {}) {
        auto value = json_decode(text, arena_, limits);
        EXPECT_FALSE(value) << text.substr(0, 100);
        return value ? DecodeError{} : value.error();
    }

    Arena arena_;
};

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

TEST_F(JsonDecode, reads_every_kind) {
    const Value document = decoded(
        R"( {"null": null, "yes": true, "no": false, "list": [1, [], {}], "text": "a", "": -1.5} )");
    ASSERT_TRUE(document.is_map());
    EXPECT_EQ(document.as_map().size(), 6U);
    EXPECT_TRUE(document.find("null")->is_null());
    EXPECT_TRUE(document.find("yes")->as_boolean());
    EXPECT_FALSE(document.find("no")->as_boolean());
    EXPECT_EQ(document.find("list")->as_list().size(), 3U);
    EXPECT_EQ(document.find("list")->as_list()[0], Value::integer(1));
    EXPECT_EQ(document.find("text")->as_text(), "a");
    EXPECT_EQ(*document.find(""), Value::floating(-1.5));
}

TEST_F(JsonDecode, keeps_integers_of_64_bits_exact) {
    EXPECT_EQ(decoded("9223372036854775807"), Value::integer(INT64_MAX));
    EXPECT_EQ(decoded("-9223372036854775808"), Value::integer(INT64_MIN));
    EXPECT_EQ(decoded("9223372036854775808"), Value::unsigned_integer(9223372036854775808U));
    EXPECT_EQ(decoded("18446744073709551615"), Value::unsigned_integer(UINT64_MAX));
    EXPECT_EQ(decoded("-0"), Value::integer(0));
}

TEST_F(JsonDecode, refuses_integers_over_64_bits) {
    for (const char* text : {"18446744073709551616", "-9223372036854775809",
                             "100000000000000000000000000000000000000000000000000000000000000"}) {
        EXPECT_EQ(refused(text).type, "int_out_of_range") << text;
    }
    const DecodeError error = refused(R"({"a": 18446744073709551616})");
    EXPECT_EQ(error.offset, 6U);
    EXPECT_EQ(error.message,
              "Invalid JSON at byte 6: the integer 18446744073709551616 does not fit into 64 bits");
}

TEST_F(JsonDecode, rounds_floats_to_the_nearest) {
    struct Case {
        const char* text;
        double number;
    };
    for (const Case& each : {
             Case{"1.0", 1.0},
             Case{"1e2", 100.0},
             Case{"-1E+2", -100.0},
             Case{"0.1", 0.1},
             Case{"2.2250738585072011e-308", 2.2250738585072011e-308},
             Case{"5e-324", 5e-324},
             Case{"1.7976931348623157e308", std::numeric_limits<double>::max()},
             Case{"9007199254740993.0", 9007199254740992.0},
             Case{"123456789012345678901234567890.5", 123456789012345678901234567890.5},
             Case{"0.30000000000000004", 0.30000000000000004},
             Case{"6.0221407600000003e23", 6.0221407600000003e23},
             Case{"1e-999", 0.0},
         }) {
        EXPECT_EQ(decoded(each.text).as_float64(), each.number) << each.text;
        EXPECT_EQ(decoded(each.text).kind(), Value::Kind::float64) << each.text;
    }
    EXPECT_TRUE(std::signbit(decoded("-0.0").as_float64()));
    EXPECT_TRUE(std::signbit(decoded("-1e-999").as_float64()));
}

TEST_F(JsonDecode, refuses_floats_that_overflow) {
    for (const char* text : {"1e999", "-1e999", "[1e309]", "1.8e308"}) {
        EXPECT_EQ(refused(text).type, "float_out_of_range") << text;
    }
    EXPECT_FALSE(json_decode("1e99999999999999999999", arena_));
    EXPECT_EQ(refused(std::string(400, '9') + ".5").type, "float_out_of_range");
}

TEST_F(JsonDecode, unescapes_strings) {
    EXPECT_EQ(decoded(R"("\"\\\/\b\f\n\r\t")").as_text(), "\"\\/\b\f\n\r\t");
    EXPECT_EQ(decoded(R"("a\u0041\u00e9\u20ac\ud83d\ude00z")").as_text(),
              "aA\u00e9\u20ac\U0001F600z");
    EXPECT_EQ(decoded(R"("\u0000")").as_text(), std::string_view("\0", 1));
    EXPECT_EQ(decoded(R"({"k\u0065y": 1})").as_map()[0].key.as_text(), "key");
    // Longer than any buffer of the parser's own.
    std::string text = "\"";
    std::string plain;
    for (int at = 0; at < 5000; ++at) {
        text += "\\nabcdefg";
        plain += "\nabcdefg";
    }
    EXPECT_EQ(decoded(text + '"').as_text(), plain);
}

TEST_F(JsonDecode, views_strings_without_escapes_in_the_input) {
    const std::string text = R"({"plain": "value \u00e9", "long": ")" + std::string(5000, 'x') +
                             R"(", "utf8": ")" + "\u00e9\U0001F600" + "\"}";
    const Value document = decoded(text);
    const auto is_viewed = [&text](std::string_view part) {
        return part.data() >= text.data() && part.data() + part.size() <= text.data() + text.size();
    };
    EXPECT_TRUE(is_viewed(document.as_map()[0].key.as_text()));
    EXPECT_FALSE(is_viewed(document.find("plain")->as_text()));
    EXPECT_TRUE(is_viewed(document.find("long")->as_text()));
    EXPECT_TRUE(is_viewed(document.find("utf8")->as_text()));
}

TEST_F(JsonDecode, refuses_what_is_not_json) {
    for (const char* text : {
             "",
             " \n",
             "nul",
             "nulll",
             "True",
             "'a'",
             "01",
             "-",
             "+1",
             "1.",
             ".5",
             "1e",
             "1e+",
             "0x10",
             "NaN",
             "Infinity",
             "-Infinity",
             "\"",
             "\"abc",
             "\"\\x\"",
             "\"\\u12g4\"",
             "\"\\u12\"",
             "\"\t\"",
             "\"\n\"",
             "[",
             "]",
             "[1,]",
             "[,1]",
             "[1 2]",
             "[1",
             "{",
             "}",
             "{\"a\"}",
             "{\"a\":}",
             "{\"a\":1,}",
             "{a:1}",
             "{1:1}",
             "{\"a\" 1}",
             "{\"a\":1",
             "[1}",
             "1 2",
             "{} x",
             "// c\n1",
             "/* */ 1",
             "\xef\xbb\xbf"
             "1",
             "--1",
             "1a",
             "[1]]",
             "\x01",
         }) {
        const DecodeError error = refused(text);
        EXPECT_EQ(error.type, "json_invalid") << text;
        EXPECT_TRUE(error.message.starts_with("Invalid JSON at byte ")) << error.message;
        EXPECT_LE(error.offset, std::string_view{text}.size()) << text;
    }
    EXPECT_EQ(refused(std::string_view{"1\0", 2}).type, "json_invalid");
}

TEST_F(JsonDecode, tells_what_it_cannot_hold_from_what_is_no_json) {
    for (const char* const text :
         {R"("\ud800")", R"("\uDBFFx")", R"("\\\ud800\n")", R"("\udc00")", R"("\ud800\u0041")",
          R"({"\ud800": 1})", R"("a longer text \ud800 and more of it")"}) {
        EXPECT_EQ(refused(text).type, "text_not_utf8") << text;
    }
    for (const char* const text : {"1e9999999999", "[1.5E+9999999999]", "1e2147483648"}) {
        EXPECT_EQ(refused(text).type, "float_out_of_range") << text;
    }
    for (const char* const text :
         {R"("\ud800)", R"("\ud8)", "\"\\\\ud800\x01\"", R"("\ud800\u12")", R"("\ud7ff\x")"}) {
        EXPECT_EQ(refused(text).type, "json_invalid") << text;
    }
    EXPECT_EQ(refused("1e9999999999", {.numbers = JsonNumbers::python}).type, "float_out_of_range");
}

TEST_F(JsonDecode, says_where_and_why) {
    EXPECT_EQ(refused("").message, "Invalid JSON at byte 0: the document is empty");
    EXPECT_EQ(refused("{} x").message,
              "Invalid JSON at byte 3: something follows the end of the document");
    EXPECT_EQ(refused("[1,").message, "Invalid JSON at byte 3: the document ends too early");
    EXPECT_EQ(refused("[1,x]").message, "Invalid JSON at byte 3: a character is not expected here");
}

TEST_F(JsonDecode, refuses_every_truncation) {
    const std::string text =
        R"({"a": [true, null, -1.5e3, "x\u00e9\n"], "b": {"c": "\ud83d\ude00"}})";
    ASSERT_TRUE(json_decode(text, arena_));
    for (std::size_t size = 0; size < text.size(); ++size) {
        EXPECT_FALSE(json_decode(std::string_view{text}.substr(0, size), arena_)) << size;
    }
}

TEST_F(JsonDecode, refuses_malformed_utf8) {
    for (const char* octets : {"\x80", "\xc0\x80", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                               "\xff", "\xe2\x82", "\xf0\x80\x80\x80", "a\xc3(", "\xfe"}) {
        const DecodeError error = refused("[\"" + std::string{octets} + "\"]");
        EXPECT_EQ(error.type, "json_invalid");
        EXPECT_TRUE(error.message.ends_with("malformed UTF-8")) << error.message;
        EXPECT_EQ(error.offset, octets[0] == 'a' ? 3U : 2U);
        EXPECT_FALSE(json_decode("{\"" + std::string{octets} + "\":1}", arena_));
    }
}

TEST_F(JsonDecode, refuses_a_key_that_stands_twice) {
    const DecodeError error = refused(R"({"a": 1, "b": {"a": 2}, "a": 3})");
    EXPECT_EQ(error.type, "key_twice");
    EXPECT_EQ(error.message, "Invalid JSON at byte 25: the key \"a\" stands twice in one object");
    EXPECT_EQ(refused(R"({"a": 1, "\u0061": 2})").type, "key_twice");
    EXPECT_TRUE(json_decode(R"([{"a": 1}, {"a": 2, "b": {"a": 3}}])", arena_));
}

TEST_F(JsonDecode, finds_a_key_twice_among_any_number) {
    for (const std::size_t count : {2U, 15U, 16U, 17U, 18U, 1000U}) {
        std::string members;
        for (std::size_t at = 0; at < count - 1; ++at) {
            members += "\"a common prefix " + std::to_string(at) + "\":0,";
        }
        EXPECT_TRUE(json_decode('{' + members + "\"other\":0}", arena_)) << count;
        for (const std::size_t twice : {std::size_t{0}, count / 2 - 1, count - 2}) {
            const std::string key = "\"a common prefix " + std::to_string(twice) + '"';
            const std::string text = '{' + members + key + ":0}";
            const DecodeError error = refused(text);
            EXPECT_EQ(error.type, "key_twice") << count;
            EXPECT_EQ(error.offset, members.size() + 2) << count << ' ' << twice;
        }
    }
}

TEST_F(JsonDecode, finds_a_short_key_twice_beside_ones_with_noughts) {
    // "a" and "a\0" have the same first eight bytes when filled up with noughts.
    std::string members;
    for (int at = 0; at < 20; ++at) {
        members += "\"k" + std::to_string(at) + "\":0,";
    }
    EXPECT_TRUE(json_decode('{' + members + R"("":0,"a":0,"a\u0000":0,"\u0000":0})", arena_));
    EXPECT_FALSE(json_decode('{' + members + R"("":0,"a":0,"a\u0000":0,"":0})", arena_));
}

TEST_F(JsonDecode, shows_only_the_start_of_a_long_key) {
    const std::string key(100'000, 'k');
    EXPECT_LT(refused("{\"" + key + "\":1,\"" + key + "\":2}").message.size(), 200U);
}

TEST_F(JsonDecode, limits_the_depth) {
    EXPECT_TRUE(json_decode(nested(128), arena_));
    EXPECT_EQ(refused(nested(129)).type, "depth_over_limit");
    EXPECT_EQ(refused(nested(129)).offset, 128U);
    EXPECT_TRUE(json_decode("7", arena_, {.depth_max = 0}));
    EXPECT_EQ(refused("[]", {.depth_max = 0}).type, "depth_over_limit");
    EXPECT_TRUE(json_decode(R"({"a":[1]})", arena_, {.depth_max = 2}));
    EXPECT_EQ(refused(R"({"a":[{}]})", {.depth_max = 2}).type, "depth_over_limit");
    // The depth is what is open at once, not how many containers there are.
    EXPECT_TRUE(json_decode("[[],[],[],{},{}]", arena_, {.depth_max = 2}));
}

TEST_F(JsonDecode, refuses_great_depth_without_recursion) {
    EXPECT_EQ(refused(nested(10'000)).type, "depth_over_limit");
    EXPECT_EQ(refused(std::string(10'000'000, '[')).type, "depth_over_limit");
    std::string objects;
    for (int at = 0; at < 10'000; ++at) {
        objects += "{\"a\":";
    }
    EXPECT_EQ(refused(objects).type, "depth_over_limit");
}

TEST_F(JsonDecode, limits_the_number_of_values) {
    EXPECT_TRUE(json_decode("[1,2,3]", arena_, {.value_count_max = 4}));
    EXPECT_EQ(refused("[1,2,3]", {.value_count_max = 3}).type, "count_over_limit");
    EXPECT_TRUE(json_decode(R"({"a":{"b":[]}})", arena_, {.value_count_max = 3}));
    EXPECT_EQ(refused(R"({"a":{"b":[]}})", {.value_count_max = 2}).type, "count_over_limit");
    const JsonLimits limits;
    std::string text = "[0";
    for (std::size_t at = 2; at < limits.value_count_max; ++at) {
        text += ",0";
    }
    EXPECT_TRUE(json_decode(text + ']', arena_));
    EXPECT_EQ(refused(text + ",0]").type, "count_over_limit");
}

TEST_F(JsonDecode, takes_a_million_keys) {
    std::string text = "{";
    for (int at = 0; at < 1'000'000; ++at) {
        text += "\"the same long prefix of all keys " + std::to_string(at) + "\":0,";
    }
    EXPECT_EQ(decoded(text + "\"last\":1}").as_map().size(), 1'000'001U);
    EXPECT_EQ(refused(text + "\"the same long prefix of all keys 999999\":1}").type, "key_twice");
}

TEST_F(JsonDecode, becomes_a_failure_that_says_all) {
    const Failure failure = to_failure(refused("[1,"));
    EXPECT_EQ(failure.code, Code::invalid_request);
    ASSERT_EQ(failure.errors.size(), 1U);
    EXPECT_EQ(failure.errors[0].type, "json_invalid");
    EXPECT_TRUE(failure.errors[0].location.empty());
}

}  // namespace
}  // namespace warren::format
