#include "transport/amqp/ack_batch.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace warren::transport {
namespace {

using Acks = std::vector<std::pair<std::uint64_t, bool>>;

Acks flush(AckBatch& batch) {
    Acks acks;
    batch.flush([&](std::uint64_t tag, bool multiple) { acks.emplace_back(tag, multiple); });
    return acks;
}

AckBatch delivered(std::uint64_t count) {
    AckBatch batch;
    for (std::uint64_t tag = 1; tag <= count; ++tag) {
        batch.delivered(tag);
    }
    return batch;
}

TEST(AckBatch, MergesWhatLiesBelowTheOldestUnsettled) {
    AckBatch batch = delivered(6);
    for (const std::uint64_t tag : {3, 1, 2, 5}) {
        EXPECT_TRUE(batch.settle(tag));
    }
    EXPECT_EQ(flush(batch), (Acks{{3, true}, {5, false}}));
    EXPECT_TRUE(batch.settle(4));
    EXPECT_EQ(flush(batch), (Acks{{4, false}}));
    EXPECT_TRUE(batch.settle(6));
    EXPECT_EQ(flush(batch), (Acks{{6, false}}));
    EXPECT_EQ(flush(batch), Acks{});
}

TEST(AckBatch, NamesATagThatIsStillUnsettledAtTheBroker) {
    AckBatch batch = delivered(3);
    EXPECT_TRUE(batch.settle(3));
    EXPECT_EQ(flush(batch), (Acks{{3, false}}));
    EXPECT_TRUE(batch.settle(1));
    EXPECT_TRUE(batch.settle(2));
    EXPECT_EQ(flush(batch), (Acks{{2, true}}));
}

TEST(AckBatch, SettlesNothingTwiceAndNothingUnknown) {
    AckBatch batch = delivered(2);
    EXPECT_FALSE(batch.settle(3));
    EXPECT_TRUE(batch.settle(1));
    EXPECT_TRUE(batch.settle(1));
    EXPECT_EQ(flush(batch), (Acks{{1, false}}));
    EXPECT_FALSE(batch.settle(1));
    EXPECT_TRUE(batch.remove(2));
    EXPECT_FALSE(batch.settle(2));
    EXPECT_EQ(flush(batch), Acks{});
}

}  // namespace
}  // namespace warren::transport
