#include "store/queue_file.hpp"

#include "store/file_size_signal.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <memory>

namespace warren::store::queue_file_test {

class QueueFiles : public testing::Test {
protected:
    QueueFile open(QueueFileOptions options) {
        if (options.path.empty()) {
            options.path = path();
        }
        auto file = QueueFile::open(std::move(options));
        if (!file) {
            throw Error{file.error()};
        }
        return std::move(*file);
    }
    QueueFile open() { return open({.path = path()}); }

    /// Why it cannot be opened; its path must be named.
    Failure refusal(const std::string& path) {
        const auto file = QueueFile::open({.path = path});
        EXPECT_FALSE(file) << path;
        const Failure why = file ? Failure{} : file.error();
        EXPECT_EQ(why.code, Code::invalid_request);
        EXPECT_NE(why.message.find(path), std::string::npos) << why.message;
        return why;
    }
    void expect_refusal(const std::string& path, std::string_view words) {
        const Failure why = refusal(path);
        EXPECT_NE(why.message.find(words), std::string::npos) << why.message;
    }

    std::string path() const { return directory_.file("queue"); }
    const test::TemporaryDirectory& directory() const { return directory_; }

private:
    test::TemporaryDirectory directory_;
};

std::uint64_t append(QueueFile& file, std::string_view bytes) {
    EXPECT_TRUE(file.begin());
    const auto id = file.append(bytes);
    EXPECT_TRUE(file.commit());
    return *id;
}

void fail(QueueFile& file, std::uint64_t id, std::string_view reason, std::int64_t at_ms) {
    EXPECT_TRUE(file.begin());
    EXPECT_TRUE(file.fail(id, reason, at_ms));
    EXPECT_TRUE(file.commit());
}

void remove(QueueFile& file, std::uint64_t id) {
    EXPECT_TRUE(file.begin());
    EXPECT_TRUE(file.remove(id));
    EXPECT_TRUE(file.commit());
}

std::vector<std::string> bytes_of(QueueFile& file) {
    std::vector<std::string> all;
    const auto entries = file.entries_after(0, {.entries_max = 1'000});
    for (const Entry& entry : *entries) {
        all.push_back(entry.bytes);
    }
    return all;
}

std::string content_of(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

using Words = std::vector<std::string>;

TEST_F(QueueFiles, KeepOrderAndBytesOverReopening) {
    const std::string every_byte{"\0\xff\n'\"", 5};
    std::string identity;
    {
        QueueFile file = open();
        identity = file.identity();
        EXPECT_EQ(identity.size(), 32U);
        EXPECT_EQ(append(file, "one"), 1U);
        EXPECT_EQ(append(file, every_byte), 2U);
        EXPECT_EQ(append(file, ""), 3U);
    }
    QueueFile file = open();
    EXPECT_EQ(file.identity(), identity);
    EXPECT_EQ(bytes_of(file), (Words{"one", every_byte, ""}));
    EXPECT_EQ(file.totals().entries, 3U);
    EXPECT_EQ(file.totals().bytes, 8U);
}

TEST_F(QueueFiles, NeverUseAnIdTwice) {
    {
        QueueFile file = open();
        remove(file, append(file, "gone"));
        EXPECT_EQ(file.totals().entries, 0U);
        EXPECT_EQ(file.totals().bytes, 0U);
    }
    QueueFile file = open();
    EXPECT_EQ(append(file, "next"), 2U);
    EXPECT_EQ(bytes_of(file), (Words{"next"}));
}

TEST_F(QueueFiles, DifferInTheirIdentities) {
    const QueueFile one = open();
    const QueueFile other = open({.path = directory().file("other")});
    EXPECT_NE(one.identity(), other.identity());
}

TEST_F(QueueFiles, ForgetWhatIsRolledBack) {
    QueueFile file = open();
    append(file, "kept");
    ASSERT_TRUE(file.begin());
    ASSERT_TRUE(file.append("dropped"));
    ASSERT_TRUE(file.remove(1));
    file.rollback();
    EXPECT_EQ(bytes_of(file), (Words{"kept"}));
    EXPECT_EQ(file.totals().entries, 1U);
    EXPECT_EQ(file.totals().bytes, 4U);
    EXPECT_EQ(append(file, "next"), 2U);
}

TEST_F(QueueFiles, TakeTheRemovalOfWhatIsNotThereAsDone) {
    QueueFile file = open();
    append(file, "one");
    remove(file, 7);
    fail(file, 7, "why", 1);
    EXPECT_EQ(file.totals().entries, 1U);
    EXPECT_EQ(file.totals().failed_entries, 0U);
}

TEST_F(QueueFiles, AreReadInPartsFromAnyEntry) {
    QueueFile file = open();
    for (const char* bytes : {"aaaa", "bbbb", "cccc", "dddd"}) {
        append(file, bytes);
    }
    EXPECT_EQ(file.entries_after(1, {.entries_max = 2})->size(), 2U);
    EXPECT_EQ(file.entries_after(1, {.entries_max = 2})->front().id, 2U);
    // At least one, whatever its size; then until the bytes are there.
    EXPECT_EQ(file.entries_after(0, {.bytes_max = 1})->size(), 1U);
    EXPECT_EQ(file.entries_after(0, {.bytes_max = 8})->size(), 2U);
    EXPECT_EQ(file.entries_after(0, {.bytes_max = 9})->size(), 3U);
    EXPECT_TRUE(file.entries_after(4)->empty());
}

TEST_F(QueueFiles, KeepWhatFailedWithItsReason) {
    {
        QueueFile file = open();
        fail(file, append(file, "bad"), "no_such_method: 'x'", 1'700'000'000'123);
        append(file, "good");
    }
    QueueFile file = open();
    EXPECT_EQ(bytes_of(file), (Words{"good"}));
    const auto failed = file.failed_after(0);
    ASSERT_EQ(failed->size(), 1U);
    EXPECT_EQ(failed->front().id, 1U);
    EXPECT_EQ(failed->front().bytes, "bad");
    EXPECT_EQ(failed->front().reason, "no_such_method: 'x'");
    EXPECT_EQ(failed->front().failed_at_ms, 1'700'000'000'123);
    EXPECT_EQ(file.totals().failed_entries, 1U);
    EXPECT_EQ(file.totals().failed_bytes, 3U);
}

TEST_F(QueueFiles, DiscardTheOldestThatFailedOverTheLimitOfEntries) {
    QueueFile file = open({.path = path(), .failed_entries_max = 2});
    fail(file, append(file, "a"), "", 0);
    fail(file, append(file, "b"), "", 0);
    EXPECT_EQ(file.totals().failed_discarded, 0U);
    fail(file, append(file, "c"), "", 0);
    EXPECT_EQ(file.totals().failed_discarded, 1U);
    EXPECT_EQ(file.totals().failed_entries, 2U);
    EXPECT_EQ(file.failed_after(0)->front().bytes, "b");
}

TEST_F(QueueFiles, DiscardTheOldestThatFailedOverTheLimitOfBytes) {
    QueueFile file = open({.path = path(), .failed_bytes_max = 8});
    fail(file, append(file, "aaaa"), "", 0);
    fail(file, append(file, "bbbb"), "", 0);
    EXPECT_EQ(file.totals().failed_entries, 2U);
    fail(file, append(file, "c"), "", 0);
    EXPECT_EQ(file.totals().failed_entries, 2U);
    EXPECT_EQ(file.totals().failed_bytes, 5U);
    EXPECT_EQ(file.totals().failed_discarded, 1U);
}

TEST_F(QueueFiles, AppendAgainWhatFailed) {
    QueueFile file = open();
    fail(file, append(file, "a"), "", 0);
    fail(file, append(file, "b"), "", 0);
    append(file, "c");
    ASSERT_TRUE(file.begin());
    ASSERT_TRUE(file.retry_failed());
    ASSERT_TRUE(file.commit());
    EXPECT_EQ(bytes_of(file), (Words{"c", "a", "b"}));
    EXPECT_EQ(file.totals().entries, 3U);
    EXPECT_EQ(file.totals().bytes, 3U);
    EXPECT_EQ(file.totals().failed_entries, 0U);
    EXPECT_EQ(file.totals().failed_bytes, 0U);
    EXPECT_EQ(append(file, "d"), 6U);
}

TEST_F(QueueFiles, SayThatTheDiskIsFullAndGoOnWhenThereIsRoom) {
    QueueFile file = open({.path = path(), .pages_max = 16});
    std::size_t taken = 0;
    std::expected<void, Failure> outcome;
    while (outcome) {
        ASSERT_TRUE(file.begin());
        const auto id = file.append(std::string(4'000, 'x'));
        outcome = id ? file.commit() : std::unexpected{id.error()};
        taken += outcome ? 1 : 0;
        ASSERT_LT(taken, 16U);
    }
    EXPECT_EQ(outcome.error().code, Code::overloaded);
    EXPECT_NE(outcome.error().message.find(path()), std::string::npos);
    EXPECT_NE(outcome.error().message.find("the disk is full"), std::string::npos);
    file.rollback();
    EXPECT_EQ(bytes_of(file).size(), taken);
    EXPECT_EQ(file.totals().entries, taken);
    remove(file, 1);
    append(file, std::string(4'000, 'y'));
    EXPECT_EQ(bytes_of(file).back().front(), 'y');
}

TEST_F(QueueFiles, AreFullWhereAFileMayNotGrowFurther) {
    const FileSizeSignalBlocked blocked;
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    rlimit small = before;
    small.rlim_cur = rlim_t{4} << 20;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    {
        QueueFile file = open();
        std::expected<void, Failure> outcome;
        for (int i = 0; i < 80 && outcome; ++i) {
            ASSERT_TRUE(file.begin());
            const auto id = file.append(std::string(std::size_t{64} << 10, 'x'));
            outcome = id ? file.commit() : std::unexpected{id.error()};
        }
        ASSERT_FALSE(outcome);
        EXPECT_EQ(outcome.error().code, Code::overloaded);
        file.rollback();
    }
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
}

TEST_F(QueueFiles, AreForTheirUserAlone) {
    QueueFile file = open();
    append(file, "secret");
    for (const std::string& name : {path(), path() + "-wal"}) {
        struct stat status{};
        ASSERT_EQ(stat(name.c_str(), &status), 0) << name;
        EXPECT_EQ(status.st_mode & 0777U, 0600U) << name;
    }
}

TEST_F(QueueFiles, AreNotShared) {
    auto file = std::make_unique<QueueFile>(open());
    expect_refusal(path(), "is in use, by another process");
    append(*file, "one");
    expect_refusal(path(), "is in use, by another process");
    append(*file, "two");
    file.reset();
    EXPECT_EQ(bytes_of(*std::make_unique<QueueFile>(open())), (Words{"one", "two"}));
}

TEST_F(QueueFiles, NeedTheirDirectory) {
    expect_refusal(directory().file("missing/queue"),
                   "make the directory " + directory().file("missing"));
    EXPECT_FALSE(std::filesystem::exists(directory().file("missing")));
}

TEST_F(QueueFiles, AreFiles) {
    std::filesystem::create_directory(directory().file("folder"));
    expect_refusal(directory().file("folder"), "is no file");
}

/// Root may write everything, so there another user tries.
class AsOrdinaryUser {
public:
    AsOrdinaryUser() {
        if (was_root_) {
            EXPECT_EQ(seteuid(65'534), 0);
        }
    }
    AsOrdinaryUser(const AsOrdinaryUser&) = delete;
    AsOrdinaryUser& operator=(const AsOrdinaryUser&) = delete;
    ~AsOrdinaryUser() {
        if (was_root_) {
            EXPECT_EQ(seteuid(0), 0);
        }
    }

private:
    const bool was_root_ = geteuid() == 0;
};

TEST_F(QueueFiles, MustBeWritable) {
    using std::filesystem::perms;
    append(*std::make_unique<QueueFile>(open()), "one");
    std::filesystem::permissions(path(), perms::owner_read | perms::others_read);
    std::filesystem::permissions(directory().path(), perms{0555});
    {
        const AsOrdinaryUser ordinary;
        expect_refusal(path(), "may not be written");
        expect_refusal(directory().file("new"), "Permission denied");
    }
    std::filesystem::permissions(directory().path(), perms{0755});
    std::filesystem::permissions(path(), perms{0600});
    EXPECT_EQ(bytes_of(*std::make_unique<QueueFile>(open())), (Words{"one"}));
}

void expect_untouched(const std::string& path, const std::string& content) {
    EXPECT_TRUE(content_of(path) == content);
}

TEST_F(QueueFiles, AreNotTakenForWhatTheyAreNot) {
    const std::string text(10'000, 'x');
    std::ofstream{path(), std::ios::binary} << text;
    expect_refusal(path(), "is no buffer of Warren's");
    expect_untouched(path(), text);
}

TEST_F(QueueFiles, AreNotTheDatabasesOfOthers) {
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &other), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(other, "CREATE TABLE theirs (a)", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(other);
    const std::string content = content_of(path());
    expect_refusal(path(), "database of another program");
    expect_untouched(path(), content);
}

TEST_F(QueueFiles, AreNotReadInAnotherVersion) {
    append(*std::make_unique<QueueFile>(open()), "one");
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &other), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(other, "PRAGMA user_version = 3", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(other);
    std::ofstream{path() + "-head", std::ios::binary} << "as another version writes it";
    const std::string content = content_of(path());
    expect_refusal(path(), "another version of Warren (schema 3)");
    expect_untouched(path(), content);
}

}  // namespace warren::store::queue_file_test
