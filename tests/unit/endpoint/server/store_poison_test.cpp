#include <warren/client.hpp>
#include <warren/responder.hpp>
#include <warren/server.hpp>

#include "store/call_store.hpp"
#include "store/open_session.hpp"
#include "support/served.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

// Calls that ended their process, as a store tells it.
namespace warren {
namespace {

using namespace std::chrono_literals;

CallOptions keyed(std::string key, std::chrono::milliseconds timeout = 20s) {
    return {.timeout = timeout, .idempotency_key = std::move(key)};
}

class StorePoison : public testing::Test {
protected:
    std::string path() const { return directory_.file("store.db"); }

    /// A process begins `count` under a key, with 7, and ends.
    void crash(const std::string& key, int times) {
        for (int i = 0; i < times; ++i) {
            store::CallStore store{store::open_sqlite(path()).value(), {}};
            std::promise<store::Claimed> claimed;
            store.claim({.key = "k" + key,
                         .method = "count",
                         .request = store::request_hash("count", "\x81\xA6number\x07")},
                        [&](auto outcome) { claimed.set_value(std::move(outcome.value())); });
            ASSERT_EQ(claimed.get_future().get().state, store::ClaimState::fresh);
        }
    }

    void serve(std::uint32_t attempts_max) {
        server_ = std::make_unique<Server>(
            ServerOptions{.store = {.sqlite = path(), .attempts_max = attempts_max}});
        server_->method("count",
                        [this](int, Context& context, Responder<std::uint32_t> responder) {
                            const std::lock_guard lock{mutex_};
                            attempts_.push_back(context.attempt);
                            const auto waits = waiting_.find(std::string{context.idempotency_key});
                            if (waits != waiting_.end()) {
                                waits->second.set_value(std::move(responder));
                                waiting_.erase(waits);
                            } else {
                                responder.respond(context.attempt);
                            }
                        },
                        {"number"});
        server_->listen("tcp://127.0.0.1:0");
        server_->start();
        client_ = std::make_unique<Client>(test::address_of(*server_));
    }

    /// The call under a key waits for this responder, once it has begun.
    std::future<Responder<std::uint32_t>> responder_of(const std::string& key) {
        const std::lock_guard lock{mutex_};
        return waiting_[key].get_future();
    }
    Dynamic call(const CallOptions& options) {
        return client_->call("count", Dynamic::map({{"number", 7}}), options);
    }
    std::future<Dynamic> call_later(std::string key) {
        return std::async(std::launch::async,
                          [this, key = std::move(key)] { return call(keyed(key)); });
    }
    /// Whether a call ends at its deadline, as this server or the client says it.
    bool is_held(const std::string& key) {
        const Code code = test::failure_of([&] { call(keyed(key, 100ms)); }).code;
        return code == Code::expired_in_queue || code == Code::deadline_exceeded;
    }
    std::size_t begun() {
        const std::lock_guard lock{mutex_};
        return attempts_.size();
    }
    std::vector<store::DeadCall> dead() {
        store::CallStore store{store::open_sqlite(path()).value(), {}};
        std::promise<std::vector<store::DeadCall>> found;
        store.run({.change = [&](store::CallSession& session,
                                 std::int64_t) -> std::expected<bool, Failure> {
                       found.set_value(session.dead_after(0, 10).value());
                       return false;
                   },
                   .completion = [](const auto&) {}});
        return found.get_future().get();
    }

private:
    test::TemporaryDirectory directory_;
    std::mutex mutex_;
    std::map<std::string, std::promise<Responder<std::uint32_t>>> waiting_;
    std::vector<std::uint32_t> attempts_;

protected:
    std::unique_ptr<Server> server_;
    std::unique_ptr<Client> client_;
};

TEST_F(StorePoison, IsAnsweredAndKept) {
    crash("k", 5);
    serve(5);
    CallOptions options = keyed("k");
    options.priority = 3;
    for (int i = 0; i < 2; ++i) {
        const Failure failure = test::failure_of([&] { call(options); });
        EXPECT_EQ(failure.code, Code::failed);
        EXPECT_TRUE(failure.message.starts_with("poisoned: it was begun 5 times"))
            << failure.message;
        EXPECT_EQ(failure.is_replayed, i == 1);
    }
    EXPECT_EQ(begun(), 0U);
    const auto kept = dead();
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0].method, "count");
    EXPECT_EQ(kept[0].key, "kk");
    EXPECT_EQ(kept[0].attempts, 5U);
    EXPECT_TRUE(kept[0].reason.starts_with("poisoned: "));
    EXPECT_GT(kept[0].first_at_ms, 0);
    EXPECT_GE(kept[0].last_at_ms, kept[0].first_at_ms);
    EXPECT_NE(kept[0].server.find("process"), std::string::npos);
}

TEST_F(StorePoison, IsNoneBelowItsLimitOrWithoutOne) {
    crash("k", 5);
    serve(6);
    EXPECT_EQ(call(keyed("k")), Dynamic{6});
    server_.reset();
    crash("other", 5);
    serve(0);
    EXPECT_EQ(call(keyed("other")), Dynamic{6});
    EXPECT_TRUE(dead().empty());
}

TEST_F(StorePoison, ASuspectRunsAlone) {
    crash("suspect", 1);
    crash("second", 2);
    serve(5);
    auto running = responder_of("first");
    auto suspect = responder_of("suspect");
    auto second = responder_of("second");
    auto first = call_later("first");
    auto of_first = running.get();
    auto of_suspect = call_later("suspect");
    // It waits for what runs, and what comes waits for it, until its deadline and no longer. What
    // the store does not know of goes on.
    while (!is_held("probe")) {
    }
    const std::size_t before = begun();
    EXPECT_EQ(suspect.wait_for(0s), std::future_status::timeout);
    of_first.respond(1);
    first.get();
    auto alone = suspect.get();
    EXPECT_TRUE(is_held("neighbour"));
    auto of_second = call_later("second");
    EXPECT_EQ(begun(), before + 1);
    alone.respond(2);
    of_suspect.get();
    second.get().respond(3);
    EXPECT_EQ(of_second.get(), Dynamic{3});
    EXPECT_EQ(call(keyed("neighbour")), Dynamic{1});
    EXPECT_EQ(begun(), before + 3);
}

TEST_F(StorePoison, ASuspectThatNobodyWaitsForHoldsNothingBack) {
    crash("suspect", 1);
    serve(5);
    auto running = responder_of("first");
    auto first = call_later("first");
    auto of_first = running.get();
    EXPECT_TRUE(is_held("suspect"));
    of_first.respond(1);
    first.get();
    EXPECT_EQ(call(keyed("neighbour")), Dynamic{1});
    EXPECT_EQ(call(keyed("suspect")), Dynamic{2});
}

}  // namespace
}  // namespace warren
