#include "runtime/dispatch/request_memory.hpp"

#include <gtest/gtest.h>

namespace warren::runtime {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

TEST(RequestMemory, IsGivenBackToTheSystemAfterABurst) {
    RequestMemory memory{256 * mebibyte};
    EXPECT_EQ(memory.all.take(31 * mebibyte), nullptr);
    EXPECT_FALSE(memory.is_worth_trimming(0));
    memory.all.release(31 * mebibyte);
    EXPECT_FALSE(memory.is_worth_trimming(0)) << "that was not much";
    EXPECT_EQ(memory.all.take(40 * mebibyte), nullptr);
    EXPECT_FALSE(memory.is_worth_trimming(0));
    memory.all.release(29 * mebibyte);
    EXPECT_FALSE(memory.is_worth_trimming(0)) << "most of it is still there";
    memory.all.release(mebibyte);
    EXPECT_TRUE(memory.is_worth_trimming(0));
    EXPECT_FALSE(memory.is_worth_trimming(0));
    memory.all.release(10 * mebibyte);
    EXPECT_TRUE(memory.is_worth_trimming(0)) << "the rest";
    EXPECT_FALSE(memory.is_worth_trimming(0));
}

TEST(RequestMemory, HoldsItsLimitToTheByte) {
    RequestMemory memory{mebibyte};
    EXPECT_EQ(memory.all.take(mebibyte), nullptr);
    EXPECT_STREQ(memory.all.take(1), requests_memory_reason);
    memory.all.release(1);
    EXPECT_EQ(memory.all.take(1), nullptr);
    EXPECT_STREQ(memory.all.take(mebibyte + 1), requests_memory_reason);
}

}  // namespace
}  // namespace warren::runtime
