#include "transport/net/refusal_lines.hpp"

#include <gtest/gtest.h>

#include <string>

namespace warren::transport {
namespace {

using namespace std::chrono_literals;

TEST(RefusalLines, TellsOfEachReasonOnceInAWhile) {
    RefusalLines lines;
    const runtime::TimePoint start{1h};
    EXPECT_EQ(lines.add("a:1", "no key", start), "a peer at a:1 is refused: no key");
    EXPECT_EQ(lines.add("", "no name", start), "a peer is refused: no name");
    EXPECT_EQ(lines.add("a:2", "no key", start), std::nullopt);
    EXPECT_EQ(lines.add("a:3", "no key", start + core::LineLimit::period - 1ms), std::nullopt);
    EXPECT_EQ(lines.add("a:4", "no key", start + core::LineLimit::period),
              "a peer at a:4 is refused: no key (and 2 before it)");
    EXPECT_EQ(lines.add("a:5", "no key", start + 2 * core::LineLimit::period),
              "a peer at a:5 is refused: no key");
}

TEST(RefusalLines, KeepsToALimitOfReasons) {
    RefusalLines lines;
    const runtime::TimePoint now{1h};
    for (std::size_t count = 0; count != RefusalLines::reasons_max; ++count) {
        EXPECT_TRUE(lines.add("a", "reason " + std::to_string(count), now)) << count;
    }
    EXPECT_TRUE(lines.add("a", "one more", now));
    EXPECT_FALSE(lines.add("a", "and another", now)) << "these count as one";
    EXPECT_FALSE(lines.add("a", "reason 0", now));
}

}  // namespace
}  // namespace warren::transport
