#include "model/number.hpp"

#include <warren/constraints.hpp>
#include <warren/error.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace warren::model {
namespace {

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t int64_min = std::numeric_limits<std::int64_t>::min();
constexpr std::uint64_t uint64_max = std::numeric_limits<std::uint64_t>::max();

TEST(Compare, RoundsNothing) {
    // Each is less than the one behind it.
    const Value ascending[] = {
        Value::floating(-INFINITY),
        Value::floating(-9223372036854777856.0),
        Value::integer(int64_min),
        Value::integer(int64_min + 1),
        Value::integer(-1),
        Value::floating(-0.5),
        Value::integer(0),
        Value::floating(5e-324),
        Value::floating(0.5),
        Value::integer(1),
        Value::integer((std::int64_t{1} << 53)),
        Value::integer((std::int64_t{1} << 53) + 1),
        Value::integer(int64_max),
        Value::floating(9223372036854775808.0),
        Value::unsigned_integer((std::uint64_t{1} << 63) + 1),
        Value::unsigned_integer(uint64_max),
        Value::floating(18446744073709551616.0),
        Value::floating(INFINITY),
    };
    for (std::size_t left = 0; left < std::size(ascending); ++left) {
        for (std::size_t right = 0; right < std::size(ascending); ++right) {
            EXPECT_EQ(compare(ascending[left], ascending[right]), left <=> right)
                << left << ' ' << right;
        }
    }
    EXPECT_EQ(compare(Value::unsigned_integer(std::uint64_t{1} << 63),
                      Value::floating(9223372036854775808.0)),
              std::partial_ordering::equivalent);
    EXPECT_EQ(compare(Value::integer(1), Value::floating(NAN)), std::partial_ordering::unordered);
}

TEST(Pattern, MatchesAnyPartAndRefusesWhatIsNoExpression) {
    EXPECT_TRUE((Pattern{"b+", "a field"}.matches("abbc")));
    EXPECT_FALSE((Pattern{"^b", "a field"}.matches("abbc")));
    EXPECT_THROW((Pattern{"(", "a field"}), Error);
}

}  // namespace
}  // namespace warren::model
