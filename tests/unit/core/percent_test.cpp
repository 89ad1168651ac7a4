#include "core/percent.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace warren::core {
namespace {

TEST(PercentEncoding, goes_both_ways) {
    std::string all;
    for (int octet = 1; octet < 0x80; ++octet) {
        all += static_cast<char>(octet);
    }
    all += "\u00e9\U0001F600";
    EXPECT_EQ(percent_decode(percent_encode(all)), all);
    EXPECT_EQ(percent_encode("/ %\u00e9aZ0-._~"), "%2F%20%25%C3%A9aZ0-._~");
    EXPECT_EQ(percent_decode("%2f%2F"), "//");
    for (const char* text : {"%", "%2", "%2g", "%g2", "a%", "%00", "%ff", "%c3"}) {
        EXPECT_EQ(percent_decode(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace warren::core
