#include "transport/loop/spin_policy.hpp"

#include <gtest/gtest.h>

namespace warren::transport {
namespace {

/// How many of some blocks are preceded by a poll that finds nothing.
int polls_in_vain(SpinPolicy& policy, int blocks) {
    int polls = 0;
    for (int i = 0; i < blocks; ++i) {
        if (policy.should_spin()) {
            ++polls;
            policy.found_nothing();
        }
    }
    return polls;
}

TEST(SpinPolicy, PollsBeforeEveryBlockAsLongAsThatFindsSomething) {
    SpinPolicy policy;
    for (int i = 0; i < 1000; ++i) {
        ASSERT_TRUE(policy.should_spin());
        policy.found_something();
    }
}

TEST(SpinPolicy, PollsEverMoreRarelyWhenThatFindsNothing) {
    SpinPolicy policy;
    EXPECT_LE(polls_in_vain(policy, 1000), 11);
    EXPECT_LE(polls_in_vain(policy, 100'000), 100);
}

TEST(SpinPolicy, ForgivesOneMiss) {
    SpinPolicy policy;
    policy.found_nothing();
    EXPECT_TRUE(policy.should_spin());
}

TEST(SpinPolicy, TakesUpPollingAgainWhenItPaysAgain) {
    SpinPolicy policy;
    polls_in_vain(policy, 100'000);
    int blocks = 0;
    while (!policy.should_spin()) {
        ++blocks;
    }
    EXPECT_LE(blocks, 1024);
    policy.found_something();
    EXPECT_TRUE(policy.should_spin());
}

TEST(SpinPolicy, IsNotTakenInByWhatIsFoundNowAndThen) {
    SpinPolicy policy;
    polls_in_vain(policy, 100'000);
    int polls = 0;
    for (int found = 0; found < 10; ++found) {
        while (!policy.should_spin()) {
        }
        policy.found_something();
        polls += polls_in_vain(policy, 1000);
    }
    EXPECT_LE(polls, 20);
}

TEST(SpinPolicy, PollsBeforeEveryBlockAfterAsManyFindsAsThereWereMisses) {
    SpinPolicy policy;
    polls_in_vain(policy, 100'000);
    while (!policy.should_spin()) {
    }
    for (int found = 0; found < 10; ++found) {
        ASSERT_TRUE(policy.should_spin());
        policy.found_something();
    }
    policy.found_nothing();
    EXPECT_TRUE(policy.is_on());
}

}  // namespace
}  // namespace warren::transport
