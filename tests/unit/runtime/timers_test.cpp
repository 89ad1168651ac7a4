#include "runtime/timers.hpp"

#include "support/support.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace warren::runtime {
namespace {

using namespace std::chrono_literals;
constexpr Timers::TimePoint start{1h};

TEST(Timers, RunByTimeThenByOrderOfAdding) {
    Timers timers;
    std::string ran;
    timers.add(start + 2s, [&] { ran += 'c'; });
    timers.add(start + 1s, [&] { ran += 'a'; });
    timers.add(start + 1s, [&] { ran += 'b'; });
    timers.add(start + 3s, [&] { ran += 'd'; });
    EXPECT_EQ(timers.next_deadline(), start + 1s);
    EXPECT_EQ(timers.run_due(start + 2s), 3U);
    EXPECT_EQ(ran, "abc");
    EXPECT_EQ(timers.next_deadline(), start + 3s);
    EXPECT_EQ(timers.size(), 1U);
}

TEST(Timers, ACancelledOneDoesNotRun) {
    Timers timers;
    std::string ran;
    const Timers::Id first = timers.add(start, [&] { ran += 'a'; });
    timers.add(start, [&] { ran += 'b'; });
    EXPECT_TRUE(timers.cancel(first));
    EXPECT_FALSE(timers.cancel(first));
    timers.run_due(start);
    EXPECT_EQ(ran, "b");
}

TEST(Timers, AnIdIsNotUsedAgain) {
    Timers timers;
    const Timers::Id first = timers.add(start, [] {});
    timers.run_due(start);
    const Timers::Id second = timers.add(start, [] {});
    EXPECT_NE(first, second);
    EXPECT_FALSE(timers.cancel(first));
    EXPECT_FALSE(timers.cancel(0));
    EXPECT_EQ(timers.size(), 1U);
}

TEST(Timers, OneThatAddsItselfAgainDoesNotRunForEver) {
    Timers timers;
    int runs = 0;
    std::function<void()> again = [&] {
        ++runs;
        timers.add(start, again);
    };
    timers.add(start, again);
    EXPECT_EQ(timers.run_due(start), 1U);
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(timers.size(), 1U);
}

TEST(Timers, OneMayCancelAnotherThatIsDueToo) {
    Timers timers;
    bool ran = false;
    Timers::Id other = 0;
    timers.add(start, [&] { timers.cancel(other); });
    other = timers.add(start, [&] { ran = true; });
    EXPECT_EQ(timers.run_due(start), 1U);
    EXPECT_FALSE(ran);
}

TEST(Timers, AgreeWithASortedMap) {
    std::mt19937_64 random{test::random_seed()};
    Timers timers;
    std::multimap<Timers::TimePoint, int> expected;
    std::map<int, Timers::Id> ids;
    std::vector<int> ran;
    int next = 0;
    Timers::TimePoint now = start;
    for (int step = 0; step < 5000; ++step) {
        switch (random() % 4) {
        case 0:
        case 1: {
            const Timers::TimePoint when = now + std::chrono::milliseconds{random() % 100};
            const int name = next++;
            ids[name] = timers.add(when, [&ran, name] { ran.push_back(name); });
            expected.emplace(when, name);
            break;
        }
        case 2:
            if (!expected.empty()) {
                const auto victim = std::next(expected.begin(), random() % expected.size());
                ASSERT_TRUE(timers.cancel(ids.at(victim->second)));
                expected.erase(victim);
            }
            break;
        default: {
            now += std::chrono::milliseconds{random() % 20};
            std::vector<int> due;
            while (!expected.empty() && expected.begin()->first <= now) {
                due.push_back(expected.begin()->second);
                expected.erase(expected.begin());
            }
            ran.clear();
            timers.run_due(now);
            ASSERT_EQ(ran, due);
        }
        }
        ASSERT_EQ(timers.size(), expected.size());
    }
}

}  // namespace
}  // namespace warren::runtime
