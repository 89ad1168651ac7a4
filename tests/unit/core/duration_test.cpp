#include "core/duration.hpp"

#include <gtest/gtest.h>

namespace warren::core {
namespace {

using std::chrono::milliseconds;

TEST(Duration, reads_numbers_with_a_unit) {
    struct Case {
        const char* text;
        std::int64_t expected_ms;
    };
    for (const Case& each :
         {Case{"5s", 5000}, Case{"250ms", 250}, Case{"2m", 120'000}, Case{"1h", 3'600'000},
          Case{"1.5s", 1500}, Case{"0s", 0}, Case{"0ms", 0}, Case{"0.001s", 1},
          Case{"1.50m", 90'000}, Case{"0.5h", 1'800'000}, Case{"007s", 7000},
          Case{"1.000000000000s", 1000}, Case{"0.0005m", 30}, Case{"1000000h", 3'600'000'000'000},
          Case{"2.0ms", 2}}) {
        const auto duration = parse_duration(each.text);
        ASSERT_TRUE(duration) << each.text << ": " << duration.error().message;
        EXPECT_EQ(duration->count(), each.expected_ms) << each.text;
    }
}

TEST(Duration, refuses_everything_else_with_a_remedy) {
    struct Case {
        const char* text;
        const char* message;
    };
    for (const Case& each : {
             Case{"", "write a number and a unit"},
             Case{"5", "it has no unit; write 5s for seconds or 5ms for milliseconds"},
             Case{"1.5", "no unit"},
             Case{"s", "write a number and a unit"},
             Case{"-5s", "write a number and a unit"},
             Case{"+5s", "write a number and a unit"},
             Case{".5s", "write a number and a unit"},
             Case{"5.s", "write a number and a unit"},
             Case{"1.2.3s", "the unit must be"},
             Case{"5 s", "the unit must be"},
             Case{" 5s", "write a number and a unit"},
             Case{"5d", "the unit must be ms, s, m or h"},
             Case{"5S", "the unit must be"},
             Case{"5s ", "the unit must be"},
             Case{"1h30m", "the unit must be"},
             Case{"1e3s", "the unit must be"},
             Case{"0.5ms", "finer than a millisecond"},
             Case{"1.0001s", "finer than a millisecond"},
             Case{"0.00000001h", "finer than a millisecond"},
             Case{"1000001h", "longer than"},
             Case{"1000000.5h", "longer than"},
             Case{"3600000000000001ms", "too many digits"},
             Case{"3600000000001ms", "longer than"},
             Case{"99999999999999999999999s", "too many digits"},
             Case{"0.00000000000000000000001s", "too many digits"},
             Case{"\xff\x1b", "\"\\xff\\x1b\" is not a duration"},
         }) {
        const auto duration = parse_duration(each.text);
        ASSERT_FALSE(duration) << each.text;
        EXPECT_EQ(duration.error().code, Code::invalid_request);
        EXPECT_TRUE(duration.error().message.contains(each.message)) << duration.error().message;
    }
}

TEST(Duration, prints_what_it_reads_back) {
    EXPECT_EQ(to_string(milliseconds{0}), "0s");
    EXPECT_EQ(to_string(milliseconds{250}), "250ms");
    EXPECT_EQ(to_string(milliseconds{1500}), "1500ms");
    EXPECT_EQ(to_string(milliseconds{5000}), "5s");
    EXPECT_EQ(to_string(milliseconds{90'000}), "90s");
    EXPECT_EQ(to_string(milliseconds{120'000}), "2m");
    EXPECT_EQ(to_string(milliseconds{7'200'000}), "2h");
    for (std::int64_t ms = 1; ms < 10'000'000; ms = ms * 3 + 1) {
        EXPECT_EQ(parse_duration(to_string(milliseconds{ms})), milliseconds{ms});
        EXPECT_EQ(parse_duration(to_string(milliseconds{ms * 1000})), milliseconds{ms * 1000});
    }
}

}  // namespace
}  // namespace warren::core
