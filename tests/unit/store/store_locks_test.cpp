#include "store/call_store.hpp"
#include "store/postgres_statements.hpp"
#include "store/sqlite.hpp"
#include "store/store_schema.hpp"
#include "unit/store/store_kinds.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

// Locks that hold between all who share a store, of every kind.
namespace warren::store {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds short_lease{1'000};
constexpr LockTerms short_terms{.lease = 200ms, .notice = 200ms};

/// One that asks for a lock.
class Asking {
public:
    Asking(CallStore& store, std::string key)
        : store_{store},
          lock_{
              std::make_shared<StoreLock>(std::move(key), [lost = lost_] { lost->set_value(); })} {
        store_.lock(lock_, [held = held_](std::expected<void, Failure> outcome) {
            held->set_value(std::move(outcome));
        });
    }

    /// Wait for the lock.
    /// out  its token
    std::uint64_t token() {
        const auto outcome = held_->get_future().get();
        if (!outcome) {
            throw Error{outcome.error()};
        }
        return lock_->token();
    }
    std::expected<void, Failure> outcome() { return held_->get_future().get(); }
    bool has_token() const { return lock_->token() != 0; }
    void await_loss() { lost_->get_future().wait(); }
    void give_up() { store_.unlock(lock_); }
    const std::shared_ptr<StoreLock>& lock() const { return lock_; }

private:
    using Outcome = std::promise<std::expected<void, Failure>>;

    CallStore& store_;
    const std::shared_ptr<Outcome> held_ = std::make_shared<Outcome>();
    const std::shared_ptr<std::promise<void>> lost_ = std::make_shared<std::promise<void>>();
    const std::shared_ptr<StoreLock> lock_;
};

/// Wait until a store has done what it was asked for before.
void flush(CallStore& store) {
    std::promise<void> done;
    store.keep({"nobody's", 1}, "", [&](const auto&) { done.set_value(); });
    done.get_future().wait();
}

LockAnswer ask(CallSession& session, const std::string& name, std::int64_t place = 0,
               const LockTerms& terms = short_terms) {
    EXPECT_TRUE(session.begin(Durability::machine));
    const LockAnswer answer = session.ask_lock(name, place, terms).value();
    EXPECT_TRUE(session.commit());
    return answer;
}

class SharedStores : public testing::TestWithParam<MakeKind> {
protected:
    std::unique_ptr<CallStore> open(std::chrono::milliseconds lease = 30'000ms) {
        return std::make_unique<CallStore>(session(), CallStoreOptions{.lock_lease = lease});
    }
    std::unique_ptr<CallSession> session() { return kind_->open(); }
    bool is_sqlite() const { return GetParam() == MakeKind{&make_kind<SqliteKind>}; }

private:
    const std::unique_ptr<StoreKind> kind_ = GetParam()();
};

INSTANTIATE_TEST_SUITE_P(, SharedStores, every_kind(), kind_name);

TEST_P(SharedStores, GiveALockToOneAtATime) {
    const auto here = open();
    const auto there = open();
    Asking first{*here, "k"};
    const std::uint64_t token = first.token();
    EXPECT_GT(token, 0U);
    Asking second{*there, "k"};
    Asking other{*there, "other"};
    EXPECT_GT(other.token(), token);
    EXPECT_FALSE(second.has_token());
    first.give_up();
    EXPECT_GT(second.token(), token);
    second.give_up();
    other.give_up();
}

TEST_P(SharedStores, GiveALockInTheOrderInWhichTheyAsked) {
    const auto a = open();
    const auto b = open();
    const auto c = open();
    Asking holder{*a, "k"};
    const std::uint64_t first = holder.token();
    Asking second{*b, "k"};
    flush(*b);
    Asking third{*c, "k"};
    flush(*c);
    // Whoever had it asks again behind those who wait.
    holder.give_up();
    Asking fourth{*a, "k"};
    const std::uint64_t at_b = second.token();
    EXPECT_GT(at_b, first);
    flush(*a);
    flush(*c);
    EXPECT_FALSE(third.has_token());
    EXPECT_FALSE(fourth.has_token());
    second.give_up();
    const std::uint64_t at_c = third.token();
    EXPECT_GT(at_c, at_b);
    flush(*a);
    EXPECT_FALSE(fourth.has_token());
    third.give_up();
    EXPECT_GT(fourth.token(), at_c);
    fourth.give_up();
}

TEST_P(SharedStores, ForgetWhoeverLeavesTheQueue) {
    const auto a = open();
    const auto b = open();
    const auto c = open();
    Asking holder{*a, "k"};
    holder.token();
    Asking leaves{*b, "k"};
    flush(*b);
    Asking last{*c, "k"};
    flush(*c);
    leaves.give_up();
    holder.give_up();
    EXPECT_GT(last.token(), 0U);
    last.give_up();
    flush(*b);
    EXPECT_FALSE(leaves.has_token());
    // Whoever gives up at once leaves nothing behind.
    Asking brief{*b, "k"};
    brief.give_up();
    Asking after{*a, "k"};
    EXPECT_GT(after.token(), 0U);
    after.give_up();
}

TEST_P(SharedStores, GiveTokensThatRiseForEver) {
    std::uint64_t last = 0;
    for (int round = 0; round < 3; ++round) {
        const auto store = open();
        for (const char* const key : {"k", "other", "k"}) {
            Asking asking{*store, key};
            const std::uint64_t token = asking.token();
            EXPECT_GT(token, last);
            last = token;
            asking.give_up();
        }
    }
}

TEST_P(SharedStores, FreeALockWhoseLeaseIsOver) {
    const auto silent = session();
    const LockAnswer given = ask(*silent, "k");
    ASSERT_NE(given.token, 0U);
    const auto store = open();
    Asking asking{*store, "k"};
    EXPECT_GT(asking.token(), given.token);
    // The silent one comes back: it has nothing any more, and harms nobody.
    ASSERT_TRUE(silent->begin(Durability::machine));
    EXPECT_FALSE(silent->holds_lock("k", given.token).value());
    EXPECT_TRUE(silent->release_lock("k", given.token));
    ASSERT_TRUE(silent->commit());
    ASSERT_TRUE(silent->begin(Durability::machine));
    const std::vector<std::uint64_t> tokens{given.token};
    EXPECT_TRUE(silent->renew_locks(tokens, {}, short_terms).value().empty());
    ASSERT_TRUE(silent->commit());
    EXPECT_EQ(ask(*silent, "k").token, 0U);
    asking.give_up();
}

TEST_P(SharedStores, AreNotHeldUpByAWaiterThatIsSilentOrDead) {
    const auto holder = open();
    Asking first{*holder, "k"};
    first.token();
    const auto silent = session();
    auto dead = session();
    EXPECT_NE(ask(*dead, "k").place, 0);
    const std::int64_t place = ask(*silent, "k").place;
    EXPECT_NE(place, 0);
    dead.reset();
    const auto store = open();
    Asking last{*store, "k"};
    flush(*store);
    first.give_up();
    EXPECT_GT(last.token(), 0U);
    // Whoever was away for a moment still has its place before those who come later.
    const LockTerms patient{.lease = 30s, .notice = 30s};
    EXPECT_EQ(ask(*silent, "k", place, patient).place, place);
    Asking later{*holder, "k"};
    flush(*holder);
    last.give_up();
    flush(*store);
    std::int64_t asked = place;
    LockAnswer answer;
    while (answer.token == 0 && !later.has_token()) {
        answer = ask(*silent, "k", asked, patient);
        asked = answer.place;
    }
    EXPECT_NE(answer.token, 0U);
    ASSERT_TRUE(silent->begin(Durability::process));
    EXPECT_TRUE(silent->release_lock("k", answer.token));
    ASSERT_TRUE(silent->commit());
    EXPECT_GT(later.token(), answer.token);
    later.give_up();
}

TEST_P(SharedStores, RenewWhatIsHeldAndWhatWaits) {
    const auto here = open(short_lease);
    const auto there = open(short_lease);
    Asking held{*here, "k"};
    held.token();
    Asking waits{*there, "k"};
    flush(*there);
    const auto other = session();
    const std::vector<std::int64_t> place{ask(*other, "k", 0, {.lease = 30s, .notice = 30s}).place};
    const auto until = held.lock()->until() + 2 * short_lease;
    while (held.lock()->until() < until) {
        ASSERT_TRUE(other->lock_turns(place).value().empty());
    }
    // Who waited all that time has not lost its place to the one that came later.
    held.give_up();
    EXPECT_GT(waits.token(), 0U);
    waits.give_up();
}

TEST_P(SharedStores, CommitOnlyWhatHasItsLock) {
    const auto store = open(short_lease);
    const auto thief = session();
    Asking asking{*store, "k"};
    const std::uint64_t token = asking.token();
    store->commit({.lock = asking.lock(), .change = [](Transaction& transaction) {
                       transaction.execute("CREATE TABLE counts (n INTEGER)");
                       return std::string{};
                   }});
    ASSERT_TRUE(thief->begin(Durability::machine));
    ASSERT_TRUE(thief->release_lock("k", token));
    ASSERT_TRUE(thief->commit());
    EXPECT_GT(ask(*thief, "k", 0, {.lease = 30s, .notice = 30s}).token, token);
    try {
        store->commit({.lock = asking.lock(), .change = [](Transaction& transaction) {
                           transaction.execute("INSERT INTO counts VALUES (1)");
                           return std::string{};
                       }});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::outcome_unknown);
        EXPECT_NE(error.failure().message.find("lock was lost"), std::string::npos);
    }
    EXPECT_TRUE(asking.lock()->is_over());
    asking.await_loss();
    std::vector<Transaction::Row> rows;
    store->commit({.change = [&](Transaction& transaction) {
        rows = transaction.query("SELECT count(*) FROM counts");
        return std::string{};
    }});
    EXPECT_EQ(rows.at(0).at(0), Dynamic{0});
    asking.give_up();
}

TEST_P(SharedStores, TakeAKeyOfAnyLength) {
    const auto here = open();
    const auto there = open();
    const std::string key(100'000, 'k');
    Asking first{*here, key};
    first.token();
    Asking second{*there, key};
    Asking other{*there, key + '!'};
    other.token();
    EXPECT_FALSE(second.has_token());
    first.give_up();
    second.token();
    second.give_up();
    other.give_up();
}

/// Rounds of one store through some locks, each of which only one may have.
class Rounds {
public:
    Rounds(CallStore& store, std::map<std::string, std::atomic<int>>& inside, int count)
        : store_{store}, inside_{inside}, left_{count * static_cast<int>(inside.size())} {
        for (const auto& [key, holders] : inside_) {
            begin(key, count);
        }
    }
    void await() { done_.get_future().wait(); }

private:
    void begin(const std::string& key, int count) {
        auto lock = std::make_shared<StoreLock>(key, [] { ADD_FAILURE() << "lost"; });
        store_.lock(lock, [this, key, count, lock](const std::expected<void, Failure>& outcome) {
            EXPECT_TRUE(outcome.has_value()) << to_string(outcome.error());
            EXPECT_EQ(++inside_.at(key), 1);
            --inside_.at(key);
            store_.unlock(lock);
            if (count > 1) {
                begin(key, count - 1);
            }
            if (--left_ == 0) {
                done_.set_value();
            }
        });
    }

    CallStore& store_;
    std::map<std::string, std::atomic<int>>& inside_;
    std::atomic<int> left_;
    std::promise<void> done_;
};

TEST_P(SharedStores, NeitherOverlapNorWaitForEachOtherForEver) {
    std::map<std::string, std::atomic<int>> inside;
    for (const char* const key : {"a", "b", "c", "d", "e"}) {
        inside[key] = 0;
    }
    const std::vector<std::unique_ptr<CallStore>> stores = [this] {
        std::vector<std::unique_ptr<CallStore>> three;
        for (int i = 0; i < 3; ++i) {
            three.push_back(open());
        }
        return three;
    }();
    std::vector<std::unique_ptr<Rounds>> rounds;
    for (const auto& store : stores) {
        rounds.push_back(std::make_unique<Rounds>(*store, inside, 5));
    }
    for (const auto& each : rounds) {
        each->await();
    }
}

TEST(SqliteStoreLocks, AreFreeAtOnceWhenTheirProcessIsGone) {
    SqliteKind kind;
    auto dead = kind.open();
    const LockTerms long_terms{.lease = 3'600s, .notice = 3'600s};
    const LockAnswer given = ask(*dead, "k", 0, long_terms);
    auto dead_waiter = kind.open();
    EXPECT_NE(ask(*dead_waiter, "k", 0, long_terms).place, 0);
    CallStore store{kind.open(), {}};
    Asking asking{store, "k"};
    flush(store);
    EXPECT_FALSE(asking.has_token());
    dead.reset();
    dead_waiter.reset();
    EXPECT_GT(asking.token(), given.token);
    asking.give_up();
}

TEST(SqliteStoreLocks, AreLostWithTheStoreAndHeal) {
    SqliteKind kind;
    CallStore store{kind.open(), {.lock_lease = short_lease}};
    Asking held{store, "k"};
    held.token();
    const std::string away = kind.path() + ".away";
    for (const char* const suffix : {"", "-wal", "-shm"}) {
        std::filesystem::rename(kind.path() + suffix, away + suffix);
    }
    Asking failing{store, "other"};
    const auto outcome = failing.outcome();
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code, Code::overloaded);
    held.await_loss();
    EXPECT_TRUE(held.lock()->is_over());
    held.give_up();
    for (const char* const suffix : {"", "-wal", "-shm"}) {
        std::error_code ignored;
        std::filesystem::rename(away + suffix, kind.path() + suffix, ignored);
    }
    Asking again{store, "k"};
    EXPECT_GT(again.token(), held.lock()->token());
    again.give_up();
}

TEST(SqliteStoreLocks, ComeToAStoreOfAnOlderVersion) {
    const test::TemporaryDirectory directory;
    const std::string path = directory.file("store.db");
    std::ofstream{path};
    {
        Database database;
        ASSERT_EQ(database.open(path), SQLITE_OK);
        const std::string script = std::string{store_migrations[0]} +
                                   "PRAGMA user_version = 1; PRAGMA application_id = " +
                                   std::to_string(store_application_id);
        ASSERT_EQ(database.execute(script.c_str()), SQLITE_OK);
    }
    CallStore store{SqliteSession::open(path).value(), {}};
    Asking asking{store, "k"};
    EXPECT_EQ(asking.token(), 1U);
    asking.give_up();
}

TEST(PostgreSqlStoreLocks, ComeToAStoreOfAnOlderVersion) {
    PostgreSqlKind kind;
    auto connection = PostgresConnection::connect(kind.address());
    ASSERT_TRUE(connection.has_value());
    ASSERT_TRUE(connection->run_script(
        "CREATE TABLE warren_store (version integer NOT NULL); INSERT INTO warren_store VALUES "
        "(1);" +
        std::string{postgres_migrations[0]}));
    {
        CallStore store{kind.open(), {}};
        Asking asking{store, "k"};
        EXPECT_EQ(asking.token(), 1U);
        asking.give_up();
    }
    // And an older program finds one of a newer one.
    ASSERT_TRUE(connection->run_script("UPDATE warren_store SET version = 4711"));
    const auto refused = open_postgresql(kind.address());
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().message.find("made by a newer Warren (version 4711"),
              std::string::npos);
}

TEST(PostgreSqlStoreLocks, WaitForNobodyWhoIsStoppedInTheMiddle) {
    PostgreSqlKind kind;
    const auto stopped = kind.open();
    ASSERT_TRUE(stopped->begin(Durability::machine));
    ASSERT_NE(stopped->ask_lock("k", 0, short_terms).value().token, 0U);
    // Its transaction goes with its connection, which the server takes away.
    CallStore store{kind.open(), {}};
    std::uint64_t token = 0;
    while (token == 0) {
        Asking asking{store, "k"};
        if (asking.outcome()) {
            token = asking.lock()->token();
        }
        asking.give_up();
    }
    EXPECT_FALSE(stopped->commit());
    stopped->rollback();
    EXPECT_TRUE(stopped->begin(Durability::machine));
    stopped->rollback();
}

}  // namespace
}  // namespace warren::store
