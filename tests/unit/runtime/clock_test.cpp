#include "runtime/clock.hpp"

#include <gtest/gtest.h>

namespace warren::runtime {
namespace {

using namespace std::chrono_literals;

TEST(SystemClock, knows_which_times_have_come) {
    const SystemClock clock;
    const auto now = clock.now();
    EXPECT_TRUE(clock.has_come(now));
    EXPECT_TRUE(clock.has_come(now - 1ns));
    EXPECT_TRUE(clock.has_come(now - 1h));
    EXPECT_FALSE(clock.has_come(now + 1h));
    // Near times are told apart as finely as `now` does.
    const auto soon = now + 1ms;
    while (!clock.has_come(soon)) {
    }
    EXPECT_GE(clock.now(), soon);
}

}  // namespace
}  // namespace warren::runtime
