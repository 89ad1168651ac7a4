#include "model/duration.hpp"

#include <warren/model.hpp>

#include "model/validate.hpp"
#include "unit/model/binding.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <limits>
#include <string>

namespace warren::test {
namespace {

using namespace std::chrono_literals;
using Days = std::chrono::duration<std::int64_t, std::ratio<86'400>>;
using Small = std::chrono::duration<std::int16_t, std::milli>;

template <typename Duration>
std::string text_of(Duration duration) {
    std::array<char, model::duration_text_size_max> text;
    return {text.data(),
            model::format_duration(type_of<Duration>(), duration.count(), text.data())};
}

template <typename Duration>
std::string bound(const std::string& json) {
    Duration duration{};
    const Brief errors = bind_errors(json, duration);
    return errors.empty() ? text_of(duration) : errors.front();
}

TEST(Duration, IsWrittenExactly) {
    EXPECT_EQ(text_of(0s), "PT0S");
    EXPECT_EQ(text_of(90s), "PT1M30S");
    EXPECT_EQ(text_of(26h), "PT26H");
    EXPECT_EQ(text_of(-1500ms), "-PT1.5S");
    EXPECT_EQ(text_of(1h + 1ns), "PT1H0.000000001S");
    EXPECT_EQ(text_of(std::chrono::nanoseconds::max()), "PT2562047H47M16.854775807S");
    EXPECT_EQ(text_of(std::chrono::nanoseconds::min()), "-PT2562047H47M16.854775808S");
}

TEST(Duration, IsReadFromTextAndNumbers) {
    EXPECT_EQ(bound<std::chrono::milliseconds>("\"P1DT2H3M4.5S\""), "PT26H3M4.5S");
    EXPECT_EQ(bound<std::chrono::milliseconds>("\"-P1W\""), "-PT168H");
    EXPECT_EQ(bound<std::chrono::milliseconds>("\"+PT0,25S\""), "PT0.25S");
    EXPECT_EQ(bound<std::chrono::milliseconds>("90"), "PT1M30S");
    EXPECT_EQ(bound<std::chrono::milliseconds>("-0.5"), "-PT0.5S");
    EXPECT_EQ(bound<std::chrono::milliseconds>("0.30000000000000004"), "PT0.3S");
    EXPECT_EQ(bound<std::chrono::milliseconds>("\"1.5\""), "PT1.5S");
    EXPECT_EQ(bound<std::chrono::nanoseconds>("0.1"), "PT0.1S");
    EXPECT_EQ(bound<std::chrono::hours>("7200"), "PT2H");
    EXPECT_EQ(bound<Days>("\"P999999999D\""), "PT23999999976H");
}

TEST(Duration, IsRefusedForWhatItIs) {
    for (const char* const wrong :
         {"\"\"", "\"P\"", "\"PT\"", "\"1H\"", "\"P1Y\"", "\"P1M\"", "\"PT1S1M\"", "\"PT1.5H\"",
          "\"PT1.S\"", "\"P1DT2\"", "\"PT1H \"", "\"PTT1S\"", "\"--PT1S\""}) {
        EXPECT_EQ(bound<std::chrono::seconds>(wrong), "time_delta_parsing") << wrong;
    }
    EXPECT_EQ(bound<std::chrono::seconds>("true"), "time_delta_type");
    EXPECT_EQ(bound<std::chrono::seconds>("null"), "time_delta_type");
    EXPECT_EQ(bound<std::chrono::seconds>("1.5"), "time_delta_precision");
    EXPECT_EQ(bound<std::chrono::seconds>("\"PT0.000000001S\""), "time_delta_precision");
    EXPECT_EQ(bound<std::chrono::nanoseconds>("\"PT0.0000000001S\""), "time_delta_precision");
    EXPECT_EQ(bound<std::chrono::nanoseconds>("\"PT0.0000000010S\""), "PT0.000000001S");
    EXPECT_EQ(bound<std::chrono::hours>("1800"), "time_delta_precision");
}

TEST(Duration, IsHeldToItsRange) {
    EXPECT_EQ(bound<Small>("32.767"), "PT32.767S");
    EXPECT_EQ(bound<Small>("32.768"), "time_delta_range");
    EXPECT_EQ(bound<Small>("-32.768"), "-PT32.768S");
    EXPECT_EQ(bound<std::chrono::nanoseconds>("9223372036"), "PT2562047H47M16S");
    EXPECT_EQ(bound<std::chrono::nanoseconds>("9223372037"), "time_delta_range");
    for (const char* const wrong :
         {"1e300", "-1e300", "9223372036854775807", "-9223372036854775808", "18446744073709551615",
          "\"P1000000000D\"", "\"P99999999999999999999999999999999999999999999999999D\""}) {
        EXPECT_EQ(bound<Days>(wrong), "time_delta_range") << wrong;
    }
    const Days longest{std::numeric_limits<std::int64_t>::max()};
    EXPECT_EQ(briefly(model::validate(type_of<Days>(), &longest)), (Brief{"time_delta_range"}));
}

struct Waiting {
    std::chrono::milliseconds wait;
    std::chrono::seconds pause{5};
};
WARREN_MODEL(Waiting, (wait, greater_than(0), at_most(1500ms)), (pause, less_than(3600)))

TEST(Duration, IsHeldToBoundsInSeconds) {
    EXPECT_EQ(bind_errors<Waiting>(R"({"wait": 1.5, "pause": "PT59M59S"})"), Brief{});
    EXPECT_EQ(bind_errors<Waiting>(R"({"wait": 1.501, "pause": 3600})"),
              (Brief{"wait less_than_equal", "pause less_than"}));
    EXPECT_EQ(bind_errors<Waiting>(R"({"wait": 0})"), (Brief{"wait greater_than"}));
    EXPECT_EQ(bind_errors<Waiting>("{}"), (Brief{"wait missing"}));
}

}  // namespace
}  // namespace warren::test
