#include "runtime/dispatch/workers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <vector>

namespace warren::runtime {
namespace {

class FunctionTask final : public Task {
public:
    explicit FunctionTask(std::function<void()> function) : function_{std::move(function)} {}
    void run_task() noexcept override { function_(); }

private:
    std::function<void()> function_;
};

class Tasks {
public:
    Task& make(std::function<void()> function) {
        return *tasks_.emplace_back(std::make_unique<FunctionTask>(std::move(function)));
    }

private:
    std::vector<std::unique_ptr<FunctionTask>> tasks_;
};

TEST(ManualWorkers, RunInOrderOneAtATime) {
    Tasks tasks;
    ManualWorkers workers;
    std::vector<int> ran;
    TaskList list;
    for (int name = 0; name < 3; ++name) {
        list.push(tasks.make([&ran, name] { ran.push_back(name); }));
    }
    workers.push(list);
    EXPECT_EQ(workers.queued(), 3U);
    EXPECT_TRUE(workers.run_one());
    EXPECT_EQ(ran, std::vector{0});
    EXPECT_EQ(workers.run_all(), 2U);
    EXPECT_EQ(ran, (std::vector{0, 1, 2}));
    EXPECT_FALSE(workers.run_one());
}

TEST(ManualWorkers, LeaveWhatIsOverTheLimit) {
    Tasks tasks;
    ManualWorkers workers{2};
    TaskList list;
    for (int name = 0; name < 3; ++name) {
        list.push(tasks.make([] {}));
    }
    workers.push(list);
    EXPECT_EQ(workers.queued(), 2U);
    EXPECT_EQ(list.size(), 1U);
    workers.push_admitted(*list.pop());
    EXPECT_EQ(workers.queued(), 3U);
}

TEST(ManualWorkers, NeverRunWhatWasTakenOut) {
    // The first, one in the middle, the last, and all.
    for (const std::vector<int>& taken :
         {std::vector{0}, std::vector{1}, std::vector{3}, std::vector{3, 1, 0, 2}}) {
        Tasks tasks;
        ManualWorkers workers;
        std::vector<int> ran;
        std::vector<int> expected;
        std::vector<Task*> made;
        for (int name = 0; name < 4; ++name) {
            made.push_back(&tasks.make([&ran, name] { ran.push_back(name); }));
            EXPECT_FALSE(workers.remove(*made.back())) << "not queued yet";
            workers.push_admitted(*made.back());
            if (std::ranges::find(taken, name) == taken.end()) {
                expected.push_back(name);
            }
        }
        for (const int name : taken) {
            EXPECT_TRUE(workers.remove(*made[name]));
            EXPECT_FALSE(workers.remove(*made[name]));
        }
        workers.push_admitted(tasks.make([&ran] { ran.push_back(4); }));
        expected.push_back(4);
        workers.run_all();
        EXPECT_EQ(ran, expected);
        EXPECT_FALSE(workers.remove(*made[2])) << "it ran, or was taken out";
    }
}

TEST(ThreadWorkers, LeaveWhatIsOverTheLimit) {
    Tasks tasks;
    std::latch running{1};
    std::latch go{1};
    ThreadWorkers workers{{.threads = 1, .queued_max = 2}};
    TaskList first;
    first.push(tasks.make([&] {
        running.count_down();
        go.wait();
    }));
    workers.push(first);
    running.wait();
    TaskList list;
    for (int name = 0; name < 3; ++name) {
        list.push(tasks.make([] {}));
    }
    workers.push(list);
    EXPECT_EQ(list.size(), 1U);
    EXPECT_EQ(workers.queued(), 2U);
    go.count_down();
    workers.stop();
    EXPECT_EQ(workers.queued(), 0U);
}

TEST(ThreadWorkers, RunAsManyAtOnceAsThereAreThreads) {
    constexpr int threads = 4;
    Tasks tasks;
    std::latch all{threads};
    ThreadWorkers workers{{.threads = threads}};
    TaskList list;
    for (int name = 0; name < threads; ++name) {
        // Each waits for all the others: with one thread fewer this would never end.
        list.push(tasks.make([&] { all.arrive_and_wait(); }));
    }
    workers.push(list);
    all.wait();
}

TEST(ThreadWorkers, StopRunsWhatIsQueuedAndWhatThatQueues) {
    Tasks tasks;
    std::atomic<int> ran = 0;
    ThreadWorkers workers{{.threads = 2}};
    Task& last = tasks.make([&] { ++ran; });
    Task& second = tasks.make([&] {
        ++ran;
        workers.push_admitted(last);
    });
    workers.push_admitted(tasks.make([&] {
        ++ran;
        workers.push_admitted(second);
    }));
    workers.stop();
    EXPECT_EQ(ran, 3);
}

TEST(ThreadWorkers, ManyTasksFromManyThreadsAllRun) {
    constexpr int pushers = 4;
    constexpr int batches = 200;
    constexpr int batch_size = 5;
    std::atomic<int> ran = 0;
    std::vector<Tasks> tasks(pushers);
    {
        ThreadWorkers workers{{.threads = 3}};
        std::vector<std::jthread> threads;
        for (int pusher = 0; pusher < pushers; ++pusher) {
            threads.emplace_back([&, pusher] {
                for (int batch = 0; batch < batches; ++batch) {
                    TaskList list;
                    for (int task = 0; task < batch_size; ++task) {
                        list.push(tasks[pusher].make([&ran] { ++ran; }));
                    }
                    workers.push(list);
                }
            });
        }
    }
    EXPECT_EQ(ran, pushers * batches * batch_size);
}

TEST(Workers, HaveADefaultNumberOfThreads) {
    EXPECT_GE(worker_threads_default(), 4U);
}

}  // namespace
}  // namespace warren::runtime
