#include "protocol/pyzmqrpc_command.hpp"

#include <warren/dynamic.hpp>

#include "format/json/json.hpp"
#include "protocol/pyzmqrpc.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace warren::protocol::test {
namespace {

using model::ArgumentStyle;
using namespace std::string_literals;

struct Read {
    Arena arena;
    std::string json;
    std::expected<Call, Failure> call;

    explicit Read(std::string text, const core::Limits& limits = {})
        : json{std::move(text)}, call{pyzmqrpc_read_command(json, arena, limits)} {}
};

/// A command's arguments as compact JSON.
std::string arguments_of(std::string json) {
    const Read read{std::move(json)};
    EXPECT_TRUE(read.call) << to_string(read.call.error());
    std::string out;
    if (read.call) {
        EXPECT_TRUE(format::json_encode(read.call->arguments, out));
    }
    return out;
}

/// What is wrong with a command, without what all begin with.
std::string refused(std::string json, std::string_view type, const core::Limits& limits = {}) {
    const Read read{std::move(json), limits};
    EXPECT_FALSE(read.call) << read.json;
    if (read.call) {
        return {};
    }
    EXPECT_EQ(read.call.error().code, Code::invalid_request);
    EXPECT_EQ(read.call.error().errors.at(0).type, type) << read.json;
    const std::string start =
        std::string{pyzmqrpc_undecodable_prefix} + "Could not interpret the unzipped contents: ";
    EXPECT_TRUE(read.call.error().message.starts_with(start)) << read.call.error().message;
    return read.call.error().message.substr(start.size());
}

std::string nested(std::size_t depth) {
    return R"({"_icmd_": ["A", {"x": )" + std::string(depth, '[') + std::string(depth, ']') + "}]}";
}

TEST(PyzmqrpcCommand, IsAMethodWithNamedArguments) {
    const Read read{R"({"_icmd_": ["SimpleCommand", {"b": 1, "a": [true, null, 2.5]}]})"};
    ASSERT_TRUE(read.call);
    EXPECT_EQ(read.call->method, "SimpleCommand");
    EXPECT_EQ(read.call->style, ArgumentStyle::named);
    EXPECT_FALSE(read.call->metadata.time_left);
    EXPECT_EQ(arguments_of(read.json), R"({"b":1,"a":[true,null,2.5]})");
}

TEST(PyzmqrpcCommand, NestedCommandsAreTheirStates) {
    EXPECT_EQ(arguments_of(R"({"_icmd_": ["A", {"x": {"_icmd_": ["B", {"y": 1}]}, "z": 2}]})"),
              R"({"x":{"y":1},"z":2})");
    EXPECT_EQ(arguments_of(R"({"_icmd_": ["A", {"x": [1, {"_icmd_": ["B", {}]}, {"k": )"
                           R"({"_icmd_": ["C", {"y": {"_icmd_": ["D", {"w": "v"}]}}]}}]}]})"),
              R"({"x":[1,{},{"k":{"y":{"w":"v"}}}]})");
    EXPECT_EQ(arguments_of(R"({"_icmd_": ["A", {"x": "_icmd_", "_icmd": 1, "y": ["_icmd_"]}]})"),
              R"({"x":"_icmd_","_icmd":1,"y":["_icmd_"]})");
}

TEST(PyzmqrpcCommand, OfAnotherShapeIsRefused) {
    for (const char* json :
         {"[]", "7", "null", "\"_icmd_\"", "{}", R"({"function": "f", "parameters": {}})",
          R"({"_icmd_": null})", R"({"_icmd_": {}})", R"({"_icmd_": []})", R"({"_icmd_": ["A"]})",
          R"({"_icmd_": ["A", {}, 1]})", R"({"_icmd_": [1, {}]})", R"({"_icmd_": ["A", null]})",
          R"({"_icmd_": ["A", [1]]})", R"({"_icmd_": ["A", "b"]})", R"({"_icmd_": "AB"})",
          R"({"_icmd_": ["A", {}], "more": 1})"}) {
        EXPECT_EQ(refused(json, "command_type"),
                  R"(it is no {"_icmd_": [class name, state]} with an object for a state)");
    }
    for (const char* inner :
         {R"({"_icmd_": 1})", R"([{"_icmd_": ["B"]}])", R"({"k": {"_icmd_": ["B", []]}})",
          R"({"_icmd_": ["B", {}], "c": 1})", R"({"_icmd_": ["B", {"c": {"_icmd_": []}}]})"}) {
        EXPECT_TRUE(refused(R"({"_icmd_": ["A", {"x": )"s + inner + "}]}", "command_type")
                        .starts_with("a nested command is no"));
    }
}

TEST(PyzmqrpcCommand, OfNoJsonIsRefused) {
    EXPECT_EQ(refused("", "json_invalid"), "Invalid JSON at byte 0: the document is empty");
    refused("{", "json_invalid");
    refused(R"({"_icmd_": ["A", {}]} )"s + '\0', "json_invalid");
    refused(R"({"_icmd_": ["A", {"x": nan}]})", "json_invalid");
    refused(R"({"_icmd_": ["A", {"x": 1, "x": 2}]})", "key_twice");
    refused(R"({"_icmd_": ["A", {}], "_icmd_": ["B", {}]})", "key_twice");
    refused(R"({"_icmd_": ["A", {"x": "\ud800"}]})", "text_not_utf8");
    refused("{\"_icmd_\": [\"A\", {\"x\": \"\xed\xa0\x80\"}]}", "json_invalid");
    refused(R"({"_icmd_": ["A", {"x": 18446744073709551616}]})", "int_out_of_range");
    refused(R"({"_icmd_": ["A", {"x": 1e999}]})", "float_out_of_range");
}

TEST(PyzmqrpcCommand, LimitsHold) {
    const core::Limits limits{.nesting_depth_max = 10, .value_count_max = 8};
    EXPECT_TRUE(Read(nested(7), {.nesting_depth_max = 10}).call);
    refused(nested(8), "depth_over_limit", {.nesting_depth_max = 10});
    refused(nested(100'000), "depth_over_limit");
    EXPECT_TRUE(Read(R"({"_icmd_": ["A", {"x": [1, 2, 3]}]})", limits).call);
    refused(R"({"_icmd_": ["A", {"x": [1, 2, 3, 4]}]})", "count_over_limit", limits);

    const auto of_class = [](std::size_t size) {
        return R"({"_icmd_": [")" + std::string(size, 'C') + R"(", {}]})";
    };
    EXPECT_EQ(refused(of_class(0), "method_empty"), "the class name is empty");
    EXPECT_TRUE(Read(of_class(255)).call);
    EXPECT_EQ(refused(of_class(256), "method_too_long"),
              "the class name has more than 255 bytes (method_name_bytes_max)");
}

TEST(PyzmqrpcCommand, IsWrittenAsPythonDoes) {
    const Dynamic state = Dynamic::map(
        {{"e", "é"},
         {"inner", Dynamic::map({{"_icmd_", Dynamic::list({"B", Dynamic::map({{"y", 1.0}})})}})}});
    std::string json = "kept";
    ASSERT_TRUE(pyzmqrpc_write_command({.method = "A", .arguments = state.value()}, json));
    EXPECT_EQ(json, R"(kept{"_icmd_": ["A", {"e": "\u00e9", "inner": {"_icmd_": ["B", )"
                    R"({"y": 1.0}]}}]})");
}

TEST(PyzmqrpcCommand, TakesArgumentsByNameOrNone) {
    const Dynamic map = Dynamic::map({{"x", 1}});
    const Dynamic list = Dynamic::list({1});
    const Dynamic empty = Dynamic::list({});
    for (const auto& [style, arguments, expected] :
         {std::tuple{ArgumentStyle::bare, map.value(), R"({"x": 1})"},
          std::tuple{ArgumentStyle::positional, empty.value(), "{}"},
          std::tuple{ArgumentStyle::named, Value::null(), "{}"}}) {
        std::string json;
        ASSERT_TRUE(
            pyzmqrpc_write_command({.method = "A", .style = style, .arguments = arguments}, json));
        EXPECT_EQ(json, R"({"_icmd_": ["A", )"s + expected + "]}");
    }
    for (const auto& [style, arguments] : {std::pair{ArgumentStyle::positional, list.value()},
                                           std::pair{ArgumentStyle::bare, Value::integer(1)},
                                           std::pair{ArgumentStyle::mixed, map.value()}}) {
        std::string json = "kept";
        const auto refused =
            pyzmqrpc_write_command({.method = "A", .style = style, .arguments = arguments}, json);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().message,
                  "The pyzmqrpc protocol takes arguments by name: give an object, such as "
                  "{\"name\": value}");
        EXPECT_EQ(json, "kept");
    }
}

TEST(PyzmqrpcCommand, NamesTheArgumentThatCannotBeWritten) {
    const Dynamic state = Dynamic::map({{"x", Dynamic::list({1, "\xff"})}});
    std::string json = "kept";
    const auto refused = pyzmqrpc_write_command({.method = "A", .arguments = state.value()}, json);
    ASSERT_FALSE(refused);
    EXPECT_EQ(to_string(refused.error().errors.at(0).location), "x[1]");
    EXPECT_EQ(json, "kept");
}

}  // namespace
}  // namespace warren::protocol::test
