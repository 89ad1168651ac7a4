#include "runtime/client/call_slots.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <vector>

namespace warren::runtime {
namespace {

using protocol::ResponseOrder;

TEST(CallSlots, NumbersThroughAndFindsOnlyWhatIsAwaited) {
    CallSlots slots{ResponseOrder::any};
    EXPECT_EQ(slots.find(0), nullptr);
    EXPECT_EQ(slots.add(10).ticket.id, 1U);
    EXPECT_EQ(slots.add(20).ticket.id, 2U);
    ASSERT_NE(slots.find(1), nullptr);
    EXPECT_EQ(slots.find(1)->token, 10U);
    EXPECT_EQ(slots.find(0), nullptr);
    EXPECT_EQ(slots.find(3), nullptr);
    EXPECT_EQ(slots.find(17), nullptr);
    slots.remove(*slots.find(1));
    EXPECT_EQ(slots.find(1), nullptr);
    EXPECT_EQ(slots.size(), 1U);
}

TEST(CallSlots, ASlowCallsPlaceIsLeftOut) {
    CallSlots slots{ResponseOrder::any};
    const std::uint32_t slow = slots.add(7).ticket.id;
    for (std::uint32_t round = 0; round < 1000; ++round) {
        CallSlots::Slot& slot = slots.add(8);
        EXPECT_NE(slot.ticket.id, slow);
        slots.remove(slot);
        ASSERT_EQ(slots.find(slow)->token, 7U);
    }
}

TEST(CallSlots, IdsAreNotUsedAgainSoon) {
    CallSlots slots{ResponseOrder::any};
    std::set<std::uint32_t> seen;
    for (int round = 0; round < 10'000; ++round) {
        CallSlots::Slot& slot = slots.add(1);
        EXPECT_TRUE(seen.insert(slot.ticket.id).second);
        slots.remove(slot);
    }
}

TEST(CallSlots, WrapsAroundPastZeroAndWhatIsStillAwaited) {
    CallSlots slots{ResponseOrder::any, 0xFFFFFFFD};
    EXPECT_EQ(slots.add(1).ticket.id, 0xFFFFFFFEU);
    EXPECT_EQ(slots.add(2).ticket.id, 0xFFFFFFFFU);
    EXPECT_EQ(slots.add(3).ticket.id, 1U);
    EXPECT_EQ(slots.find(0xFFFFFFFE)->token, 1U);
    EXPECT_EQ(slots.find(0xFFFFFFFF)->token, 2U);
}

TEST(CallSlots, GrowsWithoutLosingAny) {
    CallSlots slots{ResponseOrder::any, 0xFFFFFF00};
    std::vector<std::uint32_t> ids;
    for (std::uint64_t token = 1; token <= 5000; ++token) {
        ids.push_back(slots.add(token).ticket.id);
    }
    for (std::uint64_t token = 1; token <= 5000; ++token) {
        ASSERT_NE(slots.find(ids[token - 1]), nullptr);
        EXPECT_EQ(slots.find(ids[token - 1])->token, token);
    }
    std::size_t drained = 0;
    slots.drain([&](std::uint64_t) { ++drained; });
    EXPECT_EQ(drained, 5000U);
    EXPECT_TRUE(slots.empty());
}

TEST(CallSlots, WithoutIdsOneCallIsAwaited) {
    CallSlots slots{ResponseOrder::as_requested};
    EXPECT_EQ(slots.add(5).ticket.id, 0U);
    slots.remove(*slots.find(0));
    EXPECT_EQ(slots.add(6).ticket.id, 0U);
    EXPECT_EQ(slots.find(0)->token, 6U);
}

}  // namespace
}  // namespace warren::runtime
