#include "store/call_store.hpp"

#include "store/sqlite.hpp"
#include "store/sqlite_session.hpp"
#include "store/store_schema.hpp"
#include "support/temporary_directory.hpp"
#include "unit/store/store_kinds.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <optional>
#include <thread>
#include <vector>

// What every kind of store keeps to.
namespace warren::store {
namespace {

class Stores : public StoresOfAnyKind {};

INSTANTIATE_TEST_SUITE_P(, Stores, every_kind(), kind_name);

using enum ClaimState;

TEST_P(Stores, GiveAResponseAgain) {
    const auto store = open();
    EXPECT_EQ(state_of(*store, request_of("k")), fresh);
    EXPECT_TRUE(keep(*store, {"k", 1}, std::string{"re\0ply", 6}).value());
    const auto again = claim(*store, request_of("k")).value();
    EXPECT_EQ(again.state, answered);
    EXPECT_EQ(again.response, (std::string{"re\0ply", 6}));
    EXPECT_EQ(state_of(*store, request_of("other")), fresh);
}

TEST_P(Stores, RefuseAnotherRequestUnderOneKey) {
    const auto store = open();
    EXPECT_EQ(state_of(*store, request_of("k")), fresh);
    EXPECT_EQ(state_of(*store, request_of("k", "2")), other_request);
    EXPECT_TRUE(keep(*store, {"k", 1}, "done").value());
    EXPECT_EQ(state_of(*store, request_of("k", "2")), other_request);
    ClaimRequest other_method = request_of("k");
    other_method.method = "sub";
    EXPECT_EQ(state_of(*store, other_method), other_request);
}

TEST_P(Stores, SurviveTheirProcess) {
    {
        const auto store = open();
        EXPECT_EQ(state_of(*store, request_of("done")), fresh);
        EXPECT_TRUE(keep(*store, {"done", 1}, "reply").value());
        EXPECT_EQ(state_of(*store, request_of("begun")), fresh);
        EXPECT_EQ(state_of(*store, once("begun once")), fresh);
    }
    const auto store = open();
    EXPECT_EQ(claim(*store, request_of("done")).value().response, "reply");
    const auto begun = claim_of_ended(*store, request_of("begun"));
    EXPECT_EQ(begun.state, fresh);
    EXPECT_EQ(begun.attempt, 2U);
    EXPECT_EQ(begun.crashes, 1U);
    EXPECT_EQ(claim_of_ended(*store, once("begun once")).state, unknown);
    EXPECT_EQ(state_of(*store, request_of("begun once")), unknown);
    // What is asked for as at most once has begun before, whoever asked then.
    EXPECT_EQ(state_of(*store, once("done")), answered);
}

TEST_P(Stores, KnowWhatRunsElsewhere) {
    const auto here = open();
    auto elsewhere = open();
    EXPECT_EQ(state_of(*elsewhere, request_of("k")), fresh);
    EXPECT_EQ(state_of(*here, request_of("k")), runs_elsewhere);
    EXPECT_EQ(state_of(*here, once("k")), runs_elsewhere);
    EXPECT_FALSE(keep(*here, {"k", 1}, "not mine").value());
    EXPECT_TRUE(keep(*elsewhere, {"k", 1}, "reply").value());
    EXPECT_EQ(claim(*here, request_of("k")).value().response, "reply");

    EXPECT_EQ(state_of(*elsewhere, request_of("dies")), fresh);
    EXPECT_EQ(state_of(*here, request_of("dies")), runs_elsewhere);
    elsewhere.reset();
    EXPECT_EQ(claim_of_ended(*here, request_of("dies")).state, fresh);
}

TEST_P(Stores, ForgetWhatHadNoEffect) {
    const auto store = open();
    EXPECT_EQ(state_of(*store, request_of("undone")), fresh);
    store->let_go({"undone", 1}, LetGo::undone);
    auto claimed = claim(*store, request_of("undone", "2")).value();
    EXPECT_EQ(claimed.state, fresh);  // nothing is known of the first any more
    EXPECT_EQ(claimed.attempt, 1U);

    EXPECT_EQ(state_of(*store, request_of("failed")), fresh);
    store->let_go({"failed", 1}, LetGo::failed);
    claimed = claim(*store, request_of("failed")).value();
    EXPECT_EQ(claimed.state, fresh);
    EXPECT_EQ(claimed.attempt, 2U);
    EXPECT_EQ(claimed.crashes, 0U);
    store->let_go({"failed", 2}, LetGo::undone);
    EXPECT_EQ(claim(*store, request_of("failed")).value().attempt, 2U);
    // Of an attempt that is over nothing is kept.
    EXPECT_FALSE(keep(*store, {"failed", 1}, "late").value());
    EXPECT_TRUE(keep(*store, {"failed", 2}, "now").value());
}

TEST_P(Stores, ForgetTheOldestFirst) {
    constexpr std::uint64_t bytes_max = 200'000;
    const auto store = open({.limits = {.bytes_max = bytes_max}});
    constexpr int count = 1'000;
    const std::string response(1'000, 'r');
    for (int i = 0; i < count; ++i) {
        const std::string key = "key " + std::to_string(i);
        ASSERT_EQ(state_of(*store, request_of(key)), fresh);
        ASSERT_TRUE(keep(*store, {key, 1}, response).value());
    }
    EXPECT_EQ(state_of(*store, request_of("key 999")), answered);
    EXPECT_EQ(state_of(*store, request_of("key 900")), answered);
    EXPECT_EQ(state_of(*store, request_of("key 0")), fresh);
    EXPECT_EQ(state_of(*store, request_of("key 500")), fresh);
}

TEST_P(Stores, ForgetWhatIsTooOld) {
    const auto store = open({.limits = {.keep_ms = 0}});
    EXPECT_EQ(state_of(*store, request_of("k")), fresh);
    EXPECT_EQ(state_of(*store, request_of("runs")), fresh);
    for (int i = 0; i < 300; ++i) {
        ASSERT_EQ(state_of(*store, request_of("n" + std::to_string(i))), fresh);
        ASSERT_TRUE(keep(*store, {"n" + std::to_string(i), 1}, "").value());
    }
    EXPECT_EQ(state_of(*store, request_of("n0")), fresh);
    EXPECT_TRUE(keep(*store, {"runs", 1}, "what runs is not forgotten").value());
}

TEST_P(Stores, MakeChangesAndTheirResponseDurableTogether) {
    const std::string bytes_type = GetParam() == &make_kind<SqliteKind> ? "BLOB" : "BYTEA";
    {
        const auto store = open();
        ASSERT_EQ(state_of(*store, request_of("order")), fresh);
        store->commit({.call = HeldCall{"order", 1}, .change = [&](Transaction& transaction) {
                           transaction.execute(
                               "CREATE TABLE IF NOT EXISTS orders (id INTEGER, item TEXT, "
                               "price REAL, paid BOOLEAN, note " +
                               bytes_type + ")");
                           const std::string note{"\0n", 2};
                           transaction.execute("INSERT INTO orders VALUES ($1, $2, $3, $4, $5)",
                                               {7, "onions", 1.5, true,
                                                Dynamic::bytes(std::as_bytes(std::span{note}))});
                           return std::string{"ordered"};
                       }});
    }
    const auto store = open();
    EXPECT_EQ(claim(*store, request_of("order")).value().response, "ordered");
    std::vector<Transaction::Row> rows;
    store->commit({.change = [&](Transaction& transaction) {
        rows = transaction.query("SELECT id, item, price, note FROM orders WHERE id = $1", {7});
        return std::string{};
    }});
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0][0], Dynamic{7});
    EXPECT_EQ(rows[0][1], Dynamic{"onions"});
    EXPECT_EQ(rows[0][2], Dynamic{1.5});
    EXPECT_EQ(rows[0][3]->kind(), Value::Kind::bytes);
}

TEST_P(Stores, UndoWhatThrows) {
    const auto store = open();
    store->commit({.change = [](Transaction& transaction) {
        transaction.execute("CREATE TABLE counts (n INTEGER)");
        return std::string{};
    }});
    ASSERT_EQ(state_of(*store, request_of("k")), fresh);
    const auto failing = [](Transaction& transaction) -> std::string {
        transaction.execute("INSERT INTO counts VALUES (1)");
        throw Error{"no onions left"};
    };
    EXPECT_THROW(store->commit({.call = HeldCall{"k", 1}, .change = failing}), Error);
    // Somebody else has it: what is changed is undone, too.
    const auto adding = [](Transaction& transaction) {
        transaction.execute("INSERT INTO counts VALUES (1)");
        return std::string{"added"};
    };
    try {
        store->commit({.call = HeldCall{"k", 2}, .change = adding});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::outcome_unknown);
    }
    store->commit({.call = HeldCall{"k", 1}, .change = adding});
    std::vector<Transaction::Row> rows;
    store->commit({.change = [&](Transaction& transaction) {
        rows = transaction.query("SELECT count(*) FROM counts");
        return std::string{};
    }});
    EXPECT_EQ(rows.at(0).at(0), Dynamic{1});
}

TEST_P(Stores, LetHandlersDoNoHarm) {
    const auto store = open();
    ASSERT_EQ(state_of(*store, request_of("k")), fresh);
    for (const char* const statement :
         {"COMMIT", "ROLLBACK", "BEGIN", "DROP TABLE warren_calls", "DELETE FROM warren_calls",
          "SELECT * FROM warren_calls", "no statement", "SELECT $2", "SELECT 1; SELECT 2"}) {
        EXPECT_THROW(store->commit({.change =
                                        [&](Transaction& transaction) {
                                            transaction.execute(statement, {1});
                                            return std::string{};
                                        }}),
                     Error)
            << statement;
    }
    EXPECT_TRUE(keep(*store, {"k", 1}, "all is well").value());
}

TEST_P(Stores, BeginCallsBeforeTheDiskHasWhatOthersDid) {
    const auto store = open();
    EXPECT_EQ(claim(*store, request_of("k"))->state, fresh);
    std::promise<void> writes;
    std::promise<void> goes_on;
    store->run({.change = [&](CallSession&, std::int64_t) -> std::expected<bool, Failure> {
                    writes.set_value();
                    goes_on.get_future().wait();
                    return false;
                },
                .completion = [](auto) {}});
    writes.get_future().wait();
    std::vector<std::string> done;
    std::promise<void> kept;
    store->keep({"k", 1}, "reply", [&](auto) {
        done.push_back("kept");
        kept.set_value();
    });
    store->claim(request_of("l"), [&](auto) { done.push_back("begun"); });
    goes_on.set_value();
    kept.get_future().wait();
    EXPECT_EQ(done, (std::vector<std::string>{"begun", "kept"}));
}

TEST_P(Stores, ShareTheirCommits) {
    const auto store = open();
    constexpr int count = 64;
    constexpr int rounds = 20;
    for (int round = 0; round < rounds; ++round) {
        std::atomic<int> left = count;
        std::promise<void> done;
        for (int i = 0; i < count; ++i) {
            const std::string key = std::to_string(round) + ' ' + std::to_string(i);
            store->claim(request_of(key), [&, key](auto claimed) {
                EXPECT_EQ(claimed.value().state, fresh);
                store->keep({key, 1}, "reply", [&](auto kept) {
                    EXPECT_TRUE(kept.value());
                    if (--left == 0) {
                        done.set_value();
                    }
                });
            });
        }
        done.get_future().wait();
    }
    EXPECT_LT(store->counters().commits.load(), std::uint64_t{count} * rounds);
}

TEST(SqliteStore, RefusesWhatItCannotUse) {
    const test::TemporaryDirectory directory;
    const auto refusal = [](const std::string& path) {
        const auto opened = SqliteSession::open(path);
        return opened ? std::string{"opened"} : opened.error().message;
    };
    EXPECT_NE(refusal(directory.file("missing/store.db")).find("make the directory"),
              std::string::npos);
    EXPECT_NE(refusal(directory.path()).find("is no file"), std::string::npos);
    const std::string text = directory.file("text");
    std::ofstream{text} << std::string(10'000, 't');
    EXPECT_NE(refusal(text).find("no store of Warren's"), std::string::npos) << refusal(text);

    const std::string foreign = directory.file("foreign.db");
    std::ofstream{foreign};
    {
        Database database;
        ASSERT_EQ(database.open(foreign), SQLITE_OK);
        ASSERT_EQ(database.execute("CREATE TABLE t (a)"), SQLITE_OK);
    }
    EXPECT_NE(refusal(foreign).find("no store of Warren's"), std::string::npos);

    const std::string newer = directory.file("newer.db");
    ASSERT_TRUE(SqliteSession::open(newer).has_value());
    {
        Database database;
        ASSERT_EQ(database.open(newer), SQLITE_OK);
        ASSERT_EQ(database.execute("PRAGMA user_version = 4711"), SQLITE_OK);
    }
    EXPECT_NE(refusal(newer).find("made by a newer Warren (version 4711"), std::string::npos);

    const std::string unowned = directory.file("unowned.db");
    std::filesystem::create_directory(unowned + "-owners");
    EXPECT_NE(
        refusal(unowned).find("unowned.db-owners cannot be opened (Is a directory): it and its "
                              "directory must belong to this user, on a file system that may "
                              "be written"),
        std::string::npos)
        << refusal(unowned);
}

TEST(SqliteStore, IsOpenedWhileOthersLeaveNoTurnToWrite) {
    SqliteKind kind;
    const auto first = kind.open();
    ASSERT_TRUE(first->begin(Durability::machine));
    EXPECT_NE(kind.open(), nullptr);
    first->rollback();
}

TEST(SqliteStore, HealsWhenItsFileComesBack) {
    const test::TemporaryDirectory directory;
    const std::string path = directory.file("store.db");
    CallStore store{SqliteSession::open(path).value(), {}};
    ASSERT_EQ(state_of(store, request_of("k")), fresh);
    ASSERT_TRUE(keep(store, {"k", 1}, "reply").value());
    const std::string away = directory.file("away.db");
    for (const char* const suffix : {"", "-wal", "-shm"}) {
        std::filesystem::rename(path + suffix, away + suffix);
    }
    const auto failed = claim(store, request_of("k"));
    ASSERT_FALSE(failed.has_value());
    EXPECT_EQ(failed.error().code, Code::overloaded);
    EXPECT_NE(failed.error().message.find("is gone"), std::string::npos);
    for (const char* const suffix : {"", "-wal", "-shm"}) {
        std::error_code ignored;
        std::filesystem::rename(away + suffix, path + suffix, ignored);
    }
    EXPECT_EQ(claim(store, request_of("k")).value().response, "reply");
}

TEST(SqliteStore, HealsWhenItsDiskHasRoomAgain) {
    const test::TemporaryDirectory directory;
    const std::string path = directory.file("store.db");
    CallStore store{SqliteSession::open(path).value(), {}};
    ASSERT_EQ(state_of(store, request_of("before")), fresh);
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    rlimit tight = before;
    tight.rlim_cur = 0;
    setrlimit(RLIMIT_FSIZE, &tight);
    const auto failed = claim(store, request_of("k"));
    const auto not_kept = keep(store, {"before", 1}, "reply");
    setrlimit(RLIMIT_FSIZE, &before);
    ASSERT_FALSE(failed.has_value());
    EXPECT_EQ(failed.error().code, Code::overloaded) << failed.error().message;
    EXPECT_FALSE(not_kept.has_value());
    EXPECT_EQ(state_of(store, request_of("k")), fresh);
    EXPECT_TRUE(keep(store, {"before", 1}, "reply").value());
}

TEST(SqliteStore, TellsADamagedRecord) {
    const test::TemporaryDirectory directory;
    const std::string path = directory.file("store.db");
    {
        CallStore store{SqliteSession::open(path).value(), {}};
        ASSERT_EQ(state_of(store, request_of("k")), fresh);
        ASSERT_TRUE(keep(store, {"k", 1}, "reply").value());
    }
    {
        Database database;
        ASSERT_EQ(database.open(path), SQLITE_OK);
        ASSERT_EQ(database.execute("UPDATE warren_calls SET response = x'00'"), SQLITE_OK);
    }
    CallStore store{SqliteSession::open(path).value(), {}};
    EXPECT_EQ(state_of(store, request_of("k")), damaged);
    EXPECT_EQ(state_of(store, request_of("other")), fresh);
}

}  // namespace
}  // namespace warren::store
