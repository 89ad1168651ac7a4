#include <warren/task.hpp>

#include "unit/runtime/dispatch/harness.hpp"

#include <gtest/gtest.h>

#include <array>
#include <coroutine>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// Coroutine handlers, with a clock and workers that are stepped by hand.
namespace warren::runtime::test {

struct Wish {
    std::string name = "x";
};
WARREN_MODEL(Wish, (name))

namespace {

/// What tasks wait for until the test lets them go on.
class Gate {
public:
    auto awaiter(detail::OpenCall& call) {
        struct Awaiter {
            Gate& gate;
            detail::OpenCall& call;

            bool await_ready() const noexcept { return false; }
            void await_suspend(std::coroutine_handle<> waiting) const {
                gate.waiting_.emplace_back(&call, waiting);
                if (gate.is_open) {
                    gate.open();
                }
            }
            void await_resume() const noexcept {}
        };
        return Awaiter{*this, call};
    }
    void open() {
        for (const auto& [call, waiting] : std::exchange(waiting_, {})) {
            call->go_on(waiting);
        }
    }
    std::size_t waiting() const noexcept { return waiting_.size(); }

    bool is_open = false;  // also inside of the wait

private:
    std::vector<std::pair<detail::OpenCall*, std::coroutine_handle<>>> waiting_;
};

/// How many are alive.
struct Live {
    static inline int count = 0;
    Live() { ++count; }
    Live(const Live&) { ++count; }
    Live& operator=(const Live&) = default;
    ~Live() { --count; }
};

class HandlersTasks : public testing::Test {
protected:
    ~HandlersTasks() override { EXPECT_EQ(Live::count, 0); }

    Stage stage;
    Gate gate;
};

TEST_F(HandlersTasks, GoOnWithAWorkerAndHoldNoneMeanwhile) {
    std::string steps;
    stage.registry.method("wait", [&](const Wish& wish, Context& context) -> task<std::string> {
        const Live live;
        steps += "a";
        co_await gate;
        steps += "b";
        co_await gate;
        // The request and the context are still there.
        co_return wish.name + std::string{context.method} + std::string{context.correlation_id};
    });
    stage.serve();
    stage.call("1", "wait", Dynamic::map({{"name", "y"}}));
    stage.run();
    EXPECT_EQ(steps, "a");
    EXPECT_EQ(stage.dispatcher.in_flight(), 1U);
    gate.open();
    stage.turn();
    EXPECT_EQ(steps, "a") << "no worker has run";
    stage.run();
    EXPECT_EQ(steps, "ab");
    EXPECT_TRUE(stage.outcomes.empty());
    gate.open();
    stage.run();
    EXPECT_EQ(stage.take().data, Dynamic{"ywait1"});
    EXPECT_EQ(stage.dispatcher.in_flight(), 0U);
}

TEST_F(HandlersTasks, MayGoOnWhileTheyBeginToWait) {
    gate.is_open = true;
    stage.registry.method("wait", [&]() -> task<int> {
        const Live live;
        int rounds = 0;
        for (; rounds < 1000; ++rounds) {
            co_await gate;
        }
        co_return rounds;
    });
    stage.serve();
    stage.call("1", "wait", {});
    stage.run();
    EXPECT_EQ(stage.take().data, Dynamic{1000});
}

TEST_F(HandlersTasks, OnTheIoThreadGoOnThere) {
    stage.registry
        .method("wait",
                [&]() -> task<int> {
                    co_await gate;
                    co_return 1;
                })
        .run_on_io_thread();
    stage.registry.method("now", []() -> task<int> { co_return 2; }).run_on_io_thread();
    stage.serve();
    stage.call("1", "wait", {});
    EXPECT_EQ(gate.waiting(), 1U) << "it began inside of its dispatch";
    gate.open();
    EXPECT_TRUE(stage.outcomes.empty());
    stage.turn();
    EXPECT_EQ(stage.take().data, Dynamic{1});
    stage.call("2", "now", {});
    EXPECT_EQ(stage.take().at, At::dispatch);
}

TEST_F(HandlersTasks, AreNotRefusedWhenTheyGoOn) {
    Stage full{1};
    full.registry.method("wait", [&]() -> task<int> {
        co_await gate;
        co_return 1;
    });
    full.registry.method("plain", [] { return 2; });
    full.serve();
    full.call("waits", "wait", {});
    full.run();
    full.call("queued", "plain", {});
    full.turn();
    gate.open();
    full.call("refused", "plain", {});
    full.run();
    ASSERT_EQ(full.outcomes.size(), 3U);
    EXPECT_EQ(full.outcomes[0].failure, Code::overloaded);
    EXPECT_EQ(full.outcomes[1].name, "queued");
    EXPECT_EQ(full.outcomes[2].data, Dynamic{1});
}

TEST_F(HandlersTasks, GiveAndThrowWhatOtherHandlersDo) {
    stage.registry.method("nothing", []() -> task<> { co_return; });
    stage.registry.method("said", []() -> task<Reply<int>> { co_return {7, "seven"}; });
    stage.registry.method("not_done",
                          []() -> task<Reply<int>> { co_return Reply<int>::failure("no", 3); });
    stage.registry.method("expected", []() -> task<std::expected<int, Failure>> {
        co_return std::unexpected{Failure{.code = Code::conflict, .message = "taken"}};
    });
    stage.registry.method(
        "added", [](int a, std::string b) -> task<std::string> { co_return b + std::to_string(a); },
        {"a", "b"});
    stage.registry.method("thrown", [&]() -> task<int> {
        const Live live;
        co_await gate;
        throw Error{"out of onions", 5};
    });
    stage.registry.method("thrown_otherwise",
                          [&](int fails_soon) -> task<int> {
                              if (fails_soon == 0) {
                                  co_await gate;
                              }
                              throw std::runtime_error{"a secret"};
                          },
                          {"fails_soon"});
    stage.registry.method("unwrapped", []() -> task<int> {
        const std::expected<int, Failure> outcome =
            std::unexpected{Failure{.code = Code::conflict, .message = "taken"}};
        co_return outcome.value();
    });
    stage.serve();
    gate.is_open = true;
    const auto outcome = [&](const char* method, const Dynamic& arguments = {}) {
        stage.call("1", method, arguments);
        stage.run();
        return stage.take();
    };
    EXPECT_EQ(outcome("nothing").data, Dynamic{});
    EXPECT_EQ(outcome("said").message, "seven");
    EXPECT_EQ(outcome("not_done").data, Dynamic{3});
    EXPECT_EQ(outcome("expected").failure, Code::conflict);
    EXPECT_EQ(outcome("added", Dynamic::map({{"a", 1}, {"b", "x"}})).data, Dynamic{"x1"});
    EXPECT_EQ(outcome("added", Dynamic::map({{"a", 1}})).failure, Code::invalid_request);
    EXPECT_EQ(outcome("thrown").message, "out of onions");
    EXPECT_EQ(outcome("thrown").data, Dynamic{5});
    EXPECT_EQ(outcome("thrown_otherwise", Dynamic::map({{"fails_soon", 0}})).failure,
              Code::internal);
    EXPECT_EQ(outcome("thrown_otherwise", Dynamic::map({{"fails_soon", 1}})).failure,
              Code::internal);
    EXPECT_TRUE(stage.log.contains("a secret"));
    EXPECT_EQ(outcome("unwrapped").failure, Code::conflict);
}

TEST_F(HandlersTasks, ThatCannotBeginFail) {
    // A handler of this type need not be a coroutine.
    stage.registry.method("refuses",
                          [](int number) -> task<int> {
                              if (number == 0) {
                                  throw Error{Code::conflict, "none today"};
                              }
                              return [](int given) -> task<int> { co_return given; }(number);
                          },
                          {"number"});
    stage.serve();
    stage.call("1", "refuses", Dynamic::map({{"number", 0}}));
    stage.run();
    EXPECT_EQ(stage.take().failure, Code::conflict);
    stage.call("2", "refuses", Dynamic::map({{"number", 3}}));
    stage.run();
    EXPECT_EQ(stage.take().data, Dynamic{3});
}

task<int> deep_part(Gate& gate, int depth) {
    const Live live;
    if (depth == 0) {
        co_await gate;
        co_return 0;
    }
    const int below = co_await deep_part(gate, depth - 1);
    co_return below + 1;
}

task<int> empty_part() {
    co_return 1;
}

task<int> failing_part() {
    const Live live;
    throw Error{Code::conflict, "taken"};
    co_return 1;
}

TEST_F(HandlersTasks, HaveTasksAsParts) {
    stage.registry.method("deep", [&]() -> task<int> {
        const int depth = co_await deep_part(gate, 2000);
        co_return depth;
    });
    stage.registry.method("many", []() -> task<int> {
        int sum = 0;
        for (int round = 0; round < 200'000; ++round) {
            const int each = co_await empty_part();
            sum += each;
        }
        co_return sum;
    });
    stage.registry.method("caught", []() -> task<std::string> {
        std::string caught;
        task<int> part = failing_part();
        try {
            co_await std::move(part);
        } catch (const Error& error) {
            caught = error.message();
        }
        co_return caught;
    });
    stage.serve();
    stage.call("1", "deep", {});
    stage.run();
    EXPECT_EQ(Live::count, 2001);
    gate.open();
    stage.run();
    EXPECT_EQ(stage.take().data, Dynamic{2000});
    stage.call("2", "many", {});
    stage.run();
    EXPECT_EQ(stage.take().data, Dynamic{200'000}) << "no chain of them fills the stack";
    stage.call("3", "caught", {});
    stage.run();
    EXPECT_EQ(stage.take().data, Dynamic{"taken"});
}

TEST_F(HandlersTasks, KeepTheirLockUntilTheyEnd) {
    stage.registry
        .method("locked",
                [&](const Wish&) -> task<int> {
                    co_await gate;
                    co_return 1;
                })
        .lock_on(&Wish::name);
    stage.serve();
    for (const char* const name : {"x", "x", "y"}) {
        stage.call(name, "locked", Dynamic::map({{"name", name}}));
    }
    stage.run();
    EXPECT_EQ(gate.waiting(), 2U) << "of x and y";
    gate.open();
    stage.run();
    EXPECT_EQ(stage.outcomes.size(), 2U);
    gate.open();
    stage.run();
    EXPECT_EQ(stage.outcomes.size(), 3U);
}

TEST_F(HandlersTasks, HaveTheirStopTokenSetAtTheDeadline) {
    std::stop_token token;
    for (const bool on_io_thread : {false, true}) {
        Stage timed;
        MethodOptions method = timed.registry.method("wait", [&](Context& context) -> task<int> {
            token = context.stop;
            co_await gate;
            throw Error{"gave up"};
            co_return 1;
        });
        if (on_io_thread) {
            method.run_on_io_thread();
        }
        timed.serve();
        timed.call("1", "wait", {}, 10ms);
        timed.run();
        timed.executor.advance(9ms);
        EXPECT_FALSE(token.stop_requested());
        timed.executor.advance(1ms);
        EXPECT_TRUE(token.stop_requested());
        EXPECT_TRUE(timed.outcomes.empty()) << "its handler has not ended";
        gate.open();
        timed.run();
        EXPECT_EQ(timed.take().failure, Code::deadline_exceeded);
    }
}

/// Every end against every step of a call: each is answered once, and nothing of it is left.
TEST_F(HandlersTasks, EndOnceWhateverHappensWhen) {
    const std::array<std::function<void(Stage&)>, 3> ends{
        [](Stage& at) { at.executor.advance(10ms); }, [](Stage& at) { at.dispatcher.cancel_all(); },
        [](Stage& at) { at.dispatcher.abandon(*at.listener, [](ServerCall&) { return true; }); }};
    for (std::size_t end = 0; end < ends.size(); ++end) {
        for (int step = 1; step < 5; ++step) {
            Stage at;
            std::stop_token token;
            bool had_begun = false;
            at.registry.method("wait", [&](Context& context) -> task<int> {
                const Live live;
                token = context.stop;
                had_begun = true;
                co_await gate;
                co_return 1;
            });
            at.serve();
            const std::array<std::function<void()>, 4> steps{
                [&] { at.call("1", "wait", {}, 10ms); }, [&] { at.run(); }, [&] { gate.open(); },
                [&] { at.run(); }};
            for (int done = 0; done < 4; ++done) {
                if (done == step) {
                    ends[end](at);
                }
                steps[static_cast<std::size_t>(done)]();
            }
            if (step == 4) {
                ends[end](at);
            }
            const Outcome outcome = at.take();
            EXPECT_EQ(Live::count, 0) << end << ' ' << step;
            EXPECT_EQ(at.dispatcher.in_flight(), 0U);
            EXPECT_EQ(outcome.failure.has_value(), !had_begun) << end << ' ' << step;
            EXPECT_EQ(token.stop_requested(), had_begun && step < 4) << end << ' ' << step;
        }
    }
}

}  // namespace
}  // namespace warren::runtime::test
