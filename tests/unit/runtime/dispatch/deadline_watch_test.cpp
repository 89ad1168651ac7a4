#include "runtime/dispatch/deadline_watch.hpp"

#include "transport/memory/virtual_executor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

namespace warren::runtime::test {
namespace {

using namespace std::chrono_literals;

struct Call : Watched {
    using Watched::renew;
};

/// Calls that wait are those of the set; all others have started.
struct Watching {
    transport::VirtualExecutor executor{};
    std::set<Watched*> waiting{};
    std::vector<Watched*> ended{};
    int wakings = 0;
    DeadlineWatch watch{executor, [this](Watched& call) { return waiting.erase(&call) != 0; },
                        [this] {
                            ++wakings;
                            end(watch.sweep());
                        }};

    void end(const DeadlineWatch::Swept& swept) {
        std::ranges::copy(swept.ended, std::back_inserter(ended));
        for (std::stop_source running : swept.running) {
            running.request_stop();
        }
    }
    std::stop_token add(Call& call, std::optional<std::chrono::milliseconds> time_left,
                        bool waits = true) {
        if (waits) {
            waiting.insert(&call);
        }
        const std::stop_token token = call.stop_token();
        watch.watch(call, time_left ? std::optional{executor.now() + *time_left} : std::nullopt);
        return token;
    }
};

TEST(DeadlineWatch, EndsEachThatWaitsAtItsDeadlineAndNotBefore) {
    Watching here;
    Call first;
    Call second;
    Call never;
    here.add(second, 20ms);
    here.add(first, 10ms);
    here.add(never, std::nullopt);
    here.executor.advance(9ms);
    EXPECT_TRUE(here.ended.empty());
    here.executor.advance(1ms);
    EXPECT_EQ(here.ended, std::vector<Watched*>{&first});
    EXPECT_FALSE(first.is_watched());
    here.executor.advance(10ms);
    EXPECT_EQ(here.ended, (std::vector<Watched*>{&first, &second}));
    here.executor.advance(1h);
    EXPECT_EQ(here.ended.size(), 2U);
    EXPECT_TRUE(never.is_watched());
    here.watch.unwatch(never);
}

TEST(DeadlineWatch, StopsWhatHasStartedOnceAndLeavesItToEndByItself) {
    Watching here;
    Call running;
    const std::stop_token token = here.add(running, 10ms, false);
    here.executor.advance(9ms);
    EXPECT_FALSE(token.stop_requested());
    here.executor.advance(1ms);
    EXPECT_TRUE(token.stop_requested());
    EXPECT_TRUE(here.ended.empty());
    EXPECT_TRUE(running.is_watched());
    EXPECT_TRUE(here.watch.sweep([](Watched&) { return true; }).running.empty());
    EXPECT_FALSE(here.executor.next_deadline()) << "nothing is due any more";
    here.watch.unwatch(running);
}

TEST(DeadlineWatch, LeavesAStopThatSomebodyElseHasToOneCall) {
    Call call;
    std::stop_token token = call.stop_token();
    std::stop_source shared = call.share_stop();
    call.renew();
    shared.request_stop();  // as whoever has it may, also after the end
    EXPECT_TRUE(token.stop_requested());
    EXPECT_FALSE(call.stop_token().stop_requested());
    token = call.stop_token();
    call.renew();
    EXPECT_EQ(call.stop_token(), token) << "nobody else had it";
}

TEST(DeadlineWatch, OneTimerServesAllAndAnEndInTimeLeavesItAlone) {
    Watching here;
    Call first;
    Call second;
    const TimePoint start = here.executor.now();
    here.add(first, 10ms);
    here.add(second, 20ms);
    EXPECT_EQ(here.executor.next_deadline(), start + 10ms);
    here.watch.unwatch(first);
    EXPECT_EQ(here.executor.next_deadline(), start + 10ms);
    here.executor.advance(10ms);
    EXPECT_EQ(here.wakings, 1);
    EXPECT_TRUE(here.ended.empty());
    EXPECT_EQ(here.executor.next_deadline(), start + 20ms);
    here.watch.unwatch(second);
    here.executor.advance(10ms);
    EXPECT_EQ(here.wakings, 2);
    EXPECT_FALSE(here.executor.next_deadline());
}

TEST(DeadlineWatch, OneThatIsWatchedMayGetADeadline) {
    Watching here;
    Call call;
    here.add(call, std::nullopt);
    here.add(call, 10ms);
    here.executor.advance(10ms);
    EXPECT_EQ(here.ended, std::vector<Watched*>{&call});
}

TEST(DeadlineWatch, SweepsWhatIsChosenAndAsksOfEach) {
    Watching here;
    Call waits;
    Call runs;
    Call other;
    here.add(waits, 10ms);
    const std::stop_token token = here.add(runs, 10ms, false);
    here.add(other, std::nullopt);
    int asked = 0;
    const auto choose = [&](Watched& call) {
        ++asked;
        return &call != &other;
    };
    here.end(here.watch.sweep(choose));
    EXPECT_EQ(here.ended, std::vector<Watched*>{&waits});
    EXPECT_TRUE(token.stop_requested());
    EXPECT_EQ(asked, 3);
    here.end(here.watch.sweep(choose));
    EXPECT_EQ(here.ended.size(), 1U);
    EXPECT_EQ(asked, 5) << "one was swept before, and is asked of";
    here.watch.unwatch(runs);
    here.watch.unwatch(other);
}

TEST(DeadlineWatch, TakesOutOneThatWaits) {
    Watching here;
    Call waits;
    Call runs;
    here.add(waits, 10ms);
    here.add(runs, std::nullopt, false);
    EXPECT_TRUE(here.watch.remove(waits));
    EXPECT_FALSE(waits.is_watched());
    EXPECT_FALSE(here.watch.remove(runs));
    EXPECT_TRUE(runs.is_watched());
    here.executor.advance(10ms);
    EXPECT_TRUE(here.ended.empty());
    here.watch.unwatch(runs);
}

TEST(DeadlineWatch, PutsNothingWhereASweepHasBeen) {
    Watching here;
    Call call;
    here.add(call, 10ms, false);
    const auto put = [&] { here.waiting.insert(&call); };
    EXPECT_TRUE(here.watch.put(call, put));
    here.waiting.clear();
    here.executor.advance(10ms);
    EXPECT_FALSE(here.watch.put(call, put));
    EXPECT_TRUE(here.waiting.empty());
    here.watch.unwatch(call);
}

TEST(DeadlineWatch, ATokenThatSaidStopIsNotUsedAgain) {
    Watching here;
    Call call;
    const std::stop_token quiet = here.add(call, std::nullopt, false);
    here.watch.unwatch(call);
    call.renew();
    EXPECT_EQ(here.add(call, 10ms, false), quiet);
    here.executor.advance(10ms);
    here.watch.unwatch(call);
    call.renew();
    const std::stop_token next = call.stop_token();
    EXPECT_TRUE(quiet.stop_requested());
    EXPECT_FALSE(next.stop_requested());
}

}  // namespace
}  // namespace warren::runtime::test
