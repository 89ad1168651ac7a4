#include "store/queue_file.hpp"
#include "support/child_process.hpp"
#include "support/support.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <random>
#include <set>

namespace warren::store {
namespace {

/// What a killed process had said.
struct Account {
    std::set<std::uint64_t> appended;
    std::set<std::uint64_t> removing;

    void take(const std::string& line) {
        const std::size_t space = line.find(' ');
        const std::uint64_t number = std::strtoull(line.c_str() + space + 1, nullptr, 10);
        (line.starts_with("appended") ? appended : removing).insert(number);
    }
};

/// The numbers in a file, which must be in order, and each there once.
std::set<std::uint64_t> numbers_in(const std::string& path) {
    auto file = QueueFile::open({.path = path});
    if (!file) {
        throw Error{file.error()};
    }
    std::set<std::uint64_t> numbers;
    std::uint64_t bytes = 0;
    for (std::uint64_t after = 0;;) {
        const auto entries = file->entries_after(after);
        if (entries->empty()) {
            break;
        }
        for (const Entry& entry : *entries) {
            const std::uint64_t number = std::strtoull(entry.bytes.c_str(), nullptr, 10);
            EXPECT_TRUE(numbers.empty() || *numbers.rbegin() < number);
            EXPECT_GT(entry.id, after);
            numbers.insert(number);
            after = entry.id;
            bytes += entry.bytes.size();
        }
    }
    EXPECT_EQ(file->totals().entries, numbers.size());
    EXPECT_EQ(file->totals().bytes, bytes);
    return numbers;
}

TEST(KilledProcesses, LeaveEverythingTheyHadConfirmed) {
    const test::TemporaryDirectory directory;
    const std::string path = directory.file("queue");
    std::minstd_rand random{static_cast<std::minstd_rand::result_type>(test::random_seed())};
    std::uniform_int_distribution<int> lines_until_kill{0, 700};
    constexpr int kills = 12;

    Account account;
    std::uint64_t first = 0;
    for (int kill = 0; kill < kills; ++kill) {
        test::ChildProcess appender{{WARREN_STORE_APPENDER, path, std::to_string(first)}};
        for (int lines = lines_until_kill(random); lines > 0; --lines) {
            account.take(appender.read_line());
        }
        appender.send_signal(SIGKILL);
        EXPECT_EQ(appender.wait(), 128 + SIGKILL);
        // What it had said, too, before it was gone.
        for (std::string line = appender.read_line(); line.find(' ') != std::string::npos;
             line = appender.read_line()) {
            account.take(line);
        }
        const std::set<std::uint64_t> there = numbers_in(path);
        for (const std::uint64_t number : account.appended) {
            EXPECT_TRUE(there.contains(number) || account.removing.contains(number)) << number;
        }
        // Numbers that were on the disk and not said to be are possible; they are not used again.
        first = std::max(first, there.empty() ? 0 : *there.rbegin() + 1);
        first = std::max(first, account.appended.empty() ? 0 : *account.appended.rbegin() + 1);
    }
    EXPECT_FALSE(account.appended.empty());
}

}  // namespace
}  // namespace warren::store
