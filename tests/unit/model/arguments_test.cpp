#include "model/arguments.hpp"

#include "unit/model/binding.hpp"
#include "unit/model/models.hpp"

#include <gtest/gtest.h>

namespace warren::test {
namespace {

using enum model::ArgumentStyle;

struct Pair {
    int a;
    int b = 7;
};
WARREN_MODEL(Pair, (a), (b))

/// The same fields as the parameters of a plain function, and a single parameter.
Type parameters(std::size_t count) {
    Type type = type_of<Pair>();
    auto* model = new Model{*type_of<Pair>().model()};
    model->shape = ModelShape::parameters;
    model->fields.resize(count);
    type.model = LateModel{*model};
    return type;
}
const Type& two_parameters = *new Type{parameters(2)};
const Type& one_parameter = *new Type{parameters(1)};
const Type& none = *new Type{parameters(0)};

struct Case {
    const Type& type;
    model::ArgumentStyle style;
    std::string_view json;
    Brief errors;
    int a = 0;
    int b = 7;
};

TEST(BindArguments, TakesEachStyle) {
    const std::vector<Case> cases{
        {two_parameters, named, R"({"a": 1, "b": 2})", {}, 1, 2},
        {two_parameters, named, R"({"b": 2})", {"a missing"}, 0, 2},
        {two_parameters, named, "[1]", {"model_type"}},
        {two_parameters, positional, "[1, 2]", {}, 1, 2},
        {two_parameters, positional, "[1]", {}, 1},
        {two_parameters, positional, "[]", {"a missing"}},
        {two_parameters, positional, R"(["x", 2])", {"[0] int_parsing"}, 0, 2},
        {two_parameters, positional, "[1, 2, 3]", {"[2] too_many_arguments"}, 1, 2},
        {type_of<Pair>(), positional, "[1, 2]", {}, 1, 2},
        {two_parameters, positional, R"({"a": 1})", {}, 1},
        {two_parameters, bare, R"({"a": 1, "b": 2})", {}, 1, 2},
        {two_parameters, bare, "[1, 2]", {}, 1, 2},
        {two_parameters, bare, "1", {}, 1},
        {two_parameters, bare, R"("30")", {}, 30},
        {one_parameter, bare, "30", {}, 30},
        {one_parameter, bare, R"({"a": 1})", {}, 1},
        {one_parameter, bare, R"({"c": 1})", {"a missing"}},
        {one_parameter, bare, "{}", {"a missing"}},
        {one_parameter, bare, "[1]", {"a int_type"}},
        {none, bare, "null", {}},
        {none, bare, "1", {"[0] too_many_arguments"}},
        {none, positional, "[]", {}},
        {none, named, "{}", {}},
    };
    for (const Case& test : cases) {
        Pair target{.a = 0};
        EXPECT_EQ(briefly(model::bind_arguments(test.type, test.style, parse(test.json).value(),
                                                &target)),
                  test.errors)
            << test.json;
        EXPECT_EQ(target.a, test.a) << test.json;
        EXPECT_EQ(target.b, test.b) << test.json;
    }
}

TEST(BindArguments, TakesPositionsAndNamesTogether) {
    const auto member = [](auto key, std::int64_t number) {
        if constexpr (std::is_integral_v<decltype(key)>) {
            return Member{Value::integer(key), Value::integer(number)};
        } else {
            return Member{Value::text(key), Value::integer(number)};
        }
    };
    struct MixedCase {
        std::vector<Member> arguments;
        Brief errors;
        int a = 0;
        int b = 7;
    };
    const std::vector<MixedCase> cases{
        {{member(0, 1), member("b", 2)}, {}, 1, 2},
        {{member(0, 1)}, {}, 1},
        {{member("b", 2)}, {"a missing"}, 0, 2},
        {{member(0, 1), member("c", 3)}, {"c extra_forbidden"}, 1},
        {{member(0, 1), member("a", 3)}, {"a multiple_values"}, 1},
        {{member(0, 1), member(1, 2), member("b", 3)}, {"b multiple_values"}, 1, 2},
        {{member(0, 1), member(1, 2), member(2, 3), member(3, 4)},
         {"[2] too_many_arguments", "[3] too_many_arguments"},
         1,
         2},
    };
    for (const MixedCase& test : cases) {
        Pair target{.a = 0};
        EXPECT_EQ(briefly(model::bind_arguments(two_parameters, mixed, Value::map(test.arguments),
                                                &target)),
                  test.errors);
        EXPECT_EQ(target.a, test.a);
        EXPECT_EQ(target.b, test.b);
    }
    Dynamic target;
    EXPECT_EQ(briefly(model::bind_arguments(type_of<Dynamic>(), mixed,
                                            Value::map(cases.front().arguments), &target)),
              Brief{"arguments_type"});
}

TEST(BindArguments, TakesTheValueItselfForARequestThatIsNoModel) {
    Dynamic target;
    const Type& dynamic = type_of<Dynamic>();
    EXPECT_TRUE(model::bind_arguments(dynamic, named, parse("[1]").value(), &target).empty());
    EXPECT_EQ(json_of(target.value()), "[1]");
    EXPECT_TRUE(model::bind_arguments(dynamic, positional, parse("[1]").value(), &target).empty());
    EXPECT_EQ(json_of(target.value()), "1");
    EXPECT_EQ(briefly(model::bind_arguments(dynamic, positional, parse("[1,2]").value(), &target)),
              Brief{"arguments_type"});
    for (const std::string_view empty : {"null", "{}"}) {
        EXPECT_TRUE(
            model::bind_arguments(type_of<void>(), named, parse(empty).value(), nullptr).empty());
    }
    EXPECT_TRUE(
        model::bind_arguments(type_of<void>(), positional, parse("[]").value(), nullptr).empty());
    EXPECT_EQ(
        briefly(model::bind_arguments(type_of<void>(), named, parse("{\"a\":1}").value(), nullptr)),
        Brief{"none_required"});
}

}  // namespace
}  // namespace warren::test
