#include "transport/amqp/name_set.hpp"

#include <gtest/gtest.h>

#include <string>

namespace warren::transport {
namespace {

TEST(NameSet, KnowsNamesUntilTheyAreRemoved) {
    NameSet names;
    EXPECT_FALSE(names.contains("a"));
    names.add("a");
    names.add("a");
    EXPECT_TRUE(names.contains("a"));
    names.remove("b");
    names.remove("a");
    EXPECT_FALSE(names.contains("a"));
}

TEST(NameSet, ForgetsWhatNobodyAsksForWhenThereAreTooMany) {
    NameSet names;
    for (std::size_t number = 0; number != NameSet::names_max; ++number) {
        names.add(std::to_string(number));
    }
    EXPECT_TRUE(names.contains("0")) << "at the limit";
    names.add("one more");
    EXPECT_TRUE(names.contains("one more"));
    EXPECT_TRUE(names.contains("0")) << "asked for lately";
    EXPECT_FALSE(names.contains("1"));
    names.remove("0");
    EXPECT_FALSE(names.contains("0"));
}

TEST(NameSet, KeepsWhatIsInUseHoweverManyCome) {
    NameSet names;
    names.add("in use");
    for (std::size_t number = 0; number != 3 * NameSet::names_max; ++number) {
        names.add(std::to_string(number));
        ASSERT_TRUE(names.contains("in use")) << number;
    }
}

}  // namespace
}  // namespace warren::transport
