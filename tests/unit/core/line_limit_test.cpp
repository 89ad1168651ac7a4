#include "core/line_limit.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace warren::core {
namespace {

using namespace std::chrono_literals;

TEST(LineLimit, AdmitsSomeInAPeriodAndSaysHowManyOthersThereWere) {
    LineLimit limit{2};
    const LineLimit::TimePoint start{1h};
    EXPECT_EQ(limit.admit(start), "");
    EXPECT_EQ(limit.admit(start + 1s), "");
    EXPECT_EQ(limit.admit(start + 2s), std::nullopt);
    EXPECT_EQ(limit.admit(start + LineLimit::period - 1ms), std::nullopt);
    EXPECT_EQ(limit.admit(start + LineLimit::period), " (and 2 before it)");
    EXPECT_EQ(limit.admit(start + LineLimit::period), "");
    EXPECT_EQ(limit.admit(start + LineLimit::period), std::nullopt);
    EXPECT_EQ(limit.admit(start + 3 * LineLimit::period), " (and 1 before it)");
    EXPECT_EQ(limit.admit(start + 4 * LineLimit::period), "");
}

}  // namespace
}  // namespace warren::core
