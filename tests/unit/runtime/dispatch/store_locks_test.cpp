#include "runtime/dispatch/store_locks.hpp"

#include <warren/model.hpp>

#include "store/open_session.hpp"
#include "support/temporary_directory.hpp"
#include "unit/runtime/dispatch/harness.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>

// Calls that wait for a lock which another server has.
namespace warren::runtime::test {

struct LockedElsewhere {
    std::int32_t number = 0;
};
WARREN_MODEL(LockedElsewhere, (number))

namespace {

constexpr store::LockTerms long_terms{.lease = 3'600s, .notice = 3'600s};

class LocksElsewhere : public testing::Test {
protected:
    LocksElsewhere() {
        stage_.registry
            .method("locked", [this](const LockedElsewhere&,
                                     Context& context) { token_ = context.fencing_token; })
            .lock_on(&LockedElsewhere::number, "numbers")
            .run_on_io_thread();
        locks_.emplace(*store_, stage_.dispatcher.calls());
        stage_.serve({.store_locks = &*locks_});
        take_elsewhere();
        call("waits");
        EXPECT_EQ(locks_->counters().waiting, 1U);
    }

    void call(std::string name) {
        stage_.call(std::move(name), "locked", Dynamic::map({{"number", 7}}));
        stage_.turn();
        flush();
        EXPECT_TRUE(stage_.outcomes.empty());
    }
    ServerCall& waiting() {
        ServerCall* found = nullptr;
        stage_.dispatcher.abandon(*stage_.listener, [&](ServerCall& call) {
            found = &call;
            return false;
        });
        return *found;
    }
    /// Wait until the store has done what it was asked for.
    void flush() {
        std::promise<void> done;
        store_->keep({"nobody's", 1}, "", [&](const auto&) { done.set_value(); });
        done.get_future().wait();
    }
    void take_elsewhere() {
        ASSERT_TRUE(elsewhere_->begin(store::Durability::process));
        const auto answer = elsewhere_->ask_lock(name(), 0, long_terms);
        ASSERT_TRUE(answer.has_value());
        ASSERT_NE(answer->token, 0U) << "somebody still has a place in the queue";
        token_elsewhere_ = answer->token;
        ASSERT_TRUE(elsewhere_->commit());
    }
    void release_elsewhere() {
        ASSERT_TRUE(elsewhere_->begin(store::Durability::process));
        ASSERT_TRUE(elsewhere_->release_lock(name(), token_elsewhere_));
        ASSERT_TRUE(elsewhere_->commit());
    }
    /// Nobody waits for the lock any more, here or there.
    void expect_nobody_waits() {
        flush();
        release_elsewhere();
        take_elsewhere();
        EXPECT_EQ(stage_.dispatcher.locks().size(), 0U);
        EXPECT_EQ(locks_->counters().waiting, 0U);
        EXPECT_EQ(locks_->counters().held, 0U);
        EXPECT_EQ(token_, 0U) << "it never began";
    }

    Stage stage_;
    std::optional<StoreLocks> locks_;
    std::uint64_t token_ = 0;
    std::uint64_t token_elsewhere_ = 0;

private:
    std::string name() const {
        const Dynamic number{7};
        std::string key;
        write_lock_key(*stage_.registry.find("locked"), &number.value(), key);
        return store::lock_name_of(std::move(key));
    }

    const warren::test::TemporaryDirectory directory_;
    std::unique_ptr<store::CallSession> elsewhere_ =
        store::open_sqlite(directory_.file("store.db")).value();
    std::unique_ptr<store::CallStore> store_ = std::make_unique<store::CallStore>(
        store::open_sqlite(directory_.file("store.db")).value(), store::CallStoreOptions{});
};

TEST_F(LocksElsewhere, AreHadOnceTheyAreFreeInOrderOfArrival) {
    call("waits here");
    EXPECT_EQ(stage_.dispatcher.locks().waiters(), 1U);
    EXPECT_EQ(locks_->counters().waiting, 1U) << "one of a process asks the store";
    EXPECT_EQ(stage_.dispatcher.queued(), 0U);
    release_elsewhere();
    while (stage_.outcomes.size() < 2) {
        stage_.turn();
    }
    EXPECT_EQ(stage_.outcomes[0].name, "waits");
    EXPECT_EQ(stage_.outcomes[0].failure, std::nullopt);
    EXPECT_EQ(stage_.outcomes[1].name, "waits here");
    EXPECT_EQ(token_, token_elsewhere_ + 2);
    EXPECT_EQ(locks_->counters().lost, 0U);
}

TEST_F(LocksElsewhere, AreNotWaitedForByACallThatIsWithdrawn) {
    EXPECT_TRUE(
        stage_.dispatcher.withdraw(waiting(), *stage_.listener, {.code = Code::connection_lost}));
    EXPECT_EQ(stage_.take().failure, Code::connection_lost);
    expect_nobody_waits();
}

TEST_F(LocksElsewhere, AreNotWaitedForByACallThatNobodyWaitsFor) {
    stage_.dispatcher.abandon(*stage_.listener, [](ServerCall&) { return true; });
    EXPECT_EQ(stage_.take().failure, Code::cancelled);
    expect_nobody_waits();
}

TEST_F(LocksElsewhere, AreNotWaitedForWhenTheServerStops) {
    call("waits here");
    stage_.dispatcher.cancel_all();
    stage_.turn();
    ASSERT_EQ(stage_.outcomes.size(), 2U);
    for (const Outcome& outcome : stage_.outcomes) {
        EXPECT_EQ(outcome.failure, Code::overloaded);
    }
    expect_nobody_waits();
}

}  // namespace
}  // namespace warren::runtime::test
