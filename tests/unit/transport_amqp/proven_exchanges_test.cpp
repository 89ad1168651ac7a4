#include "transport/amqp/proven_exchanges.hpp"

#include <gtest/gtest.h>

#include <string>

namespace warren::transport {
namespace {

TEST(ProvenExchanges, AreKnownUntilTheyAreRemoved) {
    ProvenExchanges proven;
    EXPECT_FALSE(proven.contains("a"));
    proven.add("a");
    proven.add("a");
    EXPECT_TRUE(proven.contains("a"));
    proven.remove("b");
    proven.remove("a");
    EXPECT_FALSE(proven.contains("a"));
}

TEST(ProvenExchanges, OneTooManyStartsAnew) {
    ProvenExchanges proven;
    for (std::size_t number = 0; number != ProvenExchanges::names_max; ++number) {
        proven.add(std::to_string(number));
    }
    EXPECT_TRUE(proven.contains("0"));
    proven.add("0");
    EXPECT_TRUE(proven.contains("1"));
    proven.add("one more");
    EXPECT_FALSE(proven.contains("0"));
    EXPECT_TRUE(proven.contains("one more"));
}

}  // namespace
}  // namespace warren::transport
