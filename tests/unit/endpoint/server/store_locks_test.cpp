#include <warren/client.hpp>
#include <warren/responder.hpp>
#include <warren/server.hpp>
#include <warren/transaction.hpp>

#include "support/served.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <array>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <queue>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

// Locks with a name, of servers that share a store.
namespace warren {

struct Vessel {
    std::string name;
};
WARREN_MODEL(Vessel, (name))

namespace store_locks {
namespace {

using namespace std::chrono_literals;

/// A handler that has begun, and what ends it.
struct Begun {
    std::string what;
    std::uint64_t token;
    std::stop_token stop;
    Responder<void> responder;
};

class BegunOnes {
public:
    void put(Begun begun) {
        const std::lock_guard lock{mutex_};
        begun_.push(std::move(begun));
        changed_.notify_all();
    }
    Begun take() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return !begun_.empty(); });
        Begun first = std::move(begun_.front());
        begun_.pop();
        return first;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::queue<Begun> begun_;
};

/// A server, over TCP.
class Harbour {
public:
    Harbour(std::string name, BegunOnes& begun, StoreOptions store)
        : name_{std::move(name)}, server_{{.workers = 2, .store = std::move(store)}} {
        for (const char* const method : {"enter", "leave", "wait"}) {
            auto options = server_.method(
                method,
                [this, &begun](const Vessel& vessel, Context& context, Responder<void> responder) {
                    begun.put({name_ + ' ' + std::string{context.method} + ' ' + vessel.name,
                               context.fencing_token, context.stop, std::move(responder)});
                });
            if (options.lock_on(&Vessel::name, "vessel"); std::string_view{method} == "leave") {
                options.run_on_io_thread();
            }
        }
        server_
            .method("own",
                    [this, &begun](const Vessel&, Context& context, Responder<void> responder) {
                        begun.put({name_ + " own", context.fencing_token, context.stop,
                                   std::move(responder)});
                    })
            .lock_on(&Vessel::name);
        server_
            .method("commit",
                    [](const Vessel&, Context& context) { context.commit([](Transaction&) {}); })
            .lock_on(&Vessel::name, "other");
        server_
            .method("lose_and_commit",
                    [this](const Vessel&, Context& context) {
                        committing.set_value();
                        std::mutex mutex;
                        std::condition_variable_any stopped;
                        std::unique_lock lock{mutex};
                        stopped.wait(lock, context.stop, [] { return false; });
                        context.commit([](Transaction&) {});
                    })
            .lock_on(&Vessel::name, "other");
        server_.listen("tcp://127.0.0.1:0");
        server_.start();
        client_.emplace(test::address_of(server_), ClientOptions{.timeout = 60s});
    }

    struct Call {
        std::shared_ptr<std::promise<std::expected<Dynamic, Failure>>> done =
            std::make_shared<std::promise<std::expected<Dynamic, Failure>>>();
        /// out  none: success
        std::optional<Code> code() {
            const auto outcome = done->get_future().get();
            return outcome ? std::nullopt : std::optional{outcome.error().code};
        }
    };
    Call call(const char* method, const char* vessel, CallOptions options = {}) {
        Call call;
        client_->start_call(
            method, Dynamic::map({{"name", vessel}}),
            [done = call.done](std::expected<Dynamic, Failure> outcome) {
                done->set_value(std::move(outcome));
            },
            std::move(options));
        return call;
    }
    Server& server() { return server_; }

    std::promise<void> committing;  // a handler has begun that commits when it has lost its lock

private:
    const std::string name_;
    Server server_;
    std::optional<Client> client_;
};

class LocksOfAStore : public testing::Test {
protected:
    StoreOptions store() const { return {.sqlite = path()}; }
    std::string path() const { return directory_.file("store.db"); }
    /// What comes behind a call on its connection, and begins, says that the call is waiting.
    void await_arrival(Harbour& harbour, const std::string& name) {
        auto call = harbour.call("own", "another");
        Begun behind = begun_.take();
        EXPECT_EQ(behind.what, name + " own");
        behind.responder.respond();
        EXPECT_EQ(call.code(), std::nullopt);
    }

    BegunOnes begun_;

private:
    test::TemporaryDirectory directory_;
};

TEST_F(LocksOfAStore, HoldBetweenItsServersInTurn) {
    Harbour a{"a", begun_, store()};
    Harbour b{"b", begun_, store()};
    auto first = a.call("enter", "x");
    Begun running = begun_.take();
    EXPECT_EQ(running.what, "a enter x");
    EXPECT_GT(running.token, 0U);
    auto second = a.call("leave", "x");
    auto third = a.call("wait", "x");
    await_arrival(a, "a");
    auto fourth = b.call("leave", "x");
    auto fifth = b.call("enter", "x");
    await_arrival(b, "b");
    // Another vessel is another lock.
    auto other = b.call("enter", "y");
    Begun of_other = begun_.take();
    EXPECT_EQ(of_other.what, "b enter y");
    of_other.responder.respond();
    EXPECT_EQ(other.code(), std::nullopt);
    // Servers take turns, and each lets its own calls have theirs in order of arrival.
    for (const char* const next : {"b leave x", "a leave x", "b enter x", "a wait x"}) {
        const std::uint64_t token = running.token;
        running.responder.respond();
        running = begun_.take();
        EXPECT_EQ(running.what, next);
        EXPECT_GT(running.token, token);
    }
    running.responder.respond();
    for (auto* const call : std::array{&first, &second, &third, &fourth, &fifth}) {
        EXPECT_EQ(call->code(), std::nullopt);
    }
}

TEST_F(LocksOfAStore, AreNotThoseWithoutANameOrWithoutAStore) {
    Harbour a{"a", begun_, store()};
    Harbour b{"b", begun_, store()};
    Harbour without{"without", begun_, {}};
    auto here = a.call("own", "x");
    Begun first = begun_.take();
    auto there = b.call("own", "x");
    Begun second = begun_.take();
    EXPECT_EQ(first.token, 0U);
    EXPECT_EQ(second.token, 0U);
    auto alone = without.call("enter", "x");
    Begun third = begun_.take();
    EXPECT_EQ(third.token, 0U);
    for (Begun* const begun : {&first, &second, &third}) {
        begun->responder.respond();
    }
    for (auto* const call : {&here, &there, &alone}) {
        EXPECT_EQ(call->code(), std::nullopt);
    }
}

TEST_F(LocksOfAStore, AreNotWaitedForBeyondADeadline) {
    Harbour a{"a", begun_, store()};
    Harbour b{"b", begun_, store()};
    auto first = a.call("enter", "x");
    Begun running = begun_.take();
    auto late = b.call("enter", "x", {.timeout = 100ms});
    EXPECT_NE(late.code(), std::nullopt);
    // It has left nothing behind, neither there nor here.
    auto next = b.call("wait", "x");
    await_arrival(b, "b");
    running.responder.respond();
    running = begun_.take();
    EXPECT_EQ(running.what, "b wait x");
    running.responder.respond();
    EXPECT_EQ(first.code(), std::nullopt);
    EXPECT_EQ(next.code(), std::nullopt);
}

TEST_F(LocksOfAStore, AreNotWaitedForByAServerThatStops) {
    Harbour a{"a", begun_, store()};
    auto first = a.call("enter", "x");
    Begun running = begun_.take();
    {
        Harbour b{"b", begun_, store()};
        auto waits = b.call("enter", "x");
        await_arrival(b, "b");
        EXPECT_TRUE(b.server().stop_now(60s));
        EXPECT_NE(waits.code(), std::nullopt);
    }
    auto next = a.call("leave", "x");
    running.responder.respond();
    running = begun_.take();
    EXPECT_EQ(running.what, "a leave x");
    running.responder.respond();
    EXPECT_EQ(first.code(), std::nullopt);
    EXPECT_EQ(next.code(), std::nullopt);
}

/// Where a store was that is away.
class Away {
public:
    explicit Away(std::string path) : path_{std::move(path)} { move(path_, path_ + ".away"); }
    Away(const Away&) = delete;
    Away& operator=(const Away&) = delete;
    ~Away() { move(path_ + ".away", path_); }

private:
    static void move(const std::string& from, const std::string& to) {
        for (const char* const suffix : {"", "-wal", "-shm"}) {
            std::error_code ignored;
            std::filesystem::rename(from + suffix, to + suffix, ignored);
        }
    }
    const std::string path_;
};

TEST_F(LocksOfAStore, AreOverloadedWhileItIsAway) {
    Harbour a{"a", begun_, store()};
    {
        const Away away{path()};
        auto refused = a.call("enter", "x");
        EXPECT_EQ(refused.code(), Code::overloaded);
        await_arrival(a, "a");  // what needs no store goes on
    }
    auto call = a.call("enter", "x");
    Begun running = begun_.take();
    running.responder.respond();
    EXPECT_EQ(call.code(), std::nullopt);
}

TEST_F(LocksOfAStore, StopACallThatLosesItsOwnWhichIsNoSuccess) {
    StoreOptions options = store();
    options.lock_lease = 1s;
    Harbour a{"a", begun_, options};
    auto call = a.call("enter", "x", {.idempotency_key = "k"});
    Begun running = begun_.take();
    auto commits = a.call("lose_and_commit", "x");
    a.committing.get_future().wait();
    auto away = std::make_optional<Away>(path());
    std::promise<void> stopped;
    {
        const std::stop_callback on_stop{running.stop, [&] { stopped.set_value(); }};
        stopped.get_future().wait();
    }
    away.reset();
    running.responder.respond();
    EXPECT_EQ(call.code(), Code::outcome_unknown);
    EXPECT_EQ(commits.code(), Code::outcome_unknown);
    // It is not remembered: whoever comes again has it done, with a new lock.
    auto again = a.call("enter", "x", {.idempotency_key = "k"});
    Begun anew = begun_.take();
    EXPECT_GT(anew.token, running.token);
    EXPECT_FALSE(anew.stop.stop_requested());
    anew.responder.respond();
    EXPECT_EQ(again.code(), std::nullopt);
    auto committed = a.call("commit", "x");
    EXPECT_EQ(committed.code(), std::nullopt);
}

TEST_F(LocksOfAStore, AreNotNeededForAReplyThatIsKept) {
    Harbour a{"a", begun_, store()};
    auto first = a.call("enter", "x", {.idempotency_key = "k"});
    Begun running = begun_.take();
    running.responder.respond();
    EXPECT_EQ(first.code(), std::nullopt);
    auto holder = a.call("leave", "x");
    Begun holds = begun_.take();
    auto again = a.call("enter", "x", {.idempotency_key = "k"});
    EXPECT_EQ(again.code(), std::nullopt);
    holds.responder.respond();
    EXPECT_EQ(holder.code(), std::nullopt);
}

TEST_F(LocksOfAStore, HaveALeaseThatIsNeitherTooShortNorTooLong) {
    for (const std::chrono::milliseconds lease : {999ms, 3'600'001ms}) {
        StoreOptions options = store();
        options.lock_lease = lease;
        const Failure failure = test::failure_of([&] { Harbour{"a", begun_, options}; });
        EXPECT_EQ(failure.code, Code::invalid_request);
        EXPECT_NE(failure.message.find("lock_lease"), std::string::npos);
    }
}

}  // namespace
}  // namespace store_locks
}  // namespace warren
