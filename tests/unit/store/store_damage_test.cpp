#include "store/call_store.hpp"
#include "store/open_session.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <random>

// What becomes of a store whose files are altered while nobody has them.
namespace warren::store::store_damage {
namespace {

constexpr int records = 60;

std::string key_of(int number) {
    return "key " + std::to_string(number);
}
std::string response_of(int number) {
    return "response " + std::to_string(number) + std::string(number % 7 == 0 ? 6'000 : 200, 'r');
}
ClaimRequest claim_of(int number) {
    return {.key = key_of(number), .method = "add", .request = request_hash("add", "1")};
}

std::expected<Claimed, Failure> ask(CallStore& store, int number) {
    std::promise<std::expected<Claimed, Failure>> promise;
    store.claim(claim_of(number), [&](auto claimed) { promise.set_value(std::move(claimed)); });
    return promise.get_future().get();
}

void fill(CallStore& store) {
    for (int number = 0; number < records; ++number) {
        ASSERT_EQ(ask(store, number).value().state, ClaimState::fresh);
        std::promise<void> kept;
        store.keep({key_of(number), 1}, response_of(number), [&](auto is_kept) {
            EXPECT_TRUE(is_kept.value());
            kept.set_value();
        });
        kept.get_future().wait();
    }
}

std::string content_of(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

void write(const std::string& path, const std::string& content) {
    std::ofstream{path, std::ios::binary | std::ios::trunc}.write(
        content.data(), static_cast<std::streamsize>(content.size()));
}

/// The files of a store that was filled, as they were at its end, or as a crash left them.
using Files = std::map<std::string, std::string>;
constexpr const char* suffixes[] = {"", "-wal", "-owners"};

Files files_of(const std::string& path) {
    Files files;
    for (const char* const suffix : suffixes) {
        if (std::filesystem::exists(path + suffix)) {
            files[suffix] = content_of(path + suffix);
        }
    }
    return files;
}

/// Open what is left: every response is there as it was, or its call fails by name.
/// out  why it was not opened; empty: it was
std::string try_out(const Files& files) {
    const test::TemporaryDirectory directory{test::TemporaryDirectory::fast_parent()};
    const std::string path = directory.file("store.db");
    for (const auto& [suffix, content] : files) {
        write(path + suffix, content);
    }
    auto session = open_sqlite(path);
    if (!session) {
        EXPECT_NE(session.error().message.find(path), std::string::npos);
        return session.error().message;
    }
    CallStore store{std::move(*session), {}};
    for (int number = 0; number < records; ++number) {
        const auto claimed = ask(store, number);
        if (!claimed) {
            EXPECT_NE(claimed.error().message.find(path), std::string::npos);
        } else if (claimed->state == ClaimState::answered) {
            EXPECT_EQ(claimed->response, response_of(number));
        } else {
            EXPECT_EQ(claimed->state, ClaimState::damaged) << "forgotten: " << key_of(number);
        }
    }
    return {};
}

Files closed_store() {
    const test::TemporaryDirectory directory{test::TemporaryDirectory::fast_parent()};
    const std::string path = directory.file("store.db");
    {
        CallStore store{open_sqlite(path).value(), {}};
        fill(store);
    }
    return files_of(path);
}

/// As kill -9 leaves it: with its write-ahead log.
Files killed_store() {
    const test::TemporaryDirectory directory{test::TemporaryDirectory::fast_parent()};
    const std::string path = directory.file("store.db");
    CallStore store{open_sqlite(path).value(), {}};
    fill(store);
    return files_of(path);
}

TEST(StoreDamage, OfOneBitIsHarmlessOrTold) {
    std::mt19937 random{4711};
    for (const Files& whole : {closed_store(), killed_store()}) {
        ASSERT_EQ(try_out(whole), "");
        for (const auto& [suffix, content] : whole) {
            constexpr std::size_t step = 1'024;
            for (std::size_t at = 0; at < content.size(); at += step) {
                Files altered = whole;
                const std::size_t end = std::min(content.size(), at + step) - 1;
                const std::size_t byte =
                    std::uniform_int_distribution<std::size_t>{at, end}(random);
                const int bit = std::uniform_int_distribution{0, 7}(random);
                altered[suffix][byte] = static_cast<char>(altered[suffix][byte] ^ (1 << bit));
                SCOPED_TRACE("bit " + std::to_string(bit) + " of byte " + std::to_string(byte) +
                             " of store.db" + suffix);
                static_cast<void>(try_out(altered));
                if (HasFailure()) {
                    return;
                }
            }
        }
    }
}

TEST(StoreDamage, OfWholePagesIsHarmlessOrTold) {
    const Files whole = killed_store();
    for (const auto& [suffix, content] : whole) {
        constexpr std::size_t page = 4'096;
        for (std::size_t at = 0; at < content.size(); at += 4 * page) {
            Files altered = whole;
            const std::size_t size = std::min(page, content.size() - at);
            altered[suffix].replace(at, size, std::string(size, '\0'));
            SCOPED_TRACE("zeros at byte " + std::to_string(at) + " of store.db" + suffix);
            static_cast<void>(try_out(altered));
            if (HasFailure()) {
                return;
            }
        }
    }
}

TEST(StoreDamage, OfALogThatIsCutOrGoneIsTold) {
    const Files whole = killed_store();
    Files without = whole;
    without.erase("-wal");
    EXPECT_NE(try_out(without).find("has lost its last"), std::string::npos);
    Files cut = whole;
    cut["-wal"].resize(cut["-wal"].size() / 2);
    EXPECT_NE(try_out(cut).find("has lost its last"), std::string::npos);
    // Who says so goes on without them.
    without.erase("-owners");
    const test::TemporaryDirectory directory{test::TemporaryDirectory::fast_parent()};
    for (const auto& [suffix, content] : without) {
        write(directory.file("store.db") + suffix, content);
    }
    EXPECT_TRUE(open_sqlite(directory.file("store.db")).has_value());
}

}  // namespace
}  // namespace warren::store::store_damage
