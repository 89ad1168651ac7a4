#include <warren/client.hpp>
#include <warren/interceptor.hpp>
#include <warren/retry_later.hpp>
#include <warren/server.hpp>

#include "store/call_store.hpp"
#include "store/open_session.hpp"
#include "store/set_aside.hpp"
#include "support/served.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

// Calls whose handlers ask to be tried again later, where a store has them meanwhile.
namespace warren {
namespace {

using namespace std::chrono_literals;

struct Told {
    Secret<std::string> word;
};
WARREN_MODEL(Told, (word))

WARREN_CONTRACT(tell, "tell", Told, void)

/// Says that a call has come, and refuses it.
class Refusing final : public ServerInterceptor {
public:
    std::optional<Failure> begin(CallAtServer&) override {
        came.set_value();
        return Failure{.code = Code::permission_denied, .message = "no more"};
    }

    std::promise<void> came;
};

class StoreLater : public testing::Test {
protected:
    void serve(std::uint32_t attempts_max = 5) {
        server_ = std::make_unique<Server>(ServerOptions{
            .store = {.sqlite = directory_.file("store.db"), .attempts_max = attempts_max}});
        const auto persist = [this](const std::string& name, const Context& context) {
            ++runs;
            if (context.attempt < 3) {
                throw RetryLater{1s, "not yet"};
            }
            done.set_value(name);
            return name + " " + std::to_string(context.attempt);
        };
        server_->method("persist", persist, {"name"});
        server_->method("persist_alone", persist, {"name"}).run_alone();
        server_->method(
            "later", [](std::int64_t after_s) { throw RetryLater{std::chrono::seconds{after_s}}; },
            {"after_s"});
        server_->listen("tcp://127.0.0.1:0");
        server_->start();
        client_ = std::make_unique<Client>(test::address_of(*server_));
    }
    static CallOptions keyed(std::string key) {
        return {.timeout = 20s, .idempotency_key = std::move(key)};
    }
    Dynamic persist(const std::string& method, const CallOptions& options) {
        return client_->call(method, Dynamic::map({{"name", "x"}}), options);
    }

    test::TemporaryDirectory directory_;
    std::atomic<int> runs = 0;
    std::promise<std::string> done;
    std::unique_ptr<Server> server_;
    std::unique_ptr<Client> client_;
};

TEST_F(StoreLater, WhoWaitsGetsTheReplyOfALaterAttempt) {
    serve();
    auto joined = std::async(std::launch::async, [&] { return persist("persist", keyed("k")); });
    EXPECT_EQ(persist("persist", keyed("k")), Dynamic{"x 3"});
    EXPECT_EQ(joined.get(), Dynamic{"x 3"});
    EXPECT_EQ(runs, 3);
}

TEST_F(StoreLater, OneThatWaitsHoldsNoLock) {
    serve();
    auto first =
        std::async(std::launch::async, [&] { return persist("persist_alone", keyed("k")); });
    while (runs == 0) {
        std::this_thread::yield();
    }
    // While it waits another one that runs alone goes on, and asks for the same.
    EXPECT_EQ(test::failure_of([&] { persist("persist_alone", {.timeout = 20s}); }).code,
              Code::overloaded);
    EXPECT_LT(runs, 4);
    EXPECT_EQ(first.get(), Dynamic{"x 3"});
}

TEST_F(StoreLater, WithoutTheTimeItIsForTheCaller) {
    serve();
    const Failure failure = test::failure_of(
        [&] { client_->call("later", Dynamic::map({{"after_s", 3600}}), keyed("k")); });
    EXPECT_EQ(failure.code, Code::overloaded);
    EXPECT_EQ(failure.retry_after, 3'600'000ms);
}

TEST_F(StoreLater, TooManyAttemptsArePoison) {
    serve(2);
    const Failure failure = test::failure_of([&] { persist("persist", keyed("k")); });
    EXPECT_EQ(failure.code, Code::failed);
    EXPECT_TRUE(failure.message.starts_with("poisoned: it was begun 2 times")) << failure.message;
    EXPECT_EQ(runs, 2);
}

TEST_F(StoreLater, WhatNobodySendsAgainIsRunByTheStore) {
    serve();
    client_->notify("persist", Dynamic::map({{"name", "one-way"}}), keyed("k"));
    EXPECT_EQ(done.get_future().get(), "one-way");
    EXPECT_EQ(runs, 3);
}

TEST_F(StoreLater, WhatTheStoreRunsIsUnderWhatWasReloadedMeanwhile) {
    serve();
    client_->notify("persist", Dynamic::map({{"name", "one-way"}}), keyed("k"));
    while (runs == 0) {
        std::this_thread::yield();
    }
    const auto refusing = std::make_shared<Refusing>();
    server_->reload({{.url = "tcp://127.0.0.1:0", .interceptors = {refusing}}});
    refusing->came.get_future().wait();
    server_.reset();
    EXPECT_EQ(runs, 1);
}

/// A secret's age is what it was when the call came: that does not change with what is reloaded.
TEST(StoreLaterSecrets, AreAsOldAsWhenTheyCameAlsoAfterAReload) {
    const test::TemporaryDirectory directory;
    const std::string key{"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="};
    const ListenerOptions options{
        .url = "tcp://127.0.0.1:0", .fernet_keys = {key}, .fernet_ttl = 1s};
    Server server{{.store = {.sqlite = directory.file("store.db")}}};
    std::promise<void> begun;
    std::promise<std::string> done;
    server.method("tell", [&](const Told& told, const Context& context) {
        if (context.attempt == 1) {
            begun.set_value();
            throw RetryLater{3s};
        }
        done.set_value(told.word.reveal());
    });
    server.listen(options);
    server.start();
    Client client{test::address_of(server), {.fernet_keys = {key}}};
    client.notify<tell>({Secret<std::string>{"xyzzy"}}, {.idempotency_key = "k"});
    begun.get_future().wait();
    server.reload({options});
    EXPECT_EQ(done.get_future().get(), "xyzzy");
}

}  // namespace
}  // namespace warren
