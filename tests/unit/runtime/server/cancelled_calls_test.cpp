#include "runtime/server/cancelled_calls.hpp"

#include <gtest/gtest.h>

namespace warren::runtime {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{1h};

Uuid id_of(std::uint32_t number) {
    Uuid id;
    for (std::size_t index = 0; index < 4; ++index) {
        id.octets[index] = static_cast<std::uint8_t>(number >> (8 * index));
    }
    return id;
}

TEST(CancelledCalls, AreRememberedUntilTheyExpire) {
    CancelledCalls calls;
    EXPECT_TRUE(calls.empty());
    EXPECT_FALSE(calls.contains(id_of(1), "", start));
    calls.add(id_of(1), "", start + 2s);
    calls.add(id_of(2), "", start + 1s);
    EXPECT_TRUE(calls.contains(id_of(1), "", start));
    EXPECT_TRUE(calls.contains(id_of(1), "", start)) << "its request may come twice";
    EXPECT_TRUE(calls.contains(id_of(2), "", start + 999ms));
    EXPECT_FALSE(calls.contains(id_of(2), "", start + 1s)) << "also behind one that stays";
    EXPECT_FALSE(calls.contains(id_of(3), "", start));
    EXPECT_FALSE(calls.contains(id_of(1), "", start + 2s));
    EXPECT_TRUE(calls.empty());
}

TEST(CancelledCalls, OneThatComesTwiceStaysForTheLaterTime) {
    CancelledCalls calls;
    calls.add(id_of(1), "", start + 1s);
    calls.add(id_of(1), "", start + 2s);
    EXPECT_EQ(calls.size(), 1U);
    EXPECT_TRUE(calls.contains(id_of(1), "", start + 1s));
}

TEST(CancelledCalls, WhoseItIsCancelsItAlone) {
    CancelledCalls calls;
    calls.add(id_of(1), "shop", start + 1s);
    EXPECT_TRUE(calls.contains(id_of(1), "shop", start));
    EXPECT_FALSE(calls.contains(id_of(1), "bank", start));
    EXPECT_TRUE(calls.contains(id_of(1), "", start)) << "it does not say whose it is";
    calls.add(id_of(2), "", start + 1s);
    EXPECT_FALSE(calls.contains(id_of(2), "shop", start));
}

TEST(CancelledCalls, OverTheLimitTheOldestIsForgotten) {
    CancelledCalls calls;
    const auto limit = static_cast<std::uint32_t>(CancelledCalls::entries_max);
    for (std::uint32_t number = 0; number < limit; ++number) {
        calls.add(id_of(number), "", start + 1h);
    }
    EXPECT_TRUE(calls.contains(id_of(0), "", start));
    calls.add(id_of(limit), "", start + 1h);
    EXPECT_EQ(calls.size(), CancelledCalls::entries_max);
    EXPECT_FALSE(calls.contains(id_of(0), "", start));
    EXPECT_TRUE(calls.contains(id_of(1), "", start));
    EXPECT_TRUE(calls.contains(id_of(limit), "", start));
}

}  // namespace
}  // namespace warren::runtime
