#include "store/queue_file.hpp"
#include "support/support.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <random>
#include <set>

/// Bits that a disk altered, files that are cut, gone or replaced: no entry is given out altered,
/// and none is lost without a word.
namespace warren::store {
namespace {

std::string content_of(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

void write_file(const std::string& path, const std::string& content) {
    std::ofstream{path, std::ios::binary} << content;
}

/// The files of a queue, as they are at some time, such as when its process is killed.
struct Files {
    std::string database;
    std::string log;
    std::string head;
};

constexpr std::uint64_t entry_count = 60;
constexpr std::uint64_t removed_count = 10;
constexpr std::uint64_t failed_id = 11;

/// Small ones, some that need pages of their own, and an empty one.
std::string bytes_of(std::uint64_t id) {
    const std::size_t size = id == 20 ? 0 : id % 20 == 7 ? 9'000 + id : 40 + 3 * id;
    return std::string(size, static_cast<char>('a' + id % 26)) +
           (size == 0 ? "" : std::to_string(id));
}

class DamagedQueues : public testing::Test {
protected:
    QueueFile open(const std::string& path) {
        auto file = QueueFile::open({.path = path});
        if (!file) {
            throw Error{file.error()};
        }
        return std::move(*file);
    }

    static void change(QueueFile& file, const std::function<void()>& change) {
        ASSERT_TRUE(file.begin());
        change();
        ASSERT_TRUE(file.commit());
    }

    static void append_until(QueueFile& file, std::uint64_t& id, std::uint64_t last) {
        while (id <= last) {
            change(file, [&] {
                for (int together = 0; together < 6 && id <= last; ++together, ++id) {
                    file.append(bytes_of(id)).value();
                }
            });
        }
    }

    /// A queue that is in use, with much in its log, and in its database what `checkpointed` says.
    Files in_use(std::uint64_t checkpointed) {
        const std::string path = directory_.file("made");
        for (const char* end : {"", "-wal", "-head"}) {
            unlink((path + end).c_str());
        }
        std::uint64_t id = 1;
        {
            QueueFile file = open(path);
            append_until(file, id, checkpointed);
        }
        QueueFile file = open(path);
        append_until(file, id, entry_count);
        change(file, [&] {
            for (std::uint64_t gone = 1; gone <= removed_count; ++gone) {
                ASSERT_TRUE(file.remove(gone));
            }
        });
        change(file, [&] { ASSERT_TRUE(file.fail(failed_id, "why", 1)); });
        return {content_of(path), content_of(path + "-wal"), content_of(path + "-head")};
    }

    Files closed() {
        in_use(entry_count);
        const std::string path = directory_.file("made");
        return {content_of(path), "", content_of(path + "-head")};
    }

    /// Open a queue with these files; all that it has must be as it was, and what it has not must
    /// be told by its number.
    void expect_honest(const Files& files) {
        const test::TemporaryDirectory place;
        const std::string path = place.file("queue");
        if (!files.database.empty()) {
            write_file(path, files.database);
        }
        if (!files.log.empty()) {
            write_file(path + "-wal", files.log);
        }
        if (!files.head.empty()) {
            write_file(path + "-head", files.head);
        }
        QueueFile file = open(path);
        std::set<std::uint64_t> known;
        const auto entries = file.entries_after(0, {.entries_max = 1'000, .bytes_max = 1 << 30});
        for (const Entry& entry : *entries) {
            EXPECT_EQ(entry.bytes, bytes_of(entry.id)) << entry.id;
            EXPECT_GT(entry.id, removed_count);
            known.insert(entry.id);
        }
        const auto found = file.found_damage();
        EXPECT_EQ(file.totals().entries, known.size() + found.size());
        change(file, [&] {
            for (const DamagedEntry& entry : found) {
                ASSERT_TRUE(file.set_aside(entry));
            }
        });
        const auto damaged = file.damaged_after(0, {.entries_max = 1'000});
        for (const DamagedEntry& entry : *damaged) {
            EXPECT_TRUE(known.insert(entry.id).second) << entry.id << " is there twice";
        }
        told_ += damaged->size();
        EXPECT_EQ(file.totals().damaged_entries, damaged->size());
        const auto failed = file.failed_after(0);
        for (const FailedEntry& entry : *failed) {
            EXPECT_EQ(entry.bytes, bytes_of(entry.id));
            known.insert(entry.id);
        }
        // Its number may be what was altered.
        if (!file.found_damage().empty() ||
            file.opening_note().contains("; of those that failed 1 are ")) {
            known.insert(failed_id);
        }
        for (std::uint64_t id = failed_id; id <= entry_count; ++id) {
            EXPECT_TRUE(known.contains(id)) << id << " is lost in silence";
        }
        // It goes on.
        change(file, [&] { EXPECT_EQ(file.append("next").value(), entry_count + 1); });
    }

    std::size_t told_ = 0;  // entries that were told to be damaged, in all

private:
    test::TemporaryDirectory directory_;
};

void flip(std::string& bytes, std::mt19937_64& random) {
    const std::uint64_t bit = random() % (bytes.size() * 8);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
}

constexpr int flips = 50;

TEST_F(DamagedQueues, AFlippedBitInTheFileAltersNothingAndIsTold) {
    std::mt19937_64 random{test::random_seed()};
    const Files whole = closed();
    for (int i = 0; i < flips; ++i) {
        Files files = whole;
        flip(files.database, random);
        expect_honest(files);
    }
    EXPECT_GT(told_, 0U);
}

TEST_F(DamagedQueues, AFlippedBitInTheLogAfterAKillAltersNothingAndIsTold) {
    std::mt19937_64 random{test::random_seed()};
    const Files whole = in_use(20);
    for (int i = 0; i < flips; ++i) {
        Files files = whole;
        flip(files.log, random);
        expect_honest(files);
    }
}

TEST_F(DamagedQueues, AFlippedBitInTheRecordBesideTakesNothing) {
    std::mt19937_64 random{test::random_seed()};
    const Files whole = in_use(30);
    for (int i = 0; i < flips / 2; ++i) {
        Files files = whole;
        flip(files.head, random);
        expect_honest(files);
    }
    EXPECT_EQ(told_, 0U);
}

TEST_F(DamagedQueues, WhatIsWholeIsTakenForWhole) {
    expect_honest(closed());
    expect_honest(in_use(1));
    expect_honest(in_use(30));
    EXPECT_EQ(told_, 0U);
}

TEST_F(DamagedQueues, AnAlteredPageTakesOnlyWhatWasInIt) {
    std::mt19937_64 random{test::random_seed()};
    const Files whole = closed();
    for (std::size_t page = 0; page < whole.database.size() / 4'096; ++page) {
        Files files = whole;
        for (std::size_t i = 0; i < 4'096; ++i) {
            files.database[page * 4'096 + i] = static_cast<char>(random());
        }
        expect_honest(files);
    }
}

TEST_F(DamagedQueues, ALogThatIsCutGoneOrAlteredFromItsStartIsTold) {
    const Files whole = in_use(30);
    for (const std::size_t left : {whole.log.size() / 2, std::size_t{32}, std::size_t{0}}) {
        Files files = whole;
        files.log.resize(left);
        expect_honest(files);
    }
    EXPECT_GT(told_, 0U);
    Files files = whole;
    files.log.replace(0, 32, 32, '\x55');
    const std::size_t before = told_;
    expect_honest(files);
    EXPECT_EQ(told_, before) << "all of it could be read";
}

TEST_F(DamagedQueues, AFileThatIsGoneIsTold) {
    const Files whole = in_use(30);
    Files files = whole;
    files.database.clear();
    expect_honest(files);
    files.log.clear();
    expect_honest(files);
    EXPECT_GE(told_, entry_count - removed_count - 1);
}

class MendedQueues : public testing::Test {
protected:
    std::string path() const { return directory_.file("queue"); }
    test::TemporaryDirectory directory_;
};

TEST_F(MendedQueues, KeepWhatWasThereAndSaySo) {
    {
        auto file = QueueFile::open({.path = path()});
        ASSERT_TRUE(file && file->begin());
        for (std::uint64_t id = 1; id <= entry_count; ++id) {
            file->append(bytes_of(id)).value();
        }
        ASSERT_TRUE(file->commit());
    }
    std::string content = content_of(path());
    content.replace(8 * 4'096, 64, 64, '\x7f');
    write_file(path(), content);
    const auto refused = QueueFile::open({.path = path(), .must_be_whole = true});
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().message.contains("is damaged")) << refused.error().message;
    EXPECT_EQ(content_of(path()), content);
    const auto file = QueueFile::open({.path = path()});
    ASSERT_TRUE(file);
    EXPECT_TRUE(file->opening_note().contains("is kept as " + path() + "-damaged-1"))
        << file->opening_note();
    EXPECT_EQ(content_of(path() + "-damaged-1"), content);
    EXPECT_FALSE(std::filesystem::exists(path() + "-salvage"));
    EXPECT_FALSE(std::filesystem::exists(path() + "-salvaged"));
}

/// Alter a queue that nobody has, and break a page of it, so that it is made anew.
void alter(const std::string& path, const std::string& script) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    // Else what is deleted can still be read.
    ASSERT_EQ(sqlite3_exec(database, ("PRAGMA secure_delete = ON;" + script).c_str(), nullptr,
                           nullptr, nullptr),
              SQLITE_OK);
    std::size_t page = 0;
    const auto take = [](void* number, int, char** values, char**) {
        *static_cast<std::size_t*>(number) = std::stoul(values[0]);
        return 0;
    };
    ASSERT_EQ(sqlite3_exec(database, "SELECT rootpage FROM sqlite_schema WHERE name = 'removed'",
                           take, &page, nullptr),
              SQLITE_OK);
    sqlite3_close(database);
    std::string content = content_of(path);
    content.replace((page - 1) * 4'096, 8, 8, '\x7f');
    write_file(path, content);
}

TEST_F(MendedQueues, TellWhatIsLostOfThoseThatFailed) {
    {
        auto file = QueueFile::open({.path = path()});
        ASSERT_TRUE(file && file->begin());
        for (int id = 1; id <= 6; ++id) {
            file->append("call " + std::to_string(id)).value();
        }
        // The last of them before its turn.
        for (const std::uint64_t id : {1, 2, 4}) {
            ASSERT_TRUE(file->fail(id, "why", 7));
        }
        ASSERT_TRUE(file->commit());
    }
    alter(path(),
          "UPDATE failed SET bytes = CAST('cell 2' AS BLOB) WHERE id = 2;"
          "DELETE FROM failed WHERE id = 1;");
    auto file = QueueFile::open({.path = path()});
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_TRUE(file->opening_note().contains(
        "3 calls that wait could be read, and none is missing; of those that failed 1 are altered "
        "and set aside: 2; of those that failed 1 are missing; what was there is kept"))
        << file->opening_note();
    const auto entries = file->entries_after(0);
    ASSERT_EQ(entries->size(), 3U);
    EXPECT_EQ(entries->at(0).bytes, "call 3");
    EXPECT_EQ(entries->at(1).bytes, "call 5");
    const auto failed = file->failed_after(0);
    ASSERT_EQ(failed->size(), 1U);
    EXPECT_EQ(failed->front().bytes, "call 4");
    const auto damaged = file->damaged_after(0);
    ASSERT_EQ(damaged->size(), 1U);
    EXPECT_EQ(damaged->front().id, 2U);
    EXPECT_EQ(damaged->front().bytes, "cell 2");
    EXPECT_TRUE(file->found_damage().empty());
    EXPECT_EQ(file->totals().failed_entries, 1U);
    EXPECT_EQ(file->totals().damaged_entries, 1U);
}

TEST_F(MendedQueues, BeginWithTheFirstThatIsThere) {
    {
        auto file = QueueFile::open({.path = path()});
        ASSERT_TRUE(file && file->begin() && file->append("one") && file->append("two") &&
                    file->append("three") && file->commit());
    }
    alter(path(), "DELETE FROM entries WHERE id = 1");
    {
        auto file = QueueFile::open({.path = path()});
        ASSERT_TRUE(file) << file.error().message;
        EXPECT_TRUE(file->opening_note().contains("; 1 are missing: 1;")) << file->opening_note();
        EXPECT_EQ(file->entries_after(0)->front().bytes, "two");
        EXPECT_TRUE(file->begin() && file->remove(2) && file->commit());
    }
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &database), SQLITE_OK);
    const auto fail = [](void*, int, char**, char**) { return 1; };
    EXPECT_EQ(sqlite3_exec(database, "SELECT id FROM removed", fail, nullptr, nullptr), SQLITE_OK)
        << "what is taken out in its turn is noted for ever";
    sqlite3_close(database);
}

TEST_F(MendedQueues, AreFinishedByTheNextProcess) {
    std::string identity;
    {
        auto file = QueueFile::open({.path = path()});
        ASSERT_TRUE(file && file->begin() && file->append("one") && file->commit());
        identity = file->identity();
    }
    // As if the process had been killed between making it anew and putting it in place.
    std::filesystem::rename(path(), path() + "-salvaged");
    write_file(path(), "altered");
    auto file = QueueFile::open({.path = path()});
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->identity(), identity);
    EXPECT_EQ(file->entries_after(0)->front().bytes, "one");
    EXPECT_EQ(content_of(path() + "-damaged-1"), "altered");
}

TEST_F(MendedQueues, AreRefusedWhereWhatWasThereCannotBeKept) {
    // With "-damaged-1" at its end one more character than a name may have.
    const std::string own = path() + std::string(241, 'q');
    {
        auto file = QueueFile::open({.path = own});
        ASSERT_TRUE(file && file->begin() && file->append("one") && file->commit());
    }
    std::filesystem::rename(own, own + "-salvaged");
    write_file(own, "altered");
    for (int round = 0; round < 2; ++round) {
        const auto refused = QueueFile::open({.path = own});
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Code::internal);
        EXPECT_TRUE(refused.error().message.contains("left as it is: it cannot be kept as " + own +
                                                     "-damaged-1: File name too long"))
            << refused.error().message;
        EXPECT_EQ(content_of(own), "altered");
    }
    for (const char* end : {"", "-head", "-salvaged"}) {
        std::filesystem::rename(own + end, path() + end);
    }
    const auto file = QueueFile::open({.path = path()});
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(content_of(path() + "-damaged-1"), "altered");
}

TEST_F(MendedQueues, AreRefusedWhereNothingTellsWhatIsTheirs) {
    {
        ASSERT_TRUE(QueueFile::open({.path = path()}));
    }
    std::string content(8'192, 'x');
    write_file(path(), content);
    write_file(path() + "-head", "nothing");
    const auto file = QueueFile::open({.path = path()});
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, Code::internal);
    EXPECT_TRUE(file.error().message.contains("left as it is")) << file.error().message;
    EXPECT_EQ(content_of(path()), content);
}

TEST_F(MendedQueues, NoticeThatTheirFileIsGoneBeforeTheyAcceptMore) {
    for (const char* end : {"", "-wal"}) {
        auto file = QueueFile::open({.path = path()});
        ASSERT_TRUE(file && file->begin() && file->append("one") && file->commit());
        const std::string name = path() + end;
        std::filesystem::rename(name, path() + "-aside");
        EXPECT_FALSE(file->is_in_place());
        ASSERT_TRUE(file->begin() && file->append("two"));
        const auto refused = file->commit();
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Code::internal);
        EXPECT_TRUE(refused.error().message.contains("was deleted or replaced (" + name + ")"))
            << refused.error().message;
        file->rollback();
        // What is there is still given out and taken out.
        const std::uint64_t id = file->entries_after(0)->back().id;
        EXPECT_TRUE(file->begin() && file->remove(id) && file->commit());
        std::filesystem::rename(path() + "-aside", name);
        EXPECT_TRUE(file->begin() && file->append("three") && file->commit());
    }
}

TEST_F(MendedQueues, NoticeThatTheirFileIsCutShortBeforeTheyAcceptMore) {
    for (const char* end : {"", "-wal"}) {
        const std::string own = path() + (*end == 0 ? "-first" : "-second");
        auto file = QueueFile::open({.path = own});
        ASSERT_TRUE(file);
        constexpr std::uint64_t count = 200;  // the log begins again some times
        for (std::uint64_t id = 1; id <= count; ++id) {
            ASSERT_TRUE(file->begin() && file->append(std::string(10'000, 'x')) && file->commit());
        }
        // Files get shorter by themselves, too.
        for (std::uint64_t id = 1; id <= count; ++id) {
            ASSERT_TRUE(file->begin() && file->remove(id) && file->append("y") && file->commit());
        }
        ASSERT_TRUE(file->is_in_place());
        const std::string name = own + end;
        ASSERT_GT(std::filesystem::file_size(name), 0U);
        std::filesystem::resize_file(name, 0);
        EXPECT_FALSE(file->is_in_place());
        const bool is_taken = file->begin() && file->append("z") && file->commit();
        EXPECT_FALSE(is_taken) << name;
        file->rollback();
    }
}

TEST_F(MendedQueues, BringTheFirstSchemaUpToDate) {
    sqlite3* old = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &old), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(old, R"(
PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
CREATE TABLE entries (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE failed (id INTEGER PRIMARY KEY, failed_at_ms INTEGER NOT NULL, reason TEXT NOT NULL,
                     bytes BLOB NOT NULL);
CREATE TABLE state (identity TEXT NOT NULL, last_id INTEGER NOT NULL, entries INTEGER NOT NULL,
                    bytes INTEGER NOT NULL, failed_entries INTEGER NOT NULL,
                    failed_bytes INTEGER NOT NULL, failed_discarded INTEGER NOT NULL);
INSERT INTO state VALUES ('0123456789abcdef0123456789abcdef', 9, 3, 9, 1, 3, 2);
INSERT INTO entries VALUES (4, CAST('one' AS BLOB)), (6, CAST('two' AS BLOB)), (7, CAST('abc' AS BLOB));
INSERT INTO failed VALUES (2, 77, 'why', CAST('bad' AS BLOB));
PRAGMA application_id = 1464948037; PRAGMA user_version = 1;)",
                           nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(old);
    EXPECT_TRUE(QueueFile::open({.path = path(), .must_be_whole = true})
                    .error()
                    .message.contains("an earlier version"));
    for (int round = 0; round < 2; ++round) {
        auto file = QueueFile::open({.path = path()});
        ASSERT_TRUE(file) << file.error().message;
        EXPECT_EQ(file->identity(), "0123456789abcdef0123456789abcdef");
        EXPECT_EQ(file->last_id(), 9U);
        const auto entries = file->entries_after(0);
        ASSERT_EQ(entries->size(), 3U);
        EXPECT_EQ(entries->at(0).bytes, "one");
        EXPECT_EQ(entries->at(1).id, 6U);
        EXPECT_EQ(file->failed_after(0)->front().reason, "why");
        EXPECT_TRUE(file->found_damage().empty());
        EXPECT_EQ(file->totals().failed_discarded, 2U);
        EXPECT_EQ(file->totals().bytes, 9U);
    }
}

TEST_F(MendedQueues, AreNotMadeWhereTheyMustBeWhole) {
    write_file(path(), "");
    EXPECT_FALSE(QueueFile::open({.path = path(), .must_be_whole = true}));
    EXPECT_FALSE(QueueFile::open({.path = path() + "-none", .must_be_whole = true}));
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{directory_.path()}) {
        names.insert(entry.path().filename());
    }
    EXPECT_EQ(names, std::set<std::string>{"queue"});
    EXPECT_EQ(content_of(path()), "");
}

}  // namespace
}  // namespace warren::store
