#include "metrics/call_series.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace warren::metrics {
namespace {

using namespace std::chrono_literals;

TEST(CallSeries, ASuccessThatIsTakenBackIsAFailureAndNoCounterFalls) {
    CallSeries series{"method", {}};
    const auto succeed = [&series] { series.record(std::nullopt, 1us, 1); };
    succeed();
    succeed();
    series.take_back_success(Code::internal);
    EXPECT_EQ(series.successes(), 1U);
    EXPECT_EQ(series.failures(Code::internal), 1U);
    succeed();
    EXPECT_EQ(series.successes(), 2U);
    series.take_back_success(Code::internal);
    EXPECT_EQ(series.successes(), 2U) << "as it was shown";
    EXPECT_EQ(series.failures(Code::internal), 2U);
    succeed();
    EXPECT_EQ(series.successes(), 2U);
    succeed();
    EXPECT_EQ(series.successes(), 3U);
}

}  // namespace
}  // namespace warren::metrics
