#include <warren/retry_later.hpp>

#include <gtest/gtest.h>

namespace warren {
namespace {

using namespace std::chrono_literals;

TEST(RetryLater, IsAFailureThatSaysWhen) {
    const RetryLater thrown{90s, "closed"};
    EXPECT_EQ(thrown.code(), Code::overloaded);
    EXPECT_EQ(thrown.message(), "closed");
    EXPECT_EQ(thrown.failure().retry_after, 90s);
    EXPECT_TRUE(thrown.failure().asks_retry);
    EXPECT_FALSE(retry_later(1s).message.empty());
}

TEST(RetryLater, TakesOneSecondToOneDay) {
    EXPECT_TRUE(retry_later(1s).asks_retry);
    EXPECT_TRUE(retry_later(24h).asks_retry);
    for (const std::chrono::milliseconds wrong : {-1s, 0s}) {
        EXPECT_EQ(retry_later(wrong).code, Code::internal);
    }
    const Failure late = retry_later(24h + 1ms);
    EXPECT_EQ(late.code, Code::internal);
    EXPECT_FALSE(late.asks_retry);
    EXPECT_TRUE(late.message.contains("one second to one day")) << late.message;
}

}  // namespace
}  // namespace warren
