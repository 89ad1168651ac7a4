#include <warren/client.hpp>
#include <warren/lazy_call.hpp>
#include <warren/responder.hpp>
#include <warren/server.hpp>

#include "support/served.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <expected>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// Calls that handlers make for the calls they answer.
namespace nested_call_test {

using namespace warren;
using namespace std::chrono_literals;
using warren::test::failure_of;

struct Seen {
    std::string traceparent;
    std::string tracestate;
    std::string baggage;
    std::optional<int> priority;
    std::optional<int> time_left_ms;
    std::string key;
};
WARREN_MODEL(Seen, (traceparent), (tracestate), (baggage), (priority), (time_left_ms), (key))

struct Wish {
    std::string name;
};
WARREN_MODEL(Wish, (name, min_length(1)))

WARREN_CONTRACT(look, "look", Wish, Seen)
WARREN_CONTRACT(look_outside, "look_outside", Wish, Seen)
WARREN_CONTRACT(fail_with, "fail_with", std::string, int)
WARREN_CONTRACT(wait_for_it, "wait_for_it", int, int)

/// Which ways to write a call compile.
template <typename Request, typename... Options>
concept Calls = requires(Context& context, Client& client, Request&& request,
                         Options&&... options) {
    context.call<look>(client, std::forward<Request>(request), std::forward<Options>(options)...);
};
template <typename Arguments, typename... Options>
concept CallsUntyped =
    requires(Context& context, Client& client, Arguments&& arguments, Options&&... options) {
        context.call(client, "look", std::forward<Arguments>(arguments),
                     std::forward<Options>(options)...);
    };
template <typename Request, typename... Options>
concept CallsLazily = requires(Client& client, Request&& request, Options&&... options) {
    lazy_call<look>(client, std::forward<Request>(request), std::forward<Options>(options)...);
};
template <typename Target>
concept CallsTarget = requires(Context& context, Target&& target, const Wish& request) {
    context.call<look>(std::forward<Target>(target), request);
};

// g++ 12 destroys temporaries of these types twice beside co_await.
static_assert(Calls<const Wish&> && Calls<Wish&> && Calls<Wish&, const CallOptions&>);
static_assert(!Calls<Wish> && !Calls<const Wish> && !Calls<Wish, const CallOptions&>);
static_assert(!Calls<const Wish&, CallOptions>);
static_assert(CallsUntyped<const Dynamic&> && CallsUntyped<Dynamic&, CallOptions&>);
static_assert(!CallsUntyped<Dynamic> && !CallsUntyped<const Dynamic&, CallOptions>);
static_assert(CallsLazily<Wish&> && CallsLazily<Wish&, CallOptions&>);
static_assert(!CallsLazily<Wish> && !CallsLazily<Wish&, CallOptions>);
static_assert(CallsTarget<ClientTarget&> && !CallsTarget<ClientTarget>);

constexpr const char* trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr const char* other_trace = "00-11111111111111111111111111111111-2222222222222222-01";

Seen seen_in(const Context& context) {
    Seen seen{.traceparent = std::string{context.traceparent},
              .tracestate = std::string{context.tracestate},
              .baggage = std::string{context.baggage},
              .key = std::string{context.idempotency_key}};
    if (context.priority) {
        seen.priority = *context.priority;
    }
    if (context.deadline) {
        seen.time_left_ms =
            static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(
                                 *context.deadline - Context::TimePoint::clock::now())
                                 .count());
    }
    return seen;
}

/// Responders that a test answers when it likes.
class Held {
public:
    void put(Responder<int> responder, std::stop_token stop) {
        const std::lock_guard lock{mutex_};
        if (is_closed_) {
            return;
        }
        responders_.push_back(std::move(responder));
        tokens_.push_back(std::move(stop));
        changed_.notify_all();
    }
    std::vector<Responder<int>> take(std::size_t count) {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [&] { return responders_.size() == count; });
        return std::exchange(responders_, {});
    }
    /// Let go of all, so that their server ends.
    void close() {
        std::vector<Responder<int>> last;
        const std::lock_guard lock{mutex_};
        is_closed_ = true;
        last = std::exchange(responders_, {});
    }
    std::stop_token token(std::size_t index) {
        const std::lock_guard lock{mutex_};
        return tokens_[index];
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Responder<int>> responders_;
    std::vector<std::stop_token> tokens_;
    bool is_closed_ = false;
};

class Lines final : public Log {
public:
    void write(LogLevel, std::string_view line) override {
        const std::lock_guard lock{mutex_};
        text_ += line;
        text_ += '\n';
    }
    std::string text() const {
        const std::lock_guard lock{mutex_};
        return text_;
    }

private:
    mutable std::mutex mutex_;
    std::string text_;
};

ListenerOptions roomy_listener() {
    return {.url = "tcp://127.0.0.1:0", .limits = {.connection_requests_max = 20'000}};
}

struct Live {
    static inline std::atomic<int> count = 0;
    Live() { ++count; }
    Live(const Live&) = delete;
    Live& operator=(const Live&) = delete;
    ~Live() { --count; }
};

/// A server in the back that does things, and one in front whose handlers call it.
class NestedCalls : public testing::Test {
protected:
    NestedCalls() {
        back_.method<look>([](const Wish&, Context& context) { return seen_in(context); });
        back_.method<fail_with>([](const std::string& code) -> int {
            throw Error{Failure{.code = code_named(code).value(),
                                .message = "the inner one's words",
                                .data = 5,
                                .retry_after = 7ms}};
        });
        back_.method<wait_for_it>([this](const int&, Context& context, Responder<int> responder) {
            held_.put(std::move(responder), context.stop);
        });
        back_.listen(roomy_listener());
        back_.start();
        back_client_ = std::make_unique<Client>(test::address_of(back_));
    }
    ~NestedCalls() override {
        front_.reset();
        held_.close();
        EXPECT_EQ(Live::count, 0);
    }

    Client& start_front(const std::function<void(Server&)>& add, ServerOptions options = {}) {
        options.log = log_;
        front_ = std::make_unique<Server>(std::move(options));
        add(*front_);
        front_->listen(roomy_listener());
        front_->start();
        client_ = std::make_unique<Client>(test::address_of(*front_));
        return *client_;
    }
    Client& back() { return *back_client_; }

    std::shared_ptr<Lines> log_ = std::make_shared<Lines>();
    Held held_;
    Server back_{{.workers = 2}};
    std::unique_ptr<Client> back_client_;
    std::unique_ptr<Server> front_;
    std::unique_ptr<Client> client_;
};

CallOptions everything() {
    return {.timeout = 60s,
            .idempotency_key = "outer",
            .traceparent = trace,
            .tracestate = "a=b",
            .baggage = "user=7",
            .priority = 5};
}

TEST_F(NestedCalls, AreAwaitedBlockedOnAndStarted) {
    start_front([this](Server& server) {
        server.method("awaits", [this](const Wish& wish, Context& context) -> task<std::string> {
            const Seen seen = co_await context.call<look>(back(), wish);
            // On a worker again: from the client's I/O thread this would be refused.
            co_return seen.baggage + back().call<look>(wish).baggage;
        });
        server.method("blocks", [this](const Wish& wish, Context& context) {
            return context.call<look>(back(), wish).get().baggage;
        });
        server.method(
            "starts", [this](const Wish& wish, Context& context, Responder<std::string> responder) {
                context.call<look>(back(), wish)
                    .start([responder =
                                std::move(responder)](std::expected<Seen, Failure> seen) mutable {
                        seen ? responder.respond(seen->baggage) : responder.fail(seen.error());
                    });
            });
        server.method("by_name", [this](const Wish& wish, Context& context) -> task<Dynamic> {
            const Dynamic arguments = Dynamic::of(wish);
            const Dynamic seen = co_await context.call(back(), "look", arguments);
            co_return Dynamic{seen["baggage"]};
        });
    });
    const Dynamic wish = Dynamic::map({{"name", "x"}});
    for (const char* const method : {"awaits", "blocks", "starts", "by_name"}) {
        EXPECT_EQ(client_->call(method, wish, {.baggage = "user=7"}), Dynamic{"user=7"}) << method;
    }
}

TEST_F(NestedCalls, HandOnWhatIsKnownOfTheOuterCall) {
    start_front([this](Server& server) {
        server.method<look_outside>([this](const Wish& wish, Context& context) -> task<Seen> {
            context.call_margin = 10s;
            const Seen seen = co_await context.call<look>(back(), wish);
            co_return seen;
        });
    });
    const Seen seen = client_->call<look_outside>({.name = "x"}, everything());
    EXPECT_EQ(seen.traceparent, trace);
    EXPECT_EQ(seen.tracestate, "a=b");
    EXPECT_EQ(seen.baggage, "user=7");
    EXPECT_EQ(seen.priority, 5);
    EXPECT_EQ(seen.key, "") << "it is the outer request's alone";
    ASSERT_TRUE(seen.time_left_ms);
    EXPECT_LE(*seen.time_left_ms, 50'000);
    EXPECT_EQ(client_->call<look_outside>({.name = "x"}).traceparent, "");
}

TEST_F(NestedCalls, SayWhatTheirOptionsSay) {
    start_front([this](Server& server) {
        server.method<look_outside>([this](const Wish& wish, Context& context) -> task<Seen> {
            const CallOptions options{.timeout = 7s,
                                      .idempotency_key = "inner",
                                      .traceparent = other_trace,
                                      .baggage = "user=8",
                                      .priority = 0};
            const Seen seen = co_await context.call<look>(back(), wish, options);
            co_return seen;
        });
    });
    const Seen seen = client_->call<look_outside>({.name = "x"}, everything());
    EXPECT_EQ(seen.traceparent, other_trace);
    EXPECT_EQ(seen.tracestate, "") << "which goes with the outer call's traceparent";
    EXPECT_EQ(seen.baggage, "user=8");
    EXPECT_EQ(seen.priority, 0);
    EXPECT_EQ(seen.key, "inner");
    ASSERT_TRUE(seen.time_left_ms);
    EXPECT_LE(*seen.time_left_ms, 7'000);
}

TEST_F(NestedCalls, LeaveOutWhatTheirProtocolDoesNotCarry) {
    Client foreign{test::address_of(back_) + "?peer=foreign"};
    start_front([&](Server& server) {
        server.method<look_outside>([&](const Wish& wish, Context& context) -> task<Seen> {
            const Seen seen = co_await context.call<look>(foreign, wish);
            co_return seen;
        });
        server.method("asks", [&](const Wish& wish, Context& context) -> task<std::string> {
            const CallOptions options{.baggage = "user=8"};
            std::string code;
            try {
                co_await context.call<look>(foreign, wish, options);
            } catch (const Error& error) {
                code = name_of(error.code());
            }
            co_return code;
        });
    });
    const Seen seen = client_->call<look_outside>({.name = "x"}, everything());
    EXPECT_EQ(seen.traceparent + seen.baggage, "");
    EXPECT_FALSE(seen.priority);
    EXPECT_EQ(client_->call("asks", Dynamic::map({{"name", "x"}})), Dynamic{"invalid_request"});
}

TEST_F(NestedCalls, AreNotSentWithoutTimeLeft) {
    start_front([this](Server& server) {
        const auto spend_all = [](Context& context) { context.call_margin = 1h; };
        server.method("awaits", [=, this](const Wish& wish, Context& context) -> task<Seen> {
            spend_all(context);
            const Seen seen = co_await context.call<look>(back(), wish);
            co_return seen;
        });
        server.method("blocks", [=, this](const Wish& wish, Context& context) {
            spend_all(context);
            return context.call<look>(back(), wish).get();
        });
    });
    const std::uint64_t before = back().counters().succeeded;
    for (const char* const method : {"awaits", "blocks"}) {
        const Failure failure = failure_of(
            [&] { client_->call(method, Dynamic::map({{"name", "x"}}), {.timeout = 60s}); });
        EXPECT_EQ(failure.code, Code::deadline_exceeded);
        EXPECT_TRUE(failure.message.contains("Not sent")) << failure.message;
    }
    EXPECT_EQ(back().counters().succeeded, before);
}

TEST_F(NestedCalls, ThatFailAreWhatTheyAreToTheOuterCaller) {
    start_front([this](Server& server) {
        server.method("awaits",
                      [this](std::string code, Context& context) -> task<int> {
                          const int given = co_await context.call<fail_with>(back(), code);
                          co_return given;
                      },
                      {"code"});
        server.method("refused", [this](Context& context) -> task<Seen> {
            const Wish nameless;
            const Seen seen = co_await context.call<look>(back(), nameless);
            co_return seen;
        });
        server.method("handled",
                      [this](std::string code, Context& context) -> task<std::string> {
                          std::string caught;
                          try {
                              co_await context.call<fail_with>(back(), code);
                          } catch (const Error& error) {
                              caught = name_of(error.code());
                          }
                          co_return caught;
                      },
                      {"code"});
    });
    const auto outer = [&](const char* method, const char* code) {
        return failure_of([&] { client_->call(method, Dynamic::map({{"code", code}})); });
    };
    EXPECT_EQ(outer("awaits", "failed").code, Code::failed);
    EXPECT_EQ(outer("awaits", "failed").message, "the inner one's words");
    EXPECT_EQ(outer("awaits", "failed").data, Dynamic{});
    EXPECT_EQ(outer("awaits", "overloaded").code, Code::overloaded);
    EXPECT_EQ(outer("awaits", "overloaded").retry_after, 7ms);
    EXPECT_EQ(outer("awaits", "conflict").code, Code::internal);
    EXPECT_EQ(outer("awaits", "invalid_request").code, Code::internal);
    EXPECT_EQ(outer("awaits", "cancelled").code, Code::internal) << "not by the outer caller";
    EXPECT_EQ(failure_of([&] { client_->call("refused", Dynamic::map({})); }).code, Code::internal);
    EXPECT_EQ(client_->call("handled", Dynamic::map({{"code", "conflict"}})), Dynamic{"conflict"});
    front_.reset();
    EXPECT_TRUE(log_->text().contains("a call of its handler's: invalid_request: Not sent"));
}

TEST_F(NestedCalls, AreMadeOnce) {
    start_front([this](Server& server) {
        server.method("twice", [this](const Wish& wish, Context& context) -> task<std::string> {
            auto call = context.call<look>(back(), wish);
            co_await call;
            std::string caught;
            try {
                co_await call;
            } catch (const Error& error) {
                caught = error.message();
            }
            co_return caught;
        });
        server.method("never", [this](const Wish& wish, Context& context) {
            const auto call = context.call<look>(back(), wish);
            return 1;
        });
        server.method("closed", [this](const Wish& wish, Context& context) -> task<std::string> {
            Client closed{test::address_of(back_)};
            closed.close();
            std::string code;
            try {
                co_await context.call<look>(closed, wish);
            } catch (const Error& error) {
                code = name_of(error.code());
            }
            co_return code;
        });
    });
    const Dynamic wish = Dynamic::map({{"name", "x"}});
    EXPECT_EQ(client_->call("twice", wish), Dynamic{"This call was made already"});
    const std::uint64_t before = back().counters().calls;
    EXPECT_EQ(client_->call("never", wish), Dynamic{1});
    EXPECT_EQ(back().counters().calls, before);
    EXPECT_EQ(client_->call("closed", wish), Dynamic{"cancelled"});
}

task<int> relay(Client& to, int number, Context& context) {
    const Live live;
    const int given = co_await context.call<wait_for_it>(to, number);
    co_return given;
}

TEST_F(NestedCalls, HoldNoThread) {
    constexpr std::size_t count = 10'000;
    start_front(
        [this](Server& server) {
            server.method(
                "relay",
                [this](int number, Context& context) { return relay(back(), number, context); },
                {"number"});
            server.method("now", [] { return 1; });
        },
        {.workers = 2});
    std::mutex mutex;
    std::vector<int> gotten;
    std::promise<void> all;
    for (std::size_t number = 0; number < count; ++number) {
        client_->start_call("relay", Dynamic::map({{"number", 1}}),
                            [&](std::expected<Dynamic, Failure> outcome) {
                                const std::lock_guard lock{mutex};
                                gotten.push_back(outcome ? outcome->as<int>() : -1);
                                if (gotten.size() == count) {
                                    all.set_value();
                                }
                            });
    }
    std::vector<Responder<int>> responders = held_.take(count);
    EXPECT_EQ(client_->call("now", Dynamic::map({})), Dynamic{1}) << "the workers are free";
    for (Responder<int>& responder : responders) {
        responder.respond(5);
    }
    all.get_future().wait();
    const std::lock_guard lock{mutex};  // the last one may still hold it
    EXPECT_EQ(gotten, std::vector<int>(count, 5));
}

TEST_F(NestedCalls, OfAServerToItselfDoNotStarveIt) {
    std::unique_ptr<Client> itself;
    start_front(
        [&](Server& server) {
            server.method(
                "fibonacci",
                [&](int number, Context& context) -> task<int> {
                    if (number < 2) {
                        co_return number;
                    }
                    const Dynamic first = Dynamic::map({{"number", number - 1}});
                    const Dynamic second = Dynamic::map({{"number", number - 2}});
                    const Dynamic below = co_await context.call(*itself, "fibonacci", first);
                    const Dynamic beside = co_await context.call(*itself, "fibonacci", second);
                    co_return below.as<int>() + beside.as<int>();
                },
                {"number"});
        },
        {.workers = 1});
    itself = std::make_unique<Client>(test::address_of(*front_));
    EXPECT_EQ(client_->call("fibonacci", Dynamic::map({{"number", 12}})), Dynamic{144});
    front_.reset();
}

TEST_F(NestedCalls, AreCancelledWithTheOuterCall) {
    std::promise<Code> inner;
    start_front([&](Server& server) {
        server.method("relay",
                      [&](int number, Context& context) -> task<int> {
                          const Live live;
                          int given = 0;
                          try {
                              given = co_await context.call<wait_for_it>(back(), number);
                          } catch (const Error& error) {
                              inner.set_value(error.code());
                              throw;
                          }
                          co_return given;
                      },
                      {"number"});
    });
    std::stop_source stop;
    std::jthread caller{[&] {
        const Failure failure = failure_of([&] {
            client_->call("relay", Dynamic::map({{"number", 1}}), {.stop = stop.get_token()});
        });
        EXPECT_EQ(failure.code, Code::cancelled);
    }};
    std::vector<Responder<int>> responders = held_.take(1);
    stop.request_stop();
    EXPECT_EQ(inner.get_future().get(), Code::cancelled);
    // The back hears of it, too.
    std::promise<void> stopped;
    const std::stop_callback told{held_.token(0), [&] { stopped.set_value(); }};
    stopped.get_future().wait();
    responders[0].respond(1);
}

TEST_F(NestedCalls, AreOverBeforeTheOuterCallIs) {
    start_front([this](Server& server) {
        server.method("relay",
                      [this](int number, Context& context) -> task<std::string> {
                          context.call_margin = 1min;
                          std::string caught;
                          try {
                              co_await context.call<wait_for_it>(back(), number);
                          } catch (const Error& error) {
                              caught = name_of(error.code());
                          }
                          co_return caught;
                      },
                      {"number"});
    });
    // What is left for the inner call is 10 ms.
    EXPECT_EQ(client_->call("relay", Dynamic::map({{"number", 1}}), {.timeout = 1min + 10ms}),
              Dynamic{"deadline_exceeded"});
}

TEST_F(NestedCalls, AreWaitedForByAServerThatDrains) {
    start_front([this](Server& server) {
        server.method(
            "relay",
            [this](int number, Context& context) { return relay(back(), number, context); },
            {"number"});
    });
    std::promise<Dynamic> done;
    client_->start_call("relay", Dynamic::map({{"number", 1}}),
                        [&](std::expected<Dynamic, Failure> outcome) {
                            done.set_value(outcome.value_or(Dynamic{}));
                        });
    std::vector<Responder<int>> responders = held_.take(1);
    EXPECT_FALSE(front_->drain(1ms));
    responders[0].respond(3);
    EXPECT_TRUE(front_->drain(30s));
    EXPECT_EQ(done.get_future().get(), Dynamic{3});
}

TEST_F(NestedCalls, OfAServerThatEndsAreCancelled) {
    start_front(
        [this](Server& server) {
            server.method(
                "relay",
                [this](int number, Context& context) { return relay(back(), number, context); },
                {"number"});
        },
        {.drain_timeout = 1ms});
    std::promise<void> ended;
    client_->start_call("relay", Dynamic::map({{"number", 1}}),
                        [&](std::expected<Dynamic, Failure> outcome) {
                            EXPECT_FALSE(outcome.has_value());
                            ended.set_value();
                        });
    const std::vector<Responder<int>> responders = held_.take(1);
    front_->stop();
    EXPECT_EQ(Live::count, 0);
    ended.get_future().wait();
}

}  // namespace nested_call_test
