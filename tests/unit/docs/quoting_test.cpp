#include "docs/quoting.hpp"

#include <warren/dynamic.hpp>

#include "docs/html.hpp"
#include "unit/docs/documents.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <limits>
#include <memory>

namespace warren::docs {
namespace {

TEST(Quoting, WritesWordsOfAShell) {
    EXPECT_EQ(shell_word("dx_example"), "dx_example");
    EXPECT_EQ(shell_word(""), "''");
    EXPECT_EQ(shell_word("it's $HOME"), "'it'\\''s $HOME'");
    EXPECT_EQ(shell_word("a\nb"), "$'a\\012b'");
    EXPECT_EQ(shell_word("\u202E'"), "$'\\342\\200\\256\\047'");
    EXPECT_EQ(shell_word("amqp://localhost/?queue=test"), "'amqp://localhost/?queue=test'");
}

/// What a program reads from a command.
std::string output_of(const std::string& command) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe{popen(command.c_str(), "r"), pclose};
    std::string output;
    std::array<char, 4096> room{};
    for (std::size_t size = 0; (size = fread(room.data(), 1, room.size(), pipe.get())) > 0;) {
        output.append(room.data(), size);
    }
    return output;
}

TEST(Quoting, GivesAShellEveryTextAsItIs) {
    std::string script;
    std::string expected;
    for (const std::string& text : test::hostile_texts()) {
        script += "printf '%s|' " + shell_word(text) + "\n";
        expected += text + '|';
        EXPECT_TRUE(is_visible(shell_word(text)));
    }
    const std::string quoted = [&] {
        std::string all = "'";
        for (const char character : script) {
            all += character == '\'' ? std::string{"'\\''"} : std::string{character};
        }
        return all + "'";
    }();
    EXPECT_EQ(output_of("bash -c " + quoted), expected);
}

TEST(Quoting, WritesPython) {
    EXPECT_EQ(python_text("it's \"a\\b\""), "\"it's \\\"a\\\\b\\\"\"");
    EXPECT_EQ(python_text("a\n\x01\u202E\U000E0041"), "\"a\\n\\u0001\\u202e\\U000e0041\"");
    const Dynamic value =
        Dynamic::map({{"yes", true}, {"none", nullptr}, {"list", Dynamic::list({1, 2.5, "x"})}});
    EXPECT_EQ(python_value(value.value(), ""),
              R"({"yes": True, "none": None, "list": [1, 2.5, "x"]})");
    EXPECT_EQ(python_value(Value::floating(std::numeric_limits<double>::infinity()), ""),
              "float(\"inf\")");
}

TEST(Quoting, WritesPythonOnSeveralLinesWhenItIsLong) {
    const Dynamic value = Dynamic::map({{"text", std::string(60, 'x')},
                                        {"none", Dynamic::list({})},
                                        {"list", Dynamic::list({1})}});
    EXPECT_EQ(python_value(value.value(), ""), "{\n    \"text\": \"" + std::string(60, 'x') +
                                                   "\",\n    \"none\": [],\n    \"list\": [\n"
                                                   "        1,\n    ],\n}");
}

TEST(Quoting, WritesCpp) {
    EXPECT_EQ(cpp_quoted("dx_example"), "\"dx_example\"");
    EXPECT_EQ(cpp_quoted(R"({"a":1})"), "R\"({\"a\":1})\"");
    EXPECT_EQ(cpp_quoted("\")\"\n"), "\"\\\")\\\"\\012\"");
    EXPECT_EQ(cpp_quoted("\u202E1"), "\"\\342\\200\\2561\"");
}

TEST(Quoting, WritesJsonWithNothingInvisible) {
    const Dynamic value = Dynamic::list({"\u202E\u0085\U000E0041", "ä"});
    EXPECT_EQ(json_line(value.value()), R"(["\u202e\u0085\udb40\udc41","ä"])");
    EXPECT_EQ(Dynamic::from_json(json_line(value.value())), value);
}

}  // namespace
}  // namespace warren::docs
