#include "transport/memory/fault_script.hpp"

#include <gtest/gtest.h>

namespace warren::transport {
namespace {

using Kind = Fault::Kind;

TEST(FaultScript, WithoutRulesNothingIsStruck) {
    FaultScript script;
    EXPECT_FALSE(script.next(Hop::publish, "queue"));
    EXPECT_EQ(script.seen(), 1U);
}

TEST(FaultScript, StrikesTheNthMessage) {
    FaultScript script;
    script.at(1, {.kind = Kind::drop});
    EXPECT_FALSE(script.next(Hop::publish, ""));
    ASSERT_TRUE(script.next(Hop::deliver, ""));
    EXPECT_FALSE(script.next(Hop::settle, ""));
}

TEST(FaultScript, StrikesByHopAndKeyAsOftenAsTold) {
    FaultScript script;
    script.on(Hop::reply, {.kind = Kind::close_after});
    script.when([](Hop, std::string_view key) { return key == "struck"; }, {.kind = Kind::delay},
                2);
    EXPECT_FALSE(script.next(Hop::publish, "free"));
    EXPECT_EQ(script.next(Hop::publish, "struck")->kind, Kind::delay);
    EXPECT_EQ(script.next(Hop::reply, "free")->kind, Kind::close_after);
    EXPECT_FALSE(script.next(Hop::reply, "free"));
    EXPECT_EQ(script.next(Hop::publish, "struck")->kind, Kind::delay);
    EXPECT_FALSE(script.next(Hop::publish, "struck"));
}

}  // namespace
}  // namespace warren::transport
