#include <warren/middleware.hpp>

#include "endpoint/interceptors/caller_rates.hpp"
#include "support/served.hpp"
#include "unit/endpoint/interceptors/incoming.hpp"

#include <gtest/gtest.h>

namespace warren::endpoint::test {
namespace {

using TimePoint = CallerRates::TimePoint;

constexpr TimePoint start{1h};

TEST(CallerRates, ABucketIsFullAtTheStartAndFillsUpSteadily) {
    CallerRates rates{{.calls = 10, .per = 1s, .burst = 3}, 100};
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(rates.take("a", start));
    }
    EXPECT_EQ(rates.take("a", start), 100ms);
    EXPECT_EQ(rates.take("a", start + 40ms), 60ms) << "what is refused costs nothing";
    EXPECT_FALSE(rates.take("a", start + 100ms));
    EXPECT_EQ(rates.take("a", start + 100ms), 100ms);
    // However long it was quiet, no more than a burst is there.
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(rates.take("a", start + 24h));
    }
    EXPECT_EQ(rates.take("a", start + 24h), 100ms);
}

TEST(CallerRates, KeepToTheAverage) {
    CallerRates rates{{.calls = 7, .per = 1s}, 1};
    int taken = 0;
    for (auto at = 0ms; at < 100s; at += 1ms) {
        taken += rates.take("a", start + at) ? 0 : 1;
    }
    EXPECT_EQ(taken, 7 + 100 * 7 - 1);
}

TEST(CallerRates, CallersDoNotTakeFromOneAnother) {
    CallerRates rates{{}, 100};
    EXPECT_FALSE(rates.take("a", start));
    EXPECT_FALSE(rates.take("b", start));
    EXPECT_FALSE(rates.take("", start));
    EXPECT_TRUE(rates.take("a", start));
    EXPECT_TRUE(rates.take("", start));
}

TEST(CallerRates, AreBoundAtTheLimitAndOneOverIt) {
    CallerRates rates{{.calls = 1, .per = 1s}, 2};
    EXPECT_FALSE(rates.take("a", start));
    EXPECT_FALSE(rates.take("b", start));
    // Those over it share one bucket, and take no known one's place.
    EXPECT_FALSE(rates.take("c", start));
    EXPECT_TRUE(rates.take("d", start));
    EXPECT_TRUE(rates.take("a", start));
    EXPECT_EQ(rates.size(), 2U);
    // The one that waited longest is quiet, and forgotten.
    EXPECT_FALSE(rates.take("d", start + 1s));
    EXPECT_FALSE(rates.take("a", start + 1s));
    EXPECT_EQ(rates.size(), 2U);
}

TEST(Rate, IsOfAMethodAndACaller) {
    Lines log;
    const auto limits =
        rate({.methods = {{"report", {.calls = 1, .per = 1min}}, {"*", {.calls = 2, .per = 1s}}}});
    const auto refused = [&](std::string_view method, std::string_view caller,
                             std::chrono::nanoseconds at = 0ns) {
        Incoming incoming{method, caller, log, at};
        return limits->begin(incoming.call);
    };
    EXPECT_FALSE(refused("report", "a"));
    EXPECT_FALSE(refused("add", "a"));
    EXPECT_FALSE(refused("other", "a"));
    EXPECT_TRUE(refused("add", "a")) << "all others together are 2 in a second";
    EXPECT_FALSE(refused("report", "b"));
    const auto failure = refused("report", "a", 59s + 1us);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code, Code::overloaded);
    EXPECT_EQ(failure->retry_after, 1000ms) << "rounded up, so that it is not too early";
    EXPECT_FALSE(refused("report", "a", 60s));
}

TEST(Rate, OfNoMethodLetsAllThrough) {
    Lines log;
    const auto limits = rate({.methods = {{"report", {}}}});
    for (int i = 0; i < 3; ++i) {
        Incoming incoming{"add", "a", log};
        EXPECT_FALSE(limits->begin(incoming.call));
    }
}

TEST(Rate, ThatCannotBeIsRefused) {
    const auto refusal = [](RateLimit limit, std::size_t callers_max = 1) {
        return warren::test::failure_of(
                   [&] { rate({.methods = {{"add", limit}}, .callers_max = callers_max}); })
            .code;
    };
    EXPECT_EQ(refusal({.calls = 0}), Code::invalid_request);
    EXPECT_EQ(refusal({.per = 0ms}), Code::invalid_request);
    EXPECT_EQ(refusal({.per = 24h, .burst = 367}), Code::invalid_request);
    EXPECT_EQ(refusal({}, 0), Code::invalid_request);
    EXPECT_EQ(refusal({.per = 24h, .burst = 366}), Code::cancelled) << "it can be";
}

}  // namespace
}  // namespace warren::endpoint::test
