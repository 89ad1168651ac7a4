#include "endpoint/log_queue.hpp"

#include <warren/client.hpp>
#include <warren/server.hpp>

#include "support/served.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <latch>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace warren::endpoint {
namespace {

using namespace std::chrono_literals;

/// Where lines come to, and a gate that they may have to wait at.
struct Lines {
    void take(std::string_view line) {
        if (!reached.try_wait()) {
            reached.count_down();
        }
        gate.wait();
        const std::lock_guard guard{mutex};
        all.emplace_back(line);
    }
    std::vector<std::string> taken() {
        const std::lock_guard guard{mutex};
        return all;
    }

    std::mutex mutex;
    std::vector<std::string> all;
    std::latch reached{1};
    std::latch gate{1};
};

LogQueue::Write into(const std::shared_ptr<Lines>& lines) {
    return [lines](LogLevel, LogQueue::TimePoint, std::string_view line) { lines->take(line); };
}

constexpr auto for_ever = 1h;  // a limit that a test waits for, but never until it is over

TEST(LogQueue, KeepsOrder) {
    const auto lines = std::make_shared<Lines>();
    lines->gate.count_down();
    LogQueue queue{into(lines), {}};
    std::vector<std::string> said;
    for (const char* word : {"one", "two", "three", "four"}) {
        queue.info(word);
        said.emplace_back(word);
    }
    EXPECT_TRUE(queue.flush(for_ever));
    EXPECT_EQ(lines->taken(), said);
    EXPECT_EQ(queue.dropped(), 0U);
}

TEST(LogQueue, DropsWhatNobodyTakesAndSaysSo) {
    const auto lines = std::make_shared<Lines>();
    LogQueue queue{into(lines), {.lines_max = 3}};
    queue.debug("taken");
    lines->reached.wait();
    for (int i = 0; i < 3; ++i) {
        queue.debug("waits " + std::to_string(i));
    }
    EXPECT_EQ(queue.dropped(), 0U);
    queue.debug("one more");
    queue.debug("another");
    EXPECT_EQ(queue.dropped(), 2U);
    EXPECT_FALSE(queue.flush(0ms));
    lines->gate.count_down();
    EXPECT_TRUE(queue.flush(for_ever));
    const std::vector<std::string> taken = lines->taken();
    ASSERT_EQ(taken.size(), 5U);
    EXPECT_EQ(taken[3], "waits 2");
    EXPECT_TRUE(taken[4].starts_with("2 lines of this log were dropped here")) << taken[4];
}

TEST(LogQueue, DropsWhatIsOverTheLimitOfBytes) {
    const auto lines = std::make_shared<Lines>();
    LogQueue queue{into(lines), {.bytes_max = 8}};
    queue.info("x");
    lines->reached.wait();
    queue.info("12345678");
    EXPECT_EQ(queue.dropped(), 0U);
    queue.info("9");
    EXPECT_EQ(queue.dropped(), 1U);
    lines->gate.count_down();
}

TEST(LogQueue, CountsWhatALineThatIsDroppedStoodFor) {
    const auto lines = std::make_shared<Lines>();
    lines->gate.count_down();
    {
        LogQueue queue{into(lines),
                       {.bytes_max = 8,
                        .repeats = {.lines_max = 1, .period = for_ever},
                        .flush_max = for_ever}};
        for (int i = 0; i < 4; ++i) {
            queue.info("again");
        }
    }
    const std::vector<std::string> taken = lines->taken();
    ASSERT_EQ(taken.size(), 2U);
    EXPECT_TRUE(taken[1].starts_with("3 lines of this log were dropped here")) << taken[1];
}

TEST(LogQueue, EndsAlthoughItsWriterHangs) {
    const auto lines = std::make_shared<Lines>();
    {
        LogQueue queue{into(lines), {.flush_max = 1ms}};
        queue.info("never taken");
        lines->reached.wait();
    }
    lines->gate.count_down();
    while (lines.use_count() > 1) {  // the thread that was left to itself
        std::this_thread::yield();
    }
    EXPECT_EQ(lines->taken(), std::vector<std::string>{"never taken"});
}

TEST(LogQueue, GoesOnWhenAWriterFails) {
    std::vector<std::string> taken;
    {
        LogQueue queue{[&taken](LogLevel, LogQueue::TimePoint, std::string_view line) {
                           if (line == "bad") {
                               throw std::runtime_error{"no"};
                           }
                           taken.emplace_back(line);
                       },
                       {.flush_max = for_ever}};
        queue.info("bad");
        queue.info("good");
        EXPECT_TRUE(queue.flush(for_ever));
        EXPECT_EQ(queue.dropped(), 1U);
    }
    EXPECT_EQ(taken, std::vector<std::string>{"good"});
}

TEST(LogQueue, LeavesRepetitionsOutButNotThoseOfHandlersNorDetails) {
    std::vector<std::string> taken;
    {
        LogQueue queue{[&taken](LogLevel, LogQueue::TimePoint, std::string_view line) {
                           taken.emplace_back(line);
                       },
                       {.repeats = {.lines_max = 2, .period = for_ever}, .flush_max = for_ever}};
        for (int i = 0; i < 5; ++i) {
            queue.error("add (correlation id '" + std::to_string(i) + "'): no onions");
            queue.debug("call");
            queue.of_handlers().error("mine");
        }
    }
    EXPECT_EQ(std::ranges::count(taken, "call"), 5);
    EXPECT_EQ(std::ranges::count(taken, "mine"), 5);
    ASSERT_EQ(taken.size(), 13U);
    EXPECT_EQ(taken.back(),
              "add (correlation id '2'): no onions (3 lines of this kind left out until now)");
}

TEST(LogQueue, WritesNothingUnderItsLevelAndNothingNowhere) {
    const auto lines = std::make_shared<Lines>();
    lines->gate.count_down();
    LogQueue queue{into(lines), {.least = LogLevel::warning}};
    queue.info("less");
    queue.warning("enough");
    EXPECT_TRUE(queue.flush(for_ever));
    EXPECT_EQ(lines->taken(), std::vector<std::string>{"enough"});
    const auto nowhere = queued(nullptr);
    nowhere->error("nobody hears");
    EXPECT_TRUE(nowhere->flush(0ms));
    EXPECT_EQ(queued(nowhere), nowhere);
}

/// A log of a user's, which hangs.
class HangingLog final : public Log {
public:
    void write(LogLevel, std::string_view) override { may_go_on.wait(); }
    std::latch may_go_on{1};
};

TEST(LogQueue, AServerAndAClientGoOnWhileTheirLogHangs) {
    const auto log = std::make_shared<HangingLog>();
    {
        Server server{{.log = log}};
        server.method("fail", [](Context& context) {
            context.log->error("a handler's word");
            throw std::runtime_error{"not told to callers"};
        });
        server.listen("tcp://127.0.0.1:0");
        server.start();
        Client client{test::address_of(server), {.log = log}};
        for (int i = 0; i < 100; ++i) {
            EXPECT_EQ(test::failure_of([&] { client.call("fail", Dynamic::map({})); }).code,
                      Code::internal);
        }
    }
    log->may_go_on.count_down();
    while (log.use_count() > 1) {
        std::this_thread::yield();
    }
}

class LogRepeatsTest : public testing::Test {
protected:
    auto ended() {
        return [this](LogLevel, const std::string& line, std::uint64_t count) {
            told_.push_back(line);
            told_count_ += count;
        };
    }
    bool admit(std::string_view line, LogLevel level = LogLevel::warning) {
        return repeats_.admit(level, line, now_, ended());
    }
    LogRepeats repeats_{{.lines_max = 2, .period = 10s}};
    LogRepeats::TimePoint now_{};
    std::vector<std::string> told_;
    std::uint64_t told_count_ = 0;  // lines that were left out
};

TEST_F(LogRepeatsTest, AllowSomeOfAKindInAPeriod) {
    EXPECT_TRUE(admit("one 1"));
    EXPECT_TRUE(admit("one 2"));
    EXPECT_FALSE(admit("one 3"));
    EXPECT_TRUE(admit("other"));
    EXPECT_TRUE(admit("one 3", LogLevel::error));
    EXPECT_TRUE(repeats_.leaves_out());
    now_ += 9s;
    repeats_.end_before(now_, ended());
    EXPECT_TRUE(told_.empty());
    now_ += 1s;
    EXPECT_TRUE(admit("one 4"));
    EXPECT_EQ(told_, std::vector<std::string>{"one 3 (1 line of this kind left out until now)"});
    EXPECT_FALSE(repeats_.leaves_out());
}

TEST_F(LogRepeatsTest, KindsDifferInWordsAndNotInNumbersIdentifiersOrQuotes) {
    EXPECT_TRUE(admit("call 1 of 'a' by 3f2b-77 failed"));
    EXPECT_TRUE(admit("call 22 of 'b c' by 00ff failed"));
    EXPECT_FALSE(admit("call 3 of '' by x1 failed"));
    EXPECT_TRUE(admit("call 3 of 'a' by x1 succeeded"));
    EXPECT_FALSE(admit("call 4 of 'a' by 'one that has 'quotes' in it' by x1 failed"));
    EXPECT_TRUE(admit("an unpaired ' quote"));
    EXPECT_TRUE(admit(""));
}

TEST_F(LogRepeatsTest, TellAtTheEndOfThePeriod) {
    for (int i = 0; i < 5; ++i) {
        admit("again");
    }
    now_ += 10s;
    repeats_.end_before(now_, ended());
    EXPECT_EQ(told_, std::vector<std::string>{"again (3 lines of this kind left out until now)"});
}

/// A text without digits or quotes for each number.
std::string word_of(std::size_t number) {
    std::string word;
    for (; number != 0; number /= 26) {
        word += static_cast<char>('a' + number % 26);
    }
    return word;
}

TEST_F(LogRepeatsTest, KeepToABudgetWhateverIsMadeUp) {
    constexpr std::size_t count = 10'000;
    std::size_t admitted = 0;
    for (std::size_t i = 0; i < count; ++i) {
        admitted += admit("a peer says " + word_of(i)) ? 1 : 0;
    }
    EXPECT_GE(admitted, LogRepeats::kinds_max);
    EXPECT_LE(admitted, 2 * LogRepeats::kinds_max);
    EXPECT_TRUE(told_.empty());
    EXPECT_TRUE(admit("a fault of ours", LogLevel::error)) << "what is more severe is not hidden";
    now_ += 10s;
    repeats_.end_before(now_, ended());
    EXPECT_LE(told_.size(), LogRepeats::kinds_max);
    EXPECT_EQ(admitted + told_count_, count);
    EXPECT_TRUE(told_.front().ends_with(" lines of this and other kinds left out until now)"))
        << told_.front();
}

TEST_F(LogRepeatsTest, TellOfAllWhenTheyTakeTurns) {
    constexpr std::size_t count = 1'000;
    std::size_t admitted = 0;
    for (std::size_t i = 0; i < count; ++i) {
        admitted += admit(i % 2 == 0 ? "one" : "other") ? 1 : 0;
    }
    EXPECT_EQ(admitted, 4U);
    repeats_.end_all(ended());
    EXPECT_EQ(told_count_, count - admitted);
}

TEST_F(LogRepeatsTest, StayUntoldWhereTheyCannotBeTold) {
    for (int i = 0; i < 5; ++i) {
        admit("again");
    }
    const auto fails = [](LogLevel, const std::string&, std::uint64_t) { throw std::bad_alloc{}; };
    EXPECT_THROW(repeats_.end_all(fails), std::bad_alloc);
    EXPECT_TRUE(repeats_.leaves_out());
    repeats_.end_all(ended());
    EXPECT_EQ(told_, std::vector<std::string>{"again (3 lines of this kind left out until now)"});
}

}  // namespace
}  // namespace warren::endpoint
