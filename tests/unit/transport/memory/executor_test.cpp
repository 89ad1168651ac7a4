#include "transport/memory/hub.hpp"
#include "transport/memory/thread_executor.hpp"
#include "transport/memory/virtual_executor.hpp"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace warren::transport {
namespace {

using namespace std::chrono_literals;

TEST(VirtualExecutor, RunsWhatIsPostedInOrderAndNotInside) {
    VirtualExecutor executor;
    std::string ran;
    executor.post([&] {
        executor.post([&] { ran += 'c'; });
        ran += 'a';
    });
    executor.post([&] { ran += 'b'; });
    EXPECT_EQ(ran, "");
    EXPECT_TRUE(executor.run_one());
    EXPECT_EQ(ran, "a");
    EXPECT_EQ(executor.run_until_idle(), 2U);
    EXPECT_EQ(ran, "abc");
    EXPECT_FALSE(executor.run_one());
}

TEST(VirtualExecutor, TimeStandsStillUntilTold) {
    VirtualExecutor executor;
    const auto start = executor.now();
    std::vector<runtime::TimePoint> seen;
    executor.post_at(start + 2s, [&] {
        seen.push_back(executor.now());
        executor.post_at(executor.now() + 1s, [&] { seen.push_back(executor.now()); });
    });
    executor.run_until_idle();
    EXPECT_TRUE(seen.empty());
    EXPECT_EQ(executor.next_deadline(), start + 2s);
    executor.advance(10s);
    EXPECT_EQ(seen, (std::vector{start + 2s, start + 3s}));
    EXPECT_EQ(executor.now(), start + 10s);
}

TEST(VirtualExecutor, TheTimeOfDayGoesWithTheClock) {
    VirtualExecutor executor;
    const std::int64_t start_ms = executor.unix_ms();
    executor.advance(1500ms);
    EXPECT_EQ(executor.unix_ms(), start_ms + 1'500);
    executor.set_unix_ms(5'000);
    EXPECT_EQ(executor.unix_seconds(), 5);
    executor.advance(1s);
    EXPECT_EQ(executor.unix_seconds(), 6);
}

TEST(VirtualExecutor, ForgetsCancelledTimers) {
    VirtualExecutor executor;
    bool ran = false;
    executor.cancel(executor.post_at(executor.now() + 1s, [&] { ran = true; }));
    executor.advance(2s);
    EXPECT_FALSE(ran);
}

TEST(ThreadExecutor, RunsOnItsOwnThreadInOrder) {
    ThreadExecutor executor;
    std::promise<void> done;
    std::string ran;
    EXPECT_FALSE(executor.is_current_thread());
    executor.post([&] {
        EXPECT_TRUE(executor.is_current_thread());
        ran += 'a';
    });
    executor.post([&] {
        ran += 'b';
        done.set_value();
    });
    done.get_future().wait();
    EXPECT_EQ(ran, "ab");
}

TEST(ThreadExecutor, TimersRunWhenDueAndNotWhenCancelled) {
    ThreadExecutor executor;
    std::promise<runtime::TimePoint> ran;
    runtime::TimePoint due;
    executor.post([&] {
        due = executor.now() + 5ms;
        const auto cancelled = executor.post_at(due, [] { ADD_FAILURE() << "was cancelled"; });
        executor.post_at(due, [&] { ran.set_value(executor.now()); });
        executor.cancel(cancelled);
    });
    EXPECT_GE(ran.get_future().get(), due);
}

TEST(MemoryHub, IsFoundByNameAsLongAsItIsHeld) {
    std::weak_ptr<MemoryHub> gone;
    {
        const std::shared_ptr<MemoryHub> one = memory_hub("one");
        EXPECT_EQ(one, memory_hub("one"));
        EXPECT_NE(one, memory_hub("other"));
        gone = one;
    }
    EXPECT_TRUE(gone.expired());
    EXPECT_NE(memory_hub("one"), nullptr);
}

}  // namespace
}  // namespace warren::transport
