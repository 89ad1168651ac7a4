#include "model/bind.hpp"

#include "unit/model/binding.hpp"
#include "unit/model/models.hpp"

#include <gtest/gtest.h>

namespace warren::test {
namespace {

TEST(Bind, ReportsEveryErrorOfANestedRequestAtOnce) {
    EXPECT_EQ(bind_errors<Everything>(R"({
        "truth": "maybe", "number": 1.5, "ratio": "x", "narrow": 1e39, "text": 1, "bytes": "%%",
        "colour": "yellow", "tiny": 1, "maybe": true, "flags": [true, 7], "counts": [1, -1, null],
        "places": {"home": {"street": "", "lines": ["a", "b", "c"]}}, "weights": [],
        "token": 5, "node": {"children": [{"name": 1}, 2]}, "id": "1", "at": "today",
        "home": "a", "file": "/a"})"),
              (Brief{"truth bool_parsing",
                     "number int_from_float",
                     "ratio float_parsing",
                     "narrow finite_number",
                     "text string_type",
                     "bytes bytes_invalid_encoding",
                     "colour enum",
                     "tiny enum",
                     "maybe int_type",
                     "flags[1] bool_parsing",
                     "counts[1] int_out_of_range",
                     "counts[2] int_type",
                     "places.home.street string_too_short",
                     "places.home.lines too_long",
                     "weights dict_type",
                     "choice missing",
                     "token string_type",
                     "node.name missing",
                     "node.children[0].name string_type",
                     "node.children[1] model_type",
                     "id uuid_parsing",
                     "at datetime_parsing",
                     "home path_not_absolute",
                     "file path_not_relative",
                     "anything missing"}));
}

TEST(Bind, KeepsDefaultsAndIgnoresMembersItDoesNotKnow) {
    Constrained target;
    EXPECT_EQ(bind_errors(R"({"share": 1, "unknown": [1]})", target), Brief{});
    EXPECT_EQ(target.above, 11);
    EXPECT_EQ(target.share, 1.0);
}

TEST(Bind, TakesMembersInAnyOrder) {
    Strict target{};
    EXPECT_EQ(bind_errors(R"({"second": 2, "first": 1})", target), Brief{});
    EXPECT_EQ(target.first, 1);
    EXPECT_EQ(target.second, 2);
}

TEST(Bind, ForbidsExtraMembersWhereTheModelSaysSo) {
    EXPECT_EQ(bind_errors<Strict>(R"({"first": 1, "third": 3, "second": 2, "4": 4})"),
              (Brief{"third extra_forbidden", "4 extra_forbidden"}));
}

TEST(Bind, RunsAModelsOwnDemandOnlyWhenItsFieldsAreFine) {
    EXPECT_EQ(bind_errors<Strict>(R"({"first": 2, "second": 2})"), Brief{"value_error"});
    EXPECT_EQ(bind_errors<Strict>(R"({"first": 2, "second": ""})"), Brief{"second int_parsing"});
}

struct ConstraintCase {
    std::string_view json;
    Brief errors;
};

TEST(Bind, HoldsConstraintsAtTheirBoundsAndOnePast) {
    const std::vector<ConstraintCase> cases{
        {R"({"above": 10})", {"above greater_than"}},
        {R"({"above": 11})", {}},
        {R"({"above": 19})", {}},
        {R"({"above": 20})", {"above less_than"}},
        {R"({"between": 0})", {"between greater_than_equal"}},
        {R"({"between": 1})", {}},
        {R"({"between": 9})", {}},
        {R"({"between": 10})", {"between less_than_equal"}},
        {R"({"share": 0})", {"share greater_than"}},
        {R"({"share": 5e-324})", {}},
        {R"({"share": 1.0})", {}},
        {R"({"share": 1.0000000000000002})", {"share less_than_equal"}},
        {R"({"code": "a"})", {"code string_too_short"}},
        {R"({"code": "éé"})", {}},
        {R"({"code": "ééé"})", {}},
        {R"({"code": "éééé"})", {"code string_too_long"}},
        {R"({"code": "a1"})", {"code string_pattern_mismatch"}},
        {R"({"code": "1"})", {"code string_too_short", "code string_pattern_mismatch"}},
        {R"({"items": []})", {"items too_short"}},
        {R"({"items": [1,2,3]})", {}},
        {R"({"items": [1,2,3,4]})", {"items too_long"}},
        {R"({"members": {"a": 1}})", {}},
        {R"({"members": {"a": 1, "b": 2}})", {"members too_long"}},
        {R"({"raw": ""})", {"raw bytes_too_short"}},
        {R"({"raw": "AAE="})", {}},
        {R"({"raw": "AAEC"})", {"raw bytes_too_long"}},
        {R"({"maybe": null})", {}},
        {R"({"maybe": 1})", {}},
        {R"({"maybe": 0})", {"maybe greater_than"}},
        {R"({"secret": "abc"})", {}},
        {R"({"secret": "abcd"})", {"secret string_too_long"}},
        {R"({"even_number": 4})", {}},
        {R"({"even_number": 5})", {"even_number value_error"}},
    };
    for (const auto& [json, errors] : cases) {
        EXPECT_EQ(bind_errors<Constrained>(json), errors) << json;
    }
}

TEST(Bind, NamesThePermittedValuesAndNeverRepeatsTheValue) {
    Colour colour{};
    const auto errors = model::bind(type_of<Colour>(), Value::text("s3cret"), &colour);
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].message, "Input should be 'red', 'green' or 'blue'");
    for (const std::string json :
         {R"({"secret": "s3cret-and-too-long"})", R"({"code": "s3cret-and-too-long"})"}) {
        Constrained target;
        for (const FieldError& error :
             model::bind(type_of<Constrained>(), parse(json).value(), &target)) {
            EXPECT_EQ(error.message.find("s3cret"), std::string::npos) << error.message;
        }
    }
}

std::string nested(std::size_t depth) {
    std::string json;
    for (std::size_t level = 0; level < depth; ++level) {
        json += R"({"name":"n","children":[)";
    }
    json += R"({"name":"n"})";
    for (std::size_t level = 0; level < depth; ++level) {
        json += "]}";
    }
    return json;
}

TEST(Bind, StopsAtTheNestingLimitAndNotBefore) {
    std::vector<std::vector<std::vector<int>>> lists;
    EXPECT_EQ(bind_errors("[[[1]]]", lists), Brief{});
    // A node and its list are two levels, and the innermost node one more.
    constexpr std::size_t depth = (model::bind_depth_max - 1) / 2;
    Node node;
    EXPECT_EQ(bind_errors(nested(depth), node), Brief{});
    const Brief errors = bind_errors<Node>(nested(depth + 1));
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_TRUE(errors[0].ends_with(" recursion_limit")) << errors[0];
    EXPECT_EQ(bind_errors<Node>(nested(2'000)).size(), 1U);
}

TEST(Bind, ListsErrorsUpToTheLimitAndCountsTheRest) {
    const auto items = [](std::size_t count) {
        std::string json = "[\"x\"";
        for (std::size_t index = 1; index < count; ++index) {
            json += ",\"x\"";
        }
        return json + ']';
    };
    const Brief at_limit = bind_errors<std::vector<int>>(items(model::field_errors_max));
    EXPECT_EQ(at_limit.size(), model::field_errors_max);
    EXPECT_EQ(at_limit.back(), "[99] int_parsing");
    std::vector<int> target;
    const auto past = model::bind(type_of<std::vector<int>>(),
                                  parse(items(model::field_errors_max + 2)).value(), &target);
    ASSERT_EQ(past.size(), model::field_errors_max + 1);
    EXPECT_EQ(past.back().type, "too_many_errors");
    EXPECT_EQ(past.back().message, "2 more errors are not listed");
}

TEST(Bind, ShowsLongAndMalformedKeysOfAPeerCutAndEscaped) {
    std::map<std::string, int> target;
    const std::string key(300, 'k');
    const Member members[] = {{Value::text(key), Value::null()},
                              {Value::text("\xff"), Value::null()},
                              {Value::integer(5), Value::integer(5)}};
    const auto errors =
        model::bind(type_of<std::map<std::string, int>>(), Value::map(members), &target);
    ASSERT_EQ(errors.size(), 3U);
    EXPECT_LT(std::get<std::string>(errors[0].location[0]).size(), 270U);
    EXPECT_EQ(std::get<std::string>(errors[1].location[0]), "\\xff");
    EXPECT_EQ(errors[2].type, "string_type");
    EXPECT_EQ(std::get<std::size_t>(errors[2].location[0]), 2U);
}

TEST(Bind, TakesAnythingIntoADynamic) {
    Dynamic target;
    EXPECT_EQ(bind_errors(R"({"a": [1, 2.5, null, "x"]})", target), Brief{});
    EXPECT_EQ(json_of(target.value()), R"({"a":[1,2.5,null,"x"]})");
}

TEST(Bind, TakesNullForNothingOnly) {
    EXPECT_TRUE(model::bind(type_of<void>(), Value::null(), nullptr).empty());
    EXPECT_EQ(briefly(model::bind(type_of<void>(), Value::integer(0), nullptr)),
              Brief{"none_required"});
}

}  // namespace
}  // namespace warren::test
