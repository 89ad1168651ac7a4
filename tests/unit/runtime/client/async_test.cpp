#include <warren/async.hpp>
#include <warren/server.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace async_test {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using warren::Code;
using warren::Dynamic;
using warren::Error;

struct Text {
    std::string text;
};
WARREN_MODEL(Text, (text))

WARREN_CONTRACT(echo, "echo", Text, Text)
WARREN_CONTRACT(swallow, "swallow", Text, void)
WARREN_CONTRACT(missing, "missing", Text, Text)

/// Which ways to write a call compile.
template <typename Request, typename... More>
concept Calls = requires(warren::Client& client, Request&& request, More&&... more) {
    warren::async_call<echo>(client, std::forward<Request>(request), std::forward<More>(more)...,
                             asio::use_awaitable);
};
template <typename Arguments, typename... More>
concept CallsUntyped = requires(warren::Client& client, Arguments&& arguments, More&&... more) {
    warren::async_call(client, "echo", std::forward<Arguments>(arguments),
                       std::forward<More>(more)..., asio::use_awaitable);
};

// g++ 12 destroys temporaries of these types twice beside co_await.
static_assert(Calls<const Text&> && Calls<Text&> && Calls<Text&, const warren::CallOptions&>);
static_assert(!Calls<Text> && !Calls<const Text>);
static_assert(!Calls<Text, const warren::CallOptions&>);
static_assert(!Calls<const Text&, warren::CallOptions>);
static_assert(CallsUntyped<const Dynamic&> && CallsUntyped<Dynamic&, warren::CallOptions&>);
static_assert(!CallsUntyped<Dynamic> && !CallsUntyped<const Dynamic&, warren::CallOptions>);

class AsyncTest : public testing::Test {
protected:
    AsyncTest() {
        server.method("echo", [](const Text& request) { return request; });
        server.method("swallow", [](const Text&) {});
        server.method("wait", [this] {
            started.count_down();
            ended.wait();
        });
        server.listen(url);
        server.start();
        client.emplace(url);
    }
    ~AsyncTest() override { ended.count_down(); }

    /// Run a coroutine to its end, and throw what it throws.
    static void run(asio::awaitable<void> coroutine) {
        asio::io_context context;
        std::exception_ptr thrown;
        asio::co_spawn(context, std::move(coroutine),
                       [&](std::exception_ptr error) { thrown = error; });
        context.run();
        if (thrown) {
            std::rethrow_exception(thrown);
        }
    }

    std::latch started{1};  // the handler of "wait" runs
    std::latch ended{1};    // and may end
    std::string url = std::string{"memory:async."} +
                      testing::UnitTest::GetInstance()->current_test_info()->name();
    warren::Server server;
    std::optional<warren::Client> client;
};

const std::string long_text(100, 'x');

asio::awaitable<void> echo_twice(warren::Client& client) {
    const Text request{long_text};
    const Text first = co_await warren::async_call<echo>(client, request, asio::use_awaitable);
    EXPECT_EQ(first.text, long_text);
    const warren::CallOptions options{.timeout = 5s};
    const Text second =
        co_await warren::async_call<echo>(client, first, options, asio::use_awaitable);
    EXPECT_EQ(second.text, long_text);
    const Dynamic arguments = Dynamic::map({{"text", long_text}});
    const Dynamic third =
        co_await warren::async_call(client, "echo", arguments, asio::use_awaitable);
    EXPECT_EQ(third, arguments);
    co_await warren::async_call<swallow>(client, request, asio::use_awaitable);
}

TEST_F(AsyncTest, Coroutines) {
    run(echo_twice(*client));
}

asio::awaitable<void> call_missing(warren::Client& client) {
    const Text request{long_text};
    co_await warren::async_call<missing>(client, request, asio::use_awaitable);
}

TEST_F(AsyncTest, FailuresAreThrown) {
    try {
        run(call_missing(*client));
        FAIL() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::no_responder);
    }
}

TEST_F(AsyncTest, Futures) {
    std::vector<std::future<Text>> futures;
    for (int index = 0; index < 100; ++index) {
        const Text request{long_text + std::to_string(index)};
        futures.push_back(warren::async_call<echo>(*client, request, asio::use_future));
    }
    for (std::size_t index = 0; index < futures.size(); ++index) {
        EXPECT_EQ(futures[index].get().text, long_text + std::to_string(index));
    }
}

TEST_F(AsyncTest, ADeferredCallNeedsNoRequestAnyMore) {
    std::optional<Text> request{long_text};
    auto operation = warren::async_call<echo>(*client, *request, asio::deferred);
    request.reset();
    EXPECT_EQ(std::move(operation)(asio::use_future).get().text, long_text);
}

TEST_F(AsyncTest, CompletesOnTheAssociatedExecutor) {
    asio::io_context context;
    std::thread::id thread;
    const Text request{long_text};
    warren::async_call<echo>(*client, request,
                             asio::bind_executor(context, [&](std::exception_ptr error, Text text) {
                                 EXPECT_FALSE(error);
                                 EXPECT_EQ(text.text, long_text);
                                 thread = std::this_thread::get_id();
                             }));
    // The pending call keeps the context running.
    context.run();
    EXPECT_EQ(thread, std::this_thread::get_id());
}

TEST_F(AsyncTest, NeverCompletesInsideOfItsInitiation) {
    client->close();
    asio::io_context context;
    bool completed = false;
    const Text request{long_text};
    warren::async_call<echo>(
        *client, request, asio::bind_executor(context, [&](std::exception_ptr error, const Text&) {
            EXPECT_TRUE(error);
            completed = true;
        }));
    EXPECT_FALSE(completed);
    context.run();
    EXPECT_TRUE(completed);
}

TEST_F(AsyncTest, AnInvalidRequestFailsLater) {
    const Text request{"\xff"};
    auto future = warren::async_call<echo>(*client, request, asio::use_future);
    try {
        future.get();
        FAIL() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::invalid_request);
        EXPECT_EQ(error.failure().errors.size(), 1U);
    }
}

TEST_F(AsyncTest, ASlotGivesTheCallUp) {
    asio::io_context context;
    asio::cancellation_signal signal;
    Code code = Code::internal;
    const Dynamic nothing;
    warren::async_call(*client, "wait", nothing,
                       asio::bind_cancellation_slot(
                           signal.slot(), asio::bind_executor(context, [&](std::exception_ptr error,
                                                                           const Dynamic&) {
                               try {
                                   std::rethrow_exception(error);
                               } catch (const Error& thrown) {
                                   code = thrown.code();
                               }
                           })));
    EXPECT_TRUE(signal.slot().has_handler());
    started.wait();
    signal.emit(asio::cancellation_type::terminal);
    context.run();
    EXPECT_EQ(code, Code::cancelled);
    EXPECT_FALSE(signal.slot().has_handler());
}

}  // namespace async_test
