#include "transport/loop/asio_executor.hpp"

#include "transport/loop/poller.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <future>
#include <latch>
#include <set>
#include <thread>
#include <vector>

namespace warren::transport {
namespace {

/// An operation whose work is one posted function, which notes the thread that it runs on.
class Note final : public runtime::BlockingOperation {
public:
    explicit Note(AsioExecutor& executor, bool leaves_work = false)
        : executor_{executor}, leaves_work_{leaves_work} {}

    void start() override {
        executor_.post([this] {
            thread_ = std::this_thread::get_id();
            done_ = true;
            done_.notify_all();
        });
    }
    bool is_done() const noexcept override { return done_; }
    void wait() override { done_.wait(false); }
    bool leaves_work() const noexcept override { return leaves_work_; }

    std::thread::id thread() const noexcept { return thread_; }

private:
    AsioExecutor& executor_;
    bool leaves_work_;
    std::thread::id thread_{};
    std::atomic<bool> done_ = false;
};

class RunningExecutor : public testing::Test {
protected:
    void SetUp() override {
        thread_ = std::thread{[this] { executor.run(); }};
    }
    void TearDown() override {
        executor.stop();
        thread_.join();
    }

    /// out  which thread turned the loop
    std::thread::id run_note(bool leaves_work = false) {
        Note note{executor, leaves_work};
        executor.run_until_done(note);
        return note.thread();
    }
    void run_operations_alone() {
        while (run_note() != std::this_thread::get_id()) {
        }
    }
    std::thread::id loop_thread() const { return thread_.get_id(); }

    AsioExecutor executor;

private:
    std::thread thread_;
};

TEST_F(RunningExecutor, LeavesTheFirstOperationsToItsOwnThread) {
    EXPECT_EQ(run_note(), loop_thread());
}

TEST_F(RunningExecutor, IsTurnedByAThreadWhoseOperationsAreAlone) {
    run_operations_alone();
    int turned_here = 0;
    for (int i = 0; i < 1000; ++i) {
        turned_here += run_note() == std::this_thread::get_id() ? 1 : 0;
    }
    // Its own thread takes the loop back where this one was held up between two operations.
    EXPECT_GT(turned_here, 500);
}

TEST_F(RunningExecutor, IsItsOwnThreadsAgainWhenAnOperationLeavesWork) {
    run_operations_alone();
    run_note(true);
    EXPECT_EQ(run_note(), loop_thread());
}

TEST_F(RunningExecutor, RunsWhatIsPostedBetweenOperations) {
    run_operations_alone();
    std::promise<std::thread::id> ran;
    executor.post([&ran] { ran.set_value(std::this_thread::get_id()); });
    EXPECT_EQ(ran.get_future().get(), loop_thread());
}

TEST_F(RunningExecutor, RunsTimersAfterOperations) {
    run_operations_alone();
    std::promise<void> ran;
    executor.post([&] {
        executor.post_at(executor.now() + std::chrono::milliseconds{1},
                         [&ran] { ran.set_value(); });
    });
    ran.get_future().get();
}

TEST_F(RunningExecutor, SaysThatTheThreadOnAnOperationIsTheIoThread) {
    run_operations_alone();
    EXPECT_FALSE(executor.is_current_thread());
    std::promise<bool> inside;
    executor.post([&] { inside.set_value(executor.is_current_thread()); });
    run_note();
    EXPECT_TRUE(inside.get_future().get());
    EXPECT_FALSE(executor.is_current_thread());
}

TEST_F(RunningExecutor, ServesOperationsOfManyThreadsAtOnce) {
    constexpr int threads = 8;
    std::latch begin{threads};
    std::atomic<int> done = 0;
    std::vector<std::thread> callers;
    for (int i = 0; i < threads; ++i) {
        callers.emplace_back([&] {
            begin.arrive_and_wait();
            for (int n = 0; n < 2000; ++n) {
                run_note(n % 7 == 0);
                ++done;
            }
        });
    }
    for (std::thread& caller : callers) {
        caller.join();
    }
    EXPECT_EQ(done, threads * 2000);
}

TEST_F(RunningExecutor, IsStoppedWhileOperationsTurnIt) {
    run_operations_alone();
    // The fixture stops it now, between operations, with its own thread off the loop.
}

/// What is under way in Asio, and so decides where the loop waits.
class AsioExecutorWithATimer : public testing::Test {
protected:
    AsioExecutorWithATimer() {
        timer.expires_at(std::chrono::steady_clock::time_point::max());
        timer.async_wait([this](const boost::system::error_code&) { ++timer_ended; });
    }

    AsioExecutor executor;
    boost::asio::steady_timer timer{executor.context()};
    int timer_ended = 0;
};

TEST_F(AsioExecutorWithATimer, IsWokenFromEitherWait) {
    std::thread thread{[this] { executor.run(); }};
    for (int i = 0; i < 100; ++i) {
        std::promise<void> ran;
        executor.post([&] {
            // Every other time somebody waits in Asio.
            if (i % 2 == 0) {
                timer.cancel();
            } else {
                timer.async_wait([this](const boost::system::error_code&) { ++timer_ended; });
            }
            ran.set_value();
        });
        ran.get_future().get();
    }
    executor.stop();
    thread.join();
    EXPECT_EQ(timer_ended, 50);
}

TEST_F(AsioExecutorWithATimer, HearsOfItsOwnSocketsInEitherWait) {
    std::array<int, 2> pair{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()), 0);
    struct Echo final : PolledUser {
        Echo(AsioExecutor& executor, int descriptor)
            : socket{executor.poller(), descriptor, *this} {}
        void on_ready(Readiness) override {
            char byte = 0;
            EXPECT_EQ(::recv(socket.native_handle(), &byte, 1, 0), 1);
            EXPECT_EQ(::send(socket.native_handle(), &byte, 1, MSG_NOSIGNAL), 1);
            EXPECT_TRUE(socket.want_readable());
        }
        PolledSocket socket;
    } echo{executor, pair[0]};
    ASSERT_TRUE(echo.socket.want_readable());
    std::thread thread{[this] { executor.run(); }};
    fcntl(pair[1], F_SETFL, 0);
    for (char byte = 0; byte < 100; ++byte) {
        if (byte == 50) {
            executor.post([this] { timer.cancel(); });
        }
        char back = -1;
        ASSERT_EQ(::send(pair[1], &byte, 1, MSG_NOSIGNAL), 1);
        ASSERT_EQ(::recv(pair[1], &back, 1, 0), 1);
        ASSERT_EQ(back, byte);
    }
    executor.stop();
    thread.join();
    ::close(pair[1]);
}

TEST(AsioExecutor, RunsWhatAnotherThreadPostsToAsioWhileItResolves) {
    AsioExecutor executor;
    boost::asio::ip::tcp::resolver resolver{executor.context()};
    std::thread thread{[&] { executor.run(); }};
    for (int i = 0; i < 20; ++i) {
        std::promise<void> resolved;
        executor.post([&] {
            resolver.async_resolve("127.0.0.1", "1",
                                   [&](const auto&, const auto&) { resolved.set_value(); });
        });
        resolved.get_future().get();
    }
    executor.stop();
    thread.join();
}

TEST(AsioExecutor, RunsOnceMoreAfterItWasStopped) {
    AsioExecutor executor;
    for (int i = 0; i < 3; ++i) {
        bool ran = false;
        executor.post([&] {
            ran = true;
            executor.stop();
        });
        executor.run();
        EXPECT_TRUE(ran);
    }
}

TEST(AsioExecutor, LooksAtSocketsWhileTimersAreOverdue) {
    AsioExecutor executor;
    bool came = false;
    std::size_t timers = 0;
    std::move_only_function<void()> again = [&] {
        boost::asio::post(executor.context(), [&] { came = true; });
        if (came || ++timers == 1'000) {
            return executor.stop();
        }
        executor.post_at(executor.now(), [&] { again(); });
    };
    executor.post_at(executor.now(), [&] { again(); });
    executor.run();
    EXPECT_TRUE(came);
}

TEST(AsioExecutor, ServesOperationsWhilePolling) {
    AsioExecutor executor{{.spin_max = std::chrono::microseconds{50}}};
    std::thread thread{[&] { executor.run(); }};
    for (int i = 0; i < 2000; ++i) {
        Note note{executor};
        executor.run_until_done(note);
        ASSERT_TRUE(note.is_done());
    }
    executor.stop();
    thread.join();
}

}  // namespace
}  // namespace warren::transport
