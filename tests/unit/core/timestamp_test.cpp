#include "core/timestamp.hpp"

#include <gtest/gtest.h>

#include <string>

namespace warren::core {
namespace {

TEST(Timestamp, a_leap_second_is_the_second_that_follows_it) {
    // The examples of RFC 3339 section 5.8.
    for (const char* const text : {"1990-12-31T23:59:60Z", "1990-12-31T15:59:60-08:00"}) {
        const auto read = parse_timestamp(text);
        ASSERT_TRUE(read) << text;
        EXPECT_EQ(to_string(*read), "1991-01-01T00:00:00Z");
    }
    EXPECT_EQ(to_string(parse_timestamp("2016-12-31T23:59:60.25Z").value()),
              "2017-01-01T00:00:00.250000Z");
    EXPECT_EQ(to_string(parse_timestamp("2015-06-30T23:59:60Z").value()), "2015-07-01T00:00:00Z");
}

TEST(Timestamp, a_second_60_is_nowhere_else) {
    for (const char* const text :
         {"1990-12-31T23:58:60Z", "1990-12-30T23:59:60Z", "1990-12-31T23:59:60-08:00",
          "1990-12-31T23:59:61Z", "9999-12-31T23:59:60Z"}) {
        EXPECT_FALSE(parse_timestamp(text)) << text;
    }
}

}  // namespace
}  // namespace warren::core
