#include <warren/dynamic.hpp>
#include <warren/error.hpp>

#include "unit/model/binding.hpp"
#include "unit/model/models.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace warren::test {
namespace {

template <typename Function>
Failure failure_of(const Function& function) {
    try {
        function();
    } catch (const Error& error) {
        return error.failure();
    }
    return {.code = Code::internal, .message = "it succeeded"};
}

TEST(DynamicJson, GoesBothWays) {
    const std::string text = R"({"a":[1,2.5,"\u00e9",null,true],"b":{}})";
    const Dynamic value = Dynamic::from_json(text);
    EXPECT_EQ(value["a"].as_list()[2].as_text(), "é");
    EXPECT_EQ(value.to_json(), R"({"a":[1,2.5,"é",null,true],"b":{}})");
}

TEST(DynamicJson, SaysWhereTextIsWrong) {
    const Failure failure = failure_of([] { Dynamic::from_json(R"({"a": nope})"); });
    EXPECT_EQ(failure.code, Code::invalid_request);
    EXPECT_TRUE(failure.message.contains("at byte 6")) << failure.message;
}

TEST(DynamicJson, RefusesWhatHasNoForm) {
    const Dynamic value = Dynamic::list({1, std::numeric_limits<double>::quiet_NaN()});
    const Failure failure = failure_of([&] { static_cast<void>(value.to_json()); });
    EXPECT_EQ(failure.code, Code::invalid_request);
    EXPECT_EQ(briefly(failure.errors), (Brief{"[1] float_not_finite"}));
}

TEST(DynamicModels, GoBothWays) {
    const Node node{.name = "root", .children = {{.name = "leaf"}}, .address = Address{"High", {}}};
    const Dynamic value = Dynamic::of(node);
    EXPECT_EQ(value["children"].as_list()[0].find("name")->as_text(), "leaf");
    EXPECT_EQ(value.as<Node>(), node);
    EXPECT_EQ(Dynamic::of(std::vector{1, 2}).as<std::vector<int>>(), (std::vector{1, 2}));
}

TEST(DynamicModels, AreHeldToTheirContract) {
    const Failure bound = failure_of(
        [] { static_cast<void>(Dynamic::map({{"street", ""}, {"lines", 3}}).as<Address>()); });
    EXPECT_EQ(bound.code, Code::invalid_request);
    EXPECT_EQ(briefly(bound.errors), (Brief{"street string_too_short", "lines list_type"}));
    const Failure rendered = failure_of([] { Dynamic::of(Address{}); });
    EXPECT_EQ(briefly(rendered.errors), (Brief{"street string_too_short"}));
}

}  // namespace
}  // namespace warren::test
