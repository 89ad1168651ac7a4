#include "store/durable_queue.hpp"

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

namespace warren::store {
namespace {

class LinesOfLog final : public Log {
public:
    void write(LogLevel level, std::string_view line) override {
        const std::lock_guard lock{mutex_};
        lines_.push_back((level == LogLevel::error ? "error " : "") + std::string{line});
    }
    std::vector<std::string> lines() const {
        const std::lock_guard lock{mutex_};
        return lines_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

class DurableQueues : public testing::Test {
protected:
    std::unique_ptr<DurableQueue> open(DurableQueueOptions options = {}) {
        options.file.path = directory_.file("queue");
        auto queue = DurableQueue::open(std::move(options));
        if (!queue) {
            throw Error{queue.error()};
        }
        return std::move(*queue);
    }

private:
    test::TemporaryDirectory directory_;
};

using Id = std::expected<std::uint64_t, Failure>;

std::future<Id> start_append(DurableQueue& queue, std::string bytes) {
    std::promise<Id> promise;
    auto future = promise.get_future();
    auto taken = queue.append(std::move(bytes), [promise = std::move(promise)](Id id) mutable {
        promise.set_value(std::move(id));
    });
    if (!taken) {
        std::promise<Id> refused;
        refused.set_value(std::unexpected{taken.error()});
        return refused.get_future();
    }
    return future;
}

Id append(DurableQueue& queue, std::string bytes) {
    return start_append(queue, std::move(bytes)).get();
}

std::vector<Entry> read(DurableQueue& queue, std::uint64_t after = 0) {
    std::promise<std::vector<Entry>> promise;
    queue.read(after, [&promise](auto entries) { promise.set_value(std::move(*entries)); });
    return promise.get_future().get();
}

TEST_F(DurableQueues, GiveIdsInOrderOfAppending) {
    const auto queue = open();
    constexpr std::uint64_t count = 1'000;
    std::vector<std::future<Id>> appended;
    for (std::uint64_t i = 1; i <= count; ++i) {
        appended.push_back(start_append(*queue, std::to_string(i)));
    }
    for (std::uint64_t i = 1; i <= count; ++i) {
        EXPECT_EQ(appended[i - 1].get(), i);
    }
    std::uint64_t last = 0;
    while (last != count) {
        for (const Entry& entry : read(*queue, last)) {
            EXPECT_EQ(entry.id, ++last);
            EXPECT_EQ(entry.bytes, std::to_string(last));
        }
    }
}

TEST_F(DurableQueues, FinishWhatWaitsAtTheirEnd) {
    std::atomic<int> completed = 0;
    auto queue = open();
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(queue->append("x", [&](const Id& id) { completed += id ? 1 : 0; }));
    }
    queue.reset();
    EXPECT_EQ(completed, 100);
    EXPECT_EQ(open()->totals().entries, 100U);
}

TEST_F(DurableQueues, TakeEntriesUpToTheirLimit) {
    const auto queue = open({.entries_max = 2});
    EXPECT_EQ(append(*queue, "a"), 1U);
    EXPECT_EQ(append(*queue, "b"), 2U);
    const Id refused = append(*queue, "c");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::overloaded);
    EXPECT_NE(refused.error().message.find("entries_max is 2"), std::string::npos);
    EXPECT_TRUE(refused.error().retry_after);
    queue->remove(1);
    EXPECT_EQ(read(*queue).size(), 1U);  // removed by now
    EXPECT_EQ(append(*queue, "c"), 3U);
}

TEST_F(DurableQueues, TakeBytesUpToTheirLimit) {
    const auto queue = open({.bytes_max = 8});
    EXPECT_EQ(append(*queue, "aaaa"), 1U);
    EXPECT_EQ(append(*queue, "bbbb"), 2U);
    const Id refused = append(*queue, "c");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::overloaded);
    EXPECT_NE(refused.error().message.find("bytes_max is 8"), std::string::npos);
}

TEST_F(DurableQueues, SayThatAnEntryNeverFits) {
    const auto queue = open({.bytes_max = 8});
    EXPECT_EQ(append(*queue, "aaaaaaaaa").error().code, Code::invalid_request);
    EXPECT_EQ(append(*queue, "aaaaaaaa"), 1U);
}

TEST_F(DurableQueues, BoundWhatWaitsForTheDisk) {
    const auto queue = open({.waiting_bytes_max = 8});
    // Its completion keeps the thread until all else was asked for.
    std::promise<void> held;
    std::promise<void> begun;
    ASSERT_TRUE(queue->append("first", [&](const Id&) {
        begun.set_value();
        held.get_future().wait();
    }));
    begun.get_future().wait();
    auto taken = start_append(*queue, "aaaaaaaaa");  // alone it is taken, whatever its size
    const Id refused = append(*queue, "b");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::overloaded);
    EXPECT_NE(refused.error().message.find("waiting_bytes_max is 8"), std::string::npos);
    held.set_value();
    EXPECT_EQ(taken.get(), 2U);
    EXPECT_EQ(append(*queue, "b"), 3U);
}

TEST_F(DurableQueues, CountWhatIsThereAfterReopening) {
    {
        const auto queue = open();
        append(*queue, "aaaa");
        append(*queue, "bbb");
        append(*queue, "cc");
        queue->remove(1);
        queue->fail(2, "why");
    }
    const QueueTotals totals = open()->totals();
    EXPECT_EQ(totals.entries, 1U);
    EXPECT_EQ(totals.bytes, 2U);
    EXPECT_EQ(totals.failed_entries, 1U);
    EXPECT_EQ(totals.failed_bytes, 3U);
}

TEST_F(DurableQueues, RefuseWhatAFullDiskHasNoRoomForAndKeepTheRest) {
    const auto log = std::make_shared<LinesOfLog>();
    const auto queue = open({.file = {.pages_max = 16}, .log = log, .calm_min = {}});
    std::uint64_t taken = 0;
    Id id = append(*queue, std::string(4'000, 'x'));
    for (; id; id = append(*queue, std::string(4'000, 'x'))) {
        taken = *id;
        ASSERT_LT(taken, 16U);
    }
    EXPECT_EQ(id.error().code, Code::overloaded);
    EXPECT_EQ(append(*queue, std::string(4'000, 'x')).error().code, Code::overloaded);
    EXPECT_EQ(queue->totals().entries, taken);
    // What is removed together with an append makes the room for it.
    queue->remove(1);
    EXPECT_TRUE(append(*queue, std::string(4'000, 'y')));
    EXPECT_EQ(queue->totals().entries, taken);
    const auto lines = log->lines();
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_NE(lines[0].find("the disk is full"), std::string::npos);
    EXPECT_NE(lines[1].find("is written again"), std::string::npos);
}

TEST_F(DurableQueues, TellOnceOfADiskThatIsFullTimeAndAgain) {
    const auto log = std::make_shared<LinesOfLog>();
    const auto queue = open({.file = {.pages_max = 16}, .log = log});
    const std::string bytes(4'000, 'x');
    for (std::uint64_t round = 1; round <= 3; ++round) {
        while (append(*queue, bytes)) {
        }
        queue->remove(round);
        EXPECT_TRUE(append(*queue, bytes));
    }
    EXPECT_EQ(log->lines().size(), 1U);
}

TEST_F(DurableQueues, ServeManyThreads) {
    constexpr std::uint64_t threads = 4;
    constexpr std::uint64_t each = 50;
    const auto queue = open();
    {
        std::vector<std::jthread> writers;
        for (std::uint64_t i = 0; i < threads; ++i) {
            writers.emplace_back([&queue] {
                for (std::uint64_t n = 0; n < each; ++n) {
                    const Id id = append(*queue, "x");
                    ASSERT_TRUE(id);
                    if (n % 2 == 0) {
                        queue->remove(*id);
                    }
                }
            });
        }
    }
    read(*queue);  // after all marks
    EXPECT_EQ(queue->totals().entries, threads * each / 2);
}

}  // namespace
}  // namespace warren::store
