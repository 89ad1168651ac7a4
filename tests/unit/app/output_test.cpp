#include "app/output.hpp"

#include "app/text_width.hpp"
#include "app/yaml_text.hpp"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace warren::app {
namespace {

std::string yaml_of(const Dynamic& data) {
    std::string text;
    const auto appended = yaml_append(data.value(), text);
    EXPECT_TRUE(appended) << appended.error();
    return text;
}

TEST(Yaml, TextsStayTexts) {
    using namespace std::string_literals;
    const auto texts = std::to_array<std::string>({"no",
                                                   "Yes",
                                                   "NULL",
                                                   "~",
                                                   "",
                                                   " ",
                                                   "1e3",
                                                   "0x1f",
                                                   "1_000",
                                                   "2026-12-01",
                                                   "12:30:45",
                                                   ".nan",
                                                   "-",
                                                   "- a",
                                                   "a: b",
                                                   "a #b",
                                                   "#",
                                                   "'",
                                                   "\"",
                                                   "\\",
                                                   "a\nb\n",
                                                   "\n",
                                                   "\t",
                                                   "a\x00b"s,
                                                   "\x1b[31m",
                                                   "\x7f",
                                                   "\xc2\x85",
                                                   "\xc2\x9b",
                                                   "\xe2\x80\xa8",
                                                   "\xef\xbb\xbf",
                                                   "\xef\xbf\xbf",
                                                   "\xf0\x9f\x98\x80",
                                                   "\xe6\x97\xa5\xe6\x9c\xac",
                                                   "{",
                                                   "[a]",
                                                   "&a",
                                                   "*a",
                                                   "!a",
                                                   "%a",
                                                   "@a",
                                                   "`a",
                                                   "<<",
                                                   "=",
                                                   "?",
                                                   "on",
                                                   "plain",
                                                   "two words",
                                                   "ends ",
                                                   "http://a/b",
                                                   "a:",
                                                   "---",
                                                   "..."});
    for (const std::string& text : texts) {
        const std::string value = yaml_of(Dynamic::map({{text, text}}));
        const YAML::Node node = YAML::Load(value);
        EXPECT_EQ(node.begin()->first.as<std::string>(), text) << value;
        EXPECT_EQ(node.begin()->second.as<std::string>(), text) << value;
        // yaml-cpp keeps by its tag that a text was quoted.
        const bool is_word = text == "plain" || text == "two words" || text == "http://a/b";
        EXPECT_EQ(node.begin()->second.Tag(), is_word ? "?" : "!") << value;
        EXPECT_FALSE(value.contains('\x1b')) << value;
    }
}

TEST(Yaml, OtherValuesStayWhatTheyAre) {
    const Dynamic data = Dynamic::map(
        {{"none", nullptr},
         {"truth", true},
         {"least", std::numeric_limits<std::int64_t>::min()},
         {"most", std::numeric_limits<std::uint64_t>::max()},
         {"third", 1.0 / 3},
         {"large", 1e300},
         {"whole", 2.0},
         {"nan", std::nan("")},
         {"endless", -std::numeric_limits<double>::infinity()},
         {"empty", Dynamic::list({Dynamic::list({}), Dynamic::map({})})},
         {"deep",
          Dynamic::list({Dynamic::list({1, Dynamic::map({{"a", Dynamic::list({2})}})}), 3})}});
    const std::string text = yaml_of(data);
    const YAML::Node node = YAML::Load(text);
    EXPECT_TRUE(node["none"].IsNull());
    EXPECT_TRUE(node["truth"].as<bool>());
    EXPECT_EQ(node["least"].as<std::int64_t>(), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(node["most"].as<std::uint64_t>(), std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(node["third"].as<double>(), 1.0 / 3);
    EXPECT_EQ(node["large"].as<double>(), 1e300);
    EXPECT_TRUE(text.contains("large: 1.0e+300")) << text;
    EXPECT_TRUE(text.contains("whole: 2.0")) << text;
    EXPECT_TRUE(std::isnan(node["nan"].as<double>()));
    EXPECT_TRUE(std::isinf(node["endless"].as<double>()));
    EXPECT_TRUE(node["empty"][0].IsSequence() && node["empty"][1].IsMap());
    EXPECT_EQ(node["deep"][0][1]["a"][0].as<int>(), 2);
    EXPECT_EQ(node["deep"][1].as<int>(), 3);
}

TEST(Yaml, LongKeysAreRead) {
    const std::string long_key(3000, 'k');
    const std::string text =
        yaml_of(Dynamic::list({Dynamic::map({{long_key, Dynamic::list({1, 2})}, {"b", 3}})}));
    const YAML::Node node = YAML::Load(text);
    EXPECT_EQ(node[0][long_key][1].as<int>(), 2);
    EXPECT_EQ(node[0]["b"].as<int>(), 3);
}

TEST(Yaml, WhatHasNoFormLeavesNothing) {
    std::string text = "before";
    EXPECT_FALSE(yaml_append(Value::text("\xff"), text));
    EXPECT_EQ(text, "before");
}

TEST(Tables, CountColumnsAndNotBytes) {
    EXPECT_EQ(columns_of("a\xc3\xa9"), 2U);
    EXPECT_EQ(columns_of("\xe6\x97\xa5\xe6\x9c\xac"), 4U);              // CJK
    EXPECT_EQ(columns_of("e\xcc\x81"), 1U);                             // combining acute
    EXPECT_EQ(columns_of("\xf0\x9f\x98\x80"), 2U);                      // an emoji
    EXPECT_EQ(columns_of("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"), 2U);  // conjoining Hangul
    EXPECT_EQ(text_table({{"A", "B"}, {"\xe6\x97\xa5", "x"}, {"yy", "z"}}),
              "A   B\n\xe6\x97\xa5  x\nyy  z\n");
}

TEST(Tables, FitTheTerminal) {
    const Table table{{"NAME", "WHAT"}, {"short", "some words that go on and on, past the edge"}};
    const std::string text = text_table(table, {.columns = 30});
    EXPECT_EQ(text,
              "NAME   WHAT\n"
              "short  some words that go on\n"
              "       and on, past the edge\n");
    EXPECT_EQ(text_table(table).find('\n', 12), text_table(table).size() - 1);
    EXPECT_EQ(text_table({{"A"},
                          {"\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5\xe6\x9c"
                           "\xac\xe6\x97\xa5"}},
                         {.columns = 13}),
              "A\n\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5\xe6\x9c\xac\n\xe6"
              "\x97\xa5\n");
}

TEST(Tables, ShowNoControlCharacters) {
    const std::string text =
        text_table({{"A"}, {Cell{"\x1b[2J\n\xc2\x9b", Tone::bad}}}, {.has_color = true});
    EXPECT_EQ(text, "\x1b[1mA\x1b[0m\n\x1b[31m\\x1b[2J\\n\\x9b\x1b[0m\n");
}

TEST(Tables, AreMadeOfAnyData) {
    EXPECT_EQ(text_table(table_of(Dynamic::from_json(R"([{"a":1,"b":"x"},{"b":null,"c":[2]}])"))),
              "a  b  c\n1  x\n      [2]\n");
    EXPECT_EQ(text_table(table_of(Dynamic::from_json(R"({"a":1,"b":{"c":2}})"))),
              "KEY  VALUE\na    1\nb    {\"c\":2}\n");
    EXPECT_EQ(text_table(table_of(Dynamic{"x"})), "VALUE\nx\n");
}

TEST(Json, IsSafeForTerminals) {
    EXPECT_EQ(safe_json("{\"a\":\"\x7f\xc2\x9b\xe2\x80\xae\xc3\xa9\"}\n"),
              "{\"a\":\"\\u007f\\u009b\\u202e\xc3\xa9\"}\n");
}

}  // namespace
}  // namespace warren::app
