#include "unit/model/binding.hpp"
#include "unit/model/models.hpp"

#include <gtest/gtest.h>

namespace warren::test {
namespace {

using Scalar = std::variant<double, std::int64_t, bool, std::string>;

TEST(BindChoice, PrefersTheValuesOwnKindToAConversion) {
    Scalar target;
    EXPECT_EQ(bind_errors("1", target), Brief{});
    EXPECT_EQ(target, Scalar{std::int64_t{1}});
    EXPECT_EQ(bind_errors("1.5", target), Brief{});
    EXPECT_EQ(target, Scalar{1.5});
    EXPECT_EQ(bind_errors("true", target), Brief{});
    EXPECT_EQ(target, Scalar{true});
    EXPECT_EQ(bind_errors("\"1\"", target), Brief{});
    EXPECT_EQ(target, Scalar{"1"});
    EXPECT_EQ(bind_errors("18446744073709551615", target), Brief{});
    EXPECT_EQ(target, Scalar{18446744073709551615.0});
}

TEST(BindChoice, TakesTheFirstModelThatBinds) {
    std::variant<Strict, Address, Node> target;
    EXPECT_EQ(bind_errors(R"({"street": "s"})", target), Brief{});
    EXPECT_EQ(target.index(), 1U);
    EXPECT_EQ(bind_errors(R"({"name": "n"})", target), Brief{});
    EXPECT_EQ(target.index(), 2U);
}

TEST(BindChoice, ListsTheErrorsOfEveryAlternativeWhenNoneBinds) {
    std::map<std::string, std::variant<int, Colour, std::vector<int>>> target;
    EXPECT_EQ(bind_errors(R"({"k": ["x"]})", target),
              (Brief{"k.int int_type", "k.Colour enum", "k.list[int][0] int_parsing"}));
}

}  // namespace

// Two models that nest themselves in a union: the alternatives of every level could multiply.
struct Left;
struct Right;
struct Left {
    std::vector<std::variant<Left, Right>> items;
};
struct Right {
    std::vector<std::variant<Left, Right>> items;
    int needed;
};
WARREN_MODEL(Left, (items, defaulted(), min_length(1)))
WARREN_MODEL(Right, (items, defaulted()), (needed))

namespace {

TEST(BindChoice, GivesUpOnUnionsThatMultiply) {
    std::string json = "1";
    for (int level = 0; level < 40; ++level) {
        json = R"({"items":[)" + json + "]}";
    }
    bool gave_up = false;
    for (const std::string& error : bind_errors<Left>(json)) {
        gave_up = gave_up || error.ends_with("choice_limit") || error == "too_many_errors";
    }
    EXPECT_TRUE(gave_up);
}

}  // namespace
}  // namespace warren::test
