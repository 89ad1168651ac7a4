#include "store/set_aside.hpp"

#include "store/unix_time.hpp"
#include "unit/store/store_kinds.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

// Calls that a store has without anybody who waits for them, in every kind of store.
namespace warren::store {
namespace {

class StoresAside : public StoresOfAnyKind {};

INSTANTIATE_TEST_SUITE_P(, StoresAside,
                         testing::Values(&make_kind<SqliteKind>, &make_kind<PostgreSqlKind>),
                         [](const auto& kind) {
                             return std::string{kind.index == 0 ? "Sqlite" : "PostgreSql"};
                         });

using enum ClaimState;

/// Run something on a store, and wait until it is durable.
bool operate(CallStore& store,
             std::function<std::expected<bool, Failure>(CallSession&, std::int64_t)> change) {
    std::promise<std::expected<bool, Failure>> promise;
    store.run({.change = std::move(change),
               .completion = [&](auto outcome) { promise.set_value(std::move(outcome)); }});
    return promise.get_future().get().value();
}

std::expected<bool, Failure> bury(CallStore& store, HeldCall call, DeadCall dead,
                                  std::string response) {
    std::promise<std::expected<bool, Failure>> promise;
    store.bury(std::move(call), std::move(dead), std::move(response),
               [&](auto buried) { promise.set_value(std::move(buried)); });
    return promise.get_future().get();
}

std::vector<DeadCall> dead_in(CallStore& store) {
    std::vector<DeadCall> dead;
    operate(store, [&](CallSession& session, std::int64_t) -> std::expected<bool, Failure> {
        dead = session.dead_after(0, 100).value();
        return false;
    });
    return dead;
}

TEST_P(StoresAside, KeepWhatIsGivenUp) {
    {
        const auto store = open();
        ASSERT_EQ(state_of(*store, request_of("k")), fresh);
    }
    const auto store = open();
    const auto claimed = claim_of_ended(*store, request_of("k"));
    EXPECT_EQ(claimed.crashes, 1U);
    EXPECT_GT(claimed.first_at_ms, 0);
    const DeadCall dead{.key = "k",
                        .method = "add",
                        .request = std::string{"a\0b", 3},
                        .reason = "poisoned",
                        .attempts = 1,
                        .first_at_ms = claimed.first_at_ms,
                        .last_at_ms = claimed.first_at_ms + 1,
                        .server = "here"};
    EXPECT_FALSE(bury(*store, {"k", 7}, dead, "response").value());  // somebody else's
    EXPECT_TRUE(dead_in(*store).empty());
    EXPECT_TRUE(bury(*store, {"k", 2}, dead, "response").value());
    const auto again = claim(*store, request_of("k")).value();
    EXPECT_EQ(again.state, answered);
    EXPECT_EQ(again.response, "response");
    const auto kept = dead_in(*store);
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0].checksum(), dead.checksum());
    EXPECT_TRUE(kept[0].is_whole);
    EXPECT_TRUE(operate(*store, [&](CallSession& session, std::int64_t) {
        return session.remove_dead(kept[0].id);
    }));
    EXPECT_TRUE(dead_in(*store).empty());
    EXPECT_TRUE(operate(
        *store, [&](CallSession& session, std::int64_t) { return session.forget_call("k"); }));
    EXPECT_EQ(state_of(*store, request_of("k")), fresh);
}

class Warnings final : public Log {
public:
    void write(LogLevel level, std::string_view line) override {
        const std::lock_guard lock{mutex_};
        if (level == LogLevel::warning) {
            lines_.emplace_back(line);
        }
    }
    std::vector<std::string> lines() const {
        const std::lock_guard lock{mutex_};
        return lines_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

/// Begin a call, and give it up.
/// out  what it counts for
std::uint64_t bury_new(CallStore& store, const std::string& key, std::int64_t last_at_ms) {
    EXPECT_EQ(state_of(store, request_of(key)), fresh);
    const DeadCall dead{.key = key,
                        .method = "m\u00e4n",
                        .request = std::string(100, '\0'),
                        .reason = "poisoned",
                        .attempts = 1,
                        .last_at_ms = last_at_ms,
                        .server = "here"};
    EXPECT_TRUE(bury(store, {key, 1}, dead, "response").value());
    return dead.bytes();
}

std::string keys_of(const std::vector<DeadCall>& dead) {
    std::string keys;
    for (const DeadCall& each : dead) {
        keys += each.key;
    }
    return keys;
}

TEST_P(StoresAside, DeleteWhatWasGivenUpAndIsTooMuch) {
    const auto log = std::make_shared<Warnings>();
    const std::uint64_t bytes = bury_new(*open(), "a", unix_ms_now());
    const auto store = open({.dead_limits = {.bytes_max = 3 * bytes}, .log = log});
    for (const char* const key : {"b", "c"}) {
        bury_new(*store, key, unix_ms_now());
    }
    EXPECT_EQ(keys_of(dead_in(*store)), "abc");
    EXPECT_TRUE(log->lines().empty());
    bury_new(*store, "d", unix_ms_now());
    EXPECT_EQ(keys_of(dead_in(*store)), "bcd");
    EXPECT_EQ(store->counters().dead_too_much, 1U);
    EXPECT_EQ(store->counters().dead_too_old, 0U);
    ASSERT_EQ(log->lines().size(), 1U);
    EXPECT_TRUE(log->lines()[0].contains(store->name())) << log->lines()[0];
    EXPECT_TRUE(log->lines()[0].contains("dead_bytes_max"));
    // Its answer has limits of its own.
    EXPECT_EQ(state_of(*store, request_of("a")), answered);
}

TEST_P(StoresAside, DeleteWhatWasGivenUpAndIsTooOld) {
    constexpr std::int64_t hour_ms = 3'600'000;
    {
        const auto store = open();
        bury_new(*store, "a", unix_ms_now() - 3 * hour_ms);
        bury_new(*store, "b", unix_ms_now());
        bury_new(*store, "c", unix_ms_now() - 3 * hour_ms);
        EXPECT_EQ(keys_of(dead_in(*store)), "abc");
    }
    const auto store = open({.dead_limits = {.keep_ms = 2 * hour_ms}});
    EXPECT_EQ(state_of(*store, request_of("a")), answered);
    EXPECT_EQ(keys_of(dead_in(*store)), "b");
    EXPECT_EQ(store->counters().dead_too_old, 2U);
}

TEST_P(StoresAside, DeleteAnyNumberOfThemOneTransactionAfterTheOther) {
    constexpr int count = 1'300;
    {
        const auto store = open();
        operate(
            *store, [](CallSession& session, std::int64_t now_ms) -> std::expected<bool, Failure> {
                for (int at = 0; at < count; ++at) {
                    session.insert_dead({.key = std::to_string(at), .last_at_ms = now_ms}).value();
                }
                return true;
            });
    }
    const auto store = open({.dead_limits = {.bytes_max = 4}});
    // Nobody asks it for anything meanwhile but how far it is.
    EXPECT_EQ(state_of(*store, request_of("k")), fresh);
    while (store->counters().dead_too_much != count - 1) {
        std::this_thread::yield();
    }
    EXPECT_EQ(keys_of(dead_in(*store)), std::to_string(count - 1));
}

std::vector<LaterCall> take_later(CallStore& store, std::int64_t now_ms) {
    std::vector<LaterCall> taken;
    operate(store, [&](CallSession& session, std::int64_t) -> std::expected<bool, Failure> {
        taken = session.take_later(now_ms, 2, std::vector<std::string>{"add"}).value();
        return !taken.empty();
    });
    return taken;
}

bool change_later(CallStore& store, std::optional<LaterCall> put, const std::string& removed) {
    return operate(store, [&](CallSession& session, std::int64_t) -> std::expected<bool, Failure> {
        if (put) {
            session.put_later(*put).value();
        } else {
            session.remove_later(removed).value();
        }
        return true;
    });
}

TEST_P(StoresAside, GiveOutWhatIsDueOnce) {
    const auto here = open();
    auto elsewhere = open();
    for (const std::int64_t due : {300, 100, 200}) {
        change_later(*here, LaterCall{"k" + std::to_string(due), "add", "request", due}, {});
    }
    EXPECT_TRUE(take_later(*here, 99).empty());
    const auto first = take_later(*elsewhere, 100);
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(first[0].key, "k100");
    EXPECT_EQ(first[0].request, "request");
    EXPECT_TRUE(first[0].is_whole);
    EXPECT_EQ(take_later(*here, 1'000).size(), 2U);
    EXPECT_TRUE(take_later(*here, 1'000).empty());
    EXPECT_TRUE(take_later(*elsewhere, 1'000).empty());
    // Of one whose process has ended another one gets it.
    elsewhere.reset();
    auto left = take_later(*here, 1'000);
    while (left.empty()) {
        left = take_later(*here, 1'000);  // until the database hears of it
    }
    EXPECT_EQ(left.size(), 1U);
    // Of a method that is not served here another server gets it.
    change_later(*here, LaterCall{"k400", "sub", "request", 400}, {});
    EXPECT_TRUE(take_later(*here, 1'000).empty());
    // What is put again nobody has.
    change_later(*here, LaterCall{"k200", "add", "other", 500}, {});
    EXPECT_EQ(take_later(*here, 1'000).at(0).request, "other");
    change_later(*here, std::nullopt, "k200");
    change_later(*here, std::nullopt, "k300");
    here->let_go({"none", 1}, LetGo::undone);
    EXPECT_TRUE(take_later(*here, 1'000).empty());
}

}  // namespace
}  // namespace warren::store
