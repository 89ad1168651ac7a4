#include <warren/value.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>
#include <string>

namespace warren {
namespace {

TEST(Value, is_null_by_default) {
    EXPECT_TRUE(Value{}.is_null());
    EXPECT_EQ(Value{}, Value::null());
}

TEST(Value, keeps_one_form_of_each_integer) {
    EXPECT_EQ(Value::unsigned_integer(7), Value::integer(7));
    EXPECT_EQ(Value::unsigned_integer(INT64_MAX).kind(), Value::Kind::int64);
    const Value above = Value::unsigned_integer(static_cast<std::uint64_t>(INT64_MAX) + 1);
    EXPECT_EQ(above.kind(), Value::Kind::uint64);
    EXPECT_TRUE(above.is_integer());
    EXPECT_NE(above, Value::integer(INT64_MIN));
}

TEST(Value, tells_kinds_apart) {
    EXPECT_NE(Value::integer(1), Value::floating(1));
    EXPECT_NE(Value::integer(1), Value::boolean(true));
    EXPECT_NE(Value::null(), Value::boolean(false));
    EXPECT_NE(Value::text("a"), Value::bytes(std::as_bytes(std::span{"a", 1})));
    EXPECT_NE(Value::list({}), Value::map({}));
}

TEST(Value, compares_floats_by_value) {
    EXPECT_EQ(Value::floating(0.0), Value::floating(-0.0));
    EXPECT_EQ(Value::floating(std::nan("")), Value::floating(std::nan("1")));
    EXPECT_NE(Value::floating(std::nan("")), Value::floating(0));
}

TEST(Value, compares_maps_in_any_order) {
    const std::array left{Member{Value::text("a"), Value::integer(1)},
                          Member{Value::text("b"), Value::integer(2)}};
    const std::array right{left[1], left[0]};
    const std::array other{left[0], Member{Value::text("b"), Value::integer(3)}};
    EXPECT_EQ(Value::map(left), Value::map(right));
    EXPECT_NE(Value::map(left), Value::map(other));
    EXPECT_NE(Value::map(left), Value::map(std::span{left}.first(1)));
}

TEST(Value, finds_members_by_text_only) {
    const std::array members{Member{Value::integer(1), Value::text("integer")},
                             Member{Value::text("1"), Value::text("text")}};
    const Value map = Value::map(members);
    ASSERT_NE(map.find("1"), nullptr);
    EXPECT_EQ(map.find("1")->as_text(), "text");
    EXPECT_EQ(map.find("2"), nullptr);
    EXPECT_EQ(Value::integer(1).find("1"), nullptr);
}

TEST(Value, names_its_kinds) {
    EXPECT_EQ(name_of(Value::Kind::int64), "integer");
    EXPECT_EQ(name_of(Value::Kind::uint64), "integer");
    EXPECT_EQ(name_of(Value::Kind::map), "object");
    EXPECT_EQ(name_of(Value::Kind::float64), "float");
}

}  // namespace
}  // namespace warren
