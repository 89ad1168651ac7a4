#include "runtime/early_flush.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

namespace warren::runtime {
namespace {

/// After how many messages the place is, of so many that are alike.
std::vector<std::size_t> places(std::size_t messages) {
    constexpr std::size_t message_bytes = 10;
    EarlyFlush early_flush{messages * message_bytes};
    std::vector<std::size_t> places;
    for (std::size_t count = 1; count <= messages; ++count) {
        if (early_flush.reached(count * message_bytes)) {
            places.push_back(count);
        }
    }
    return places;
}

using Places = std::vector<std::size_t>;

TEST(EarlyFlush, IsAfterHalfOfManyMessagesOnce) {
    EXPECT_EQ(places(64), Places{32});
    EXPECT_EQ(places(1000), Places{500});
}

TEST(EarlyFlush, IsLaterWhereHalfWouldBeFew) {
    EXPECT_EQ(places(40), Places{32});
}

TEST(EarlyFlush, IsNowhereAmongFewMessages) {
    EXPECT_EQ(places(31), Places{});
    EXPECT_EQ(places(1), Places{});
}

TEST(EarlyFlush, IsWhereHalfOfTheBytesIsTaken) {
    EarlyFlush early_flush{1'000'000};
    for (int small = 0; small < 100; ++small) {
        EXPECT_FALSE(early_flush.reached(static_cast<std::size_t>(small)));
    }
    EXPECT_TRUE(early_flush.reached(500'000));
}

}  // namespace
}  // namespace warren::runtime
