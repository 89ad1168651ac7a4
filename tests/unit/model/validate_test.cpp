#include "model/validate.hpp"

#include "core/timestamp.hpp"
#include "model/mock.hpp"
#include "unit/model/binding.hpp"
#include "unit/model/models.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace warren::test {
namespace {

TEST(Validate, AcceptsWhatKeepsToItsContract) {
    const Constrained constrained;
    EXPECT_EQ(briefly(model::validate(type_of<Constrained>(), &constrained)), Brief{});
}

TEST(Validate, ReportsEveryBrokenConstraintAtOnce) {
    Constrained broken{.above = 20,
                       .between = 0,
                       .share = 1.5,
                       .code = "A",
                       .items = {},
                       .members = {{"a", 1}, {"b", 2}},
                       .raw = Bytes(3),
                       .maybe = 0,
                       .secret = Secret<std::string>{"long"},
                       .even_number = 1};
    EXPECT_EQ(briefly(model::validate(type_of<Constrained>(), &broken)),
              (Brief{"above less_than", "between greater_than_equal", "share less_than_equal",
                     "code string_too_short", "code string_pattern_mismatch", "items too_short",
                     "members too_long", "raw bytes_too_long", "maybe greater_than",
                     "secret string_too_long", "even_number value_error"}));
}

TEST(Validate, RefusesWhatNoWireCouldCarry) {
    Everything broken{};
    ASSERT_TRUE(model::mock(type_of<Everything>(), 1, &broken).empty());
    broken.ratio = std::nan("");
    broken.narrow = INFINITY;
    broken.text = "\xff";
    broken.colour = static_cast<Colour>(3);
    broken.tiny = static_cast<Tiny>(0);
    broken.places = {{"\xfe", {"s", {"\x80"}}}};
    broken.choice = "\xff";
    broken.token = Secret<std::string>{"\xff"};
    broken.node = {.name = "n", .children = {{.name = "\xff"}}};
    broken.at = core::timestamp_max + std::chrono::microseconds{1};
    broken.home.text = "relative";
    broken.file.text = "";
    broken.anything = Dynamic::list({1, Dynamic{std::nan("")}, Dynamic{"\xff"}});
    EXPECT_EQ(briefly(model::validate(type_of<Everything>(), &broken)),
              (Brief{"text string_unicode", "colour enum", "tiny enum",
                     "places.\\xfe string_unicode", "places.\\xfe.lines[0] string_unicode",
                     "choice string_unicode", "token string_unicode",
                     "node.children[0].name string_unicode", "at datetime_parsing",
                     "home path_not_absolute", "file path_empty", "anything[2] string_unicode"}));
}

TEST(Validate, StopsAtTheNestingLimitAndNotBefore) {
    const auto nested = [](std::size_t depth) {
        Node node{.name = "n"};
        for (std::size_t level = 0; level < depth; ++level) {
            Node outer{.name = "n"};
            outer.children.push_back(std::move(node));
            node = std::move(outer);
        }
        return node;
    };
    // A node and its list are two levels; the innermost node has an empty list.
    constexpr std::size_t depth = (model::bind_depth_max - 2) / 2;
    const Node within = nested(depth);
    EXPECT_EQ(briefly(model::validate(type_of<Node>(), &within)), Brief{});
    const Node past = nested(depth + 1);
    const Brief errors = briefly(model::validate(type_of<Node>(), &past));
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_TRUE(errors[0].ends_with(" recursion_limit")) << errors[0];
}

}  // namespace
}  // namespace warren::test
