#include <warren/client.hpp>
#include <warren/responder.hpp>
#include <warren/server.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <expected>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace warren {

struct Query {
    std::string key;
};
WARREN_MODEL(Query, (key))

struct Found {
    int length = 0;
};
WARREN_MODEL(Found, (length))

namespace {

using namespace std::chrono_literals;

class Lines final : public Log {
public:
    void write(LogLevel, std::string_view line) override {
        const std::lock_guard lock{mutex_};
        lines_.emplace_back(line);
    }
    bool contain(std::string_view text) const {
        const std::lock_guard lock{mutex_};
        return std::ranges::any_of(lines_, [&](const auto& line) { return line.contains(text); });
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

/// What a handler has left to others, each to be taken once.
template <typename T>
class Waiting {
public:
    void put(Responder<T> responder) {
        const std::lock_guard lock{mutex_};
        responders_.push_back(std::move(responder));
        changed_.notify_all();
    }
    Responder<T> take() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return !responders_.empty(); });
        Responder<T> first = std::move(responders_.front());
        responders_.erase(responders_.begin());
        return first;
    }
    /// Once there are so many.
    std::vector<Responder<T>> take_all(std::size_t count) {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [&] { return responders_.size() == count; });
        return std::exchange(responders_, {});
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Responder<T>> responders_;
};

/// A server of methods that respond later, at memory and at TCP.
class Responders : public testing::Test {
protected:
    void start(const std::function<void(Server&)>& add, ServerOptions options = {}) {
        options.log = log_;
        server_ = std::make_unique<Server>(std::move(options));
        add(*server_);
        const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
        server_->listen("memory:responders_" + name);
        server_->listen(
            {.url = "tcp://127.0.0.1:0", .limits = {.connection_requests_max = 20'000}});
        std::promise<void> ready;
        server_->on_ready([&ready] { ready.set_value(); });
        server_->start();
        ready.get_future().wait();
        urls_ = server_->addresses();
    }

    const std::vector<std::string>& urls() const { return urls_; }

    std::shared_ptr<Lines> log_ = std::make_shared<Lines>();
    std::unique_ptr<Server> server_;
    std::vector<std::string> urls_;
};

Dynamic query(std::string key) {
    return Dynamic::map({{"key", std::move(key)}});
}

std::future<Dynamic> start_call(Client& client, const char* method, const Dynamic& arguments) {
    std::promise<Dynamic> done;
    auto reply = done.get_future();
    client.start_call(
        method, arguments,
        [done = std::move(done)](std::expected<Dynamic, Failure> outcome) mutable {
            if (outcome) {
                done.set_value(std::move(*outcome));
            } else {
                done.set_exception(std::make_exception_ptr(Error{std::move(outcome.error())}));
            }
        });
    return reply;
}

Failure failure_of(const std::function<void()>& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.failure();
    }
    ADD_FAILURE() << "it succeeded";
    return {};
}

TEST_F(Responders, AnswerLaterFromAnyThread) {
    Waiting<Found> waiting;
    start([&](Server& server) {
        server.method("look_up", [&](const Query&, Responder<Found> responder) {
            waiting.put(std::move(responder));
        });
    });
    for (const std::string& url : urls()) {
        Client client{url};
        auto reply = start_call(client, "look_up", query("x"));
        std::jthread{[&] { waiting.take().respond(Found{7}); }}.join();
        EXPECT_EQ(reply.get(), Dynamic::map({{"length", 7}})) << url;
    }
}

TEST_F(Responders, AnswerInsideOfTheHandlerToo) {
    start([](Server& server) {
        server.method("look_up", [](const Query& query, Responder<Found> responder) {
            responder.respond(Found{static_cast<int>(query.key.size())});
            EXPECT_FALSE(responder);
            // The request is there until the handler has returned.
            EXPECT_EQ(query.key, "four");
        });
        server
            .method("inline",
                    [](const Query&, Context& context, Responder<Found> responder) {
                        EXPECT_EQ(context.method, "inline");
                        responder.respond(Found{1});
                    })
            .run_on_io_thread();
    });
    for (const std::string& url : urls()) {
        Client client{url};
        EXPECT_EQ(client.call("look_up", query("four")), Dynamic::map({{"length", 4}})) << url;
        EXPECT_EQ(client.call("inline", query("x")), Dynamic::map({{"length", 1}})) << url;
    }
}

TEST_F(Responders, TakePlainParametersAndGiveWhatOtherHandlersGive) {
    start([](Server& server) {
        server.method("add", [](int a, int b, Responder<int> sum) { sum.respond(a + b); },
                      {"a", "b"});
        server.method("nothing", [](Responder<void> responder) { responder.respond(); });
        server.method("message", [](Responder<int> responder) {
            responder.respond(Reply<int>{1, "Onions are fine"});
        });
        server.method("refused", [](Responder<int> responder) {
            responder.respond(Reply<int>::failure("Out of onions", 3));
        });
        server.method("failed", [](Responder<int> responder) { responder.fail("No onions"); });
        server.method("conflict", [](Responder<void> responder) {
            responder.fail({.code = Code::conflict, .message = "Taken"});
        });
        server.method("claims", [](Responder<void> responder) {
            responder.fail({.code = Code::no_responder, .message = "Nobody"});
        });
    });
    for (const std::string& url : urls()) {
        Client client{url};
        EXPECT_EQ(client.call("add", Dynamic::map({{"a", 1}, {"b", 2}})), Dynamic{3});
        EXPECT_EQ(client.call("nothing", Dynamic::map({})), Dynamic{});
        EXPECT_EQ(client.call("message", Dynamic::map({})), Dynamic{1});
        const auto failure = [&](const char* method) {
            return failure_of([&] { client.call(method, Dynamic::map({})); });
        };
        EXPECT_EQ(failure("refused").code, Code::failed);
        EXPECT_EQ(failure("refused").data, Dynamic{3});
        EXPECT_EQ(failure("failed").message, "No onions");
        EXPECT_EQ(failure("conflict").code, Code::conflict);
        EXPECT_EQ(failure("claims").code, Code::internal) << "as of any handler";
        EXPECT_EQ(failure_of([&] { client.call("add", Dynamic::map({{"a", 1}})); }).code,
                  Code::invalid_request);
    }
}

TEST_F(Responders, ThatGoWithoutAResponseAnswerInternal) {
    start([](Server& server) {
        server.method("forgets", [](Responder<int>) {});
        server.method("moves_over", [](Responder<int> responder) {
            responder = Responder<int>{};
            EXPECT_FALSE(responder);
        });
        server.method("throws", [](Responder<int>) { throw Error{Code::conflict, "Taken"}; });
        server.method("throws_other", [](Responder<int>) { throw std::runtime_error{"a secret"}; });
    });
    for (const std::string& url : urls()) {
        Client client{url};
        const auto failure = [&](const char* method) {
            return failure_of([&] { client.call(method, Dynamic::map({})); });
        };
        EXPECT_EQ(failure("forgets").code, Code::internal);
        EXPECT_EQ(failure("moves_over").code, Code::internal);
        EXPECT_EQ(failure("throws").code, Code::conflict);
        EXPECT_EQ(failure("throws_other").code, Code::internal);
        EXPECT_FALSE(failure("throws_other").message.contains("secret"));
    }
    server_.reset();
    EXPECT_TRUE(log_->contain("let go of the responder"));
    EXPECT_TRUE(log_->contain("a secret"));
}

TEST_F(Responders, AnswerOnce) {
    start([](Server& server) {
        server.method("twice", [](Responder<int> responder) {
            responder.respond(1);
            EXPECT_THROW(responder.respond(2), Error);
            EXPECT_THROW(responder.fail("no"), Error);
        });
        server.method("throws_after", [](Responder<int> responder) {
            responder.respond(1);
            throw std::runtime_error{"too late"};
        });
        server.method("moved", [](Responder<int> responder) {
            Responder<int> other = std::move(responder);
            EXPECT_THROW(responder.respond(1), Error);
            other.respond(2);
        });
    });
    for (const std::string& url : urls()) {
        Client client{url};
        EXPECT_EQ(client.call("twice", Dynamic::map({})), Dynamic{1});
        EXPECT_EQ(client.call("throws_after", Dynamic::map({})), Dynamic{1});
        EXPECT_EQ(client.call("moved", Dynamic::map({})), Dynamic{2});
    }
}

TEST_F(Responders, HoldNoThread) {
    constexpr std::size_t count = 10'000;
    Waiting<int> waiting;
    start(
        [&](Server& server) {
            server.method("wait",
                          [&](int, Responder<int> responder) { waiting.put(std::move(responder)); },
                          {"number"});
            server.method("now", [] { return 1; });
        },
        {.workers = 2});
    Client client{urls()[1]};
    std::vector<std::future<Dynamic>> replies;
    for (std::size_t number = 0; number < count; ++number) {
        replies.push_back(start_call(client, "wait", Dynamic::map({{"number", 1}})));
    }
    std::vector<Responder<int>> all = waiting.take_all(count);
    EXPECT_EQ(client.call("now", Dynamic::map({})), Dynamic{1}) << "the workers are free";
    for (Responder<int>& responder : all) {
        responder.respond(5);
    }
    for (auto& reply : replies) {
        ASSERT_EQ(reply.get(), Dynamic{5});
    }
}

TEST_F(Responders, KeepTheirLockUntilTheyAnswer) {
    Waiting<int> waiting;
    start([&](Server& server) {
        server
            .method("locked", [&](const Query&,
                                  Responder<int> responder) { waiting.put(std::move(responder)); })
            .lock_on(&Query::key);
    });
    Client client{urls()[0]};
    auto first = start_call(client, "locked", query("x"));
    auto second = start_call(client, "locked", query("x"));
    auto other = start_call(client, "locked", query("y"));
    std::vector<Responder<int>> both = waiting.take_all(2);  // of x and y
    both[0].respond(1);
    both[1].respond(1);
    EXPECT_EQ(other.get(), Dynamic{1});
    EXPECT_EQ(first.get(), Dynamic{1});
    waiting.take().respond(2);
    EXPECT_EQ(second.get(), Dynamic{2});
}

TEST_F(Responders, AreToldWhenTheDeadlinePasses) {
    Waiting<int> waiting;
    std::promise<std::stop_token> token;
    start([&](Server& server) {
        server.method("wait", [&](Context& context, Responder<int> responder) {
            EXPECT_TRUE(context.deadline);
            waiting.put(std::move(responder));
            token.set_value(context.stop);
        });
    });
    Client client{urls()[1]};
    EXPECT_EQ(failure_of([&] { client.call("wait", Dynamic::map({}), {.timeout = 50ms}); }).code,
              Code::deadline_exceeded);
    const std::stop_token stop = token.get_future().get();
    std::promise<void> stopped;
    const std::stop_callback told{stop, [&] { stopped.set_value(); }};
    stopped.get_future().wait();
    waiting.take().respond(1);  // nobody hears of it
}

TEST_F(Responders, AreWaitedForByAServerThatDrains) {
    Waiting<int> waiting;
    start([&](Server& server) {
        server.method("wait", [&](Responder<int> responder) { waiting.put(std::move(responder)); });
    });
    Client client{urls()[0]};
    auto reply = start_call(client, "wait", Dynamic::map({}));
    Responder<int> responder = waiting.take();
    EXPECT_FALSE(server_->drain(1ms));
    responder.respond(3);
    EXPECT_TRUE(server_->drain(30s));
    EXPECT_EQ(reply.get(), Dynamic{3});
}

TEST_F(Responders, OfAServerThatEndsMayStillAnswer) {
    Waiting<int> waiting;
    start([&](Server& server) {
        server.method("wait", [&](Context& context, Responder<int> responder) {
            const std::stop_token stop = context.stop;
            waiting.put(std::move(responder));
            std::jthread{[&waiting, stop] {
                std::promise<void> stopped;
                const std::stop_callback told{stop, [&] { stopped.set_value(); }};
                stopped.get_future().wait();
                waiting.take().fail({.code = Code::cancelled, .message = "stopped"});
            }}.detach();
        });
    });
    Client client{urls()[1]};
    auto reply = start_call(client, "wait", Dynamic::map({}));
    static_cast<void>(server_->drain(1ms));
    server_.reset();
    EXPECT_THROW(reply.get(), Error);
}

TEST_F(Responders, HearThatNobodyWaitsWhereverTheirHandlerRan) {
    Waiting<int> waiting;
    std::stop_token stop;
    const auto wait = [&](Context& context, Responder<int> responder) {
        stop = context.stop;
        waiting.put(std::move(responder));
    };
    start([&](Server& server) {
        server.method("wait", wait);
        server.method("wait_here", wait).run_on_io_thread();
    });
    for (const std::string& url : urls()) {
        for (const char* const method : {"wait", "wait_here"}) {
            SCOPED_TRACE(url + method);
            auto client = std::make_unique<Client>(url);
            auto reply = start_call(*client, method, Dynamic::map({}));
            Responder<int> responder = waiting.take();
            std::promise<void> told;
            const std::stop_callback on_stop{stop, [&] { told.set_value(); }};
            client.reset();
            told.get_future().wait();
            responder.respond(1);
            EXPECT_THROW(reply.get(), Error);
        }
    }
}

TEST_F(Responders, OfAMockedServerAreNotAsked) {
    start(
        [](Server& server) {
            server.method("look_up", [](const Query&, Responder<Found>) { FAIL(); });
        },
        {.replies = ServerReplies::mock});
    Client client{urls()[0]};
    EXPECT_TRUE(client.call("look_up", query("x")).value().is_map());
}

}  // namespace
}  // namespace warren
