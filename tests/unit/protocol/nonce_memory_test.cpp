#include "protocol/nonce_memory.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <random>
#include <set>
#include <thread>
#include <vector>

namespace warren::protocol {
namespace {

using namespace std::chrono_literals;
using enum NonceMemory::Verdict;

Nonce nonce_of(std::uint64_t client, unsigned last) {
    Nonce nonce{};
    std::memcpy(nonce.data(), &client, sizeof client);
    nonce[14] = static_cast<std::byte>(last >> 8);
    nonce[15] = static_cast<std::byte>(last);
    return nonce;
}

std::shared_ptr<NonceMemory> memory_of(const NonceMemoryOptions& options) {
    return *NonceMemory::make(options);
}

TEST(NonceSet, holds_exactly_what_was_inserted) {
    const unsigned seed = std::random_device{}();
    RecordProperty("seed", static_cast<int>(seed));
    SCOPED_TRACE(seed);
    std::mt19937_64 random{seed};
    NonceSet set{random()};
    std::set<Nonce> expected;
    for (int count = 0; count != 20'000; ++count) {
        // Few enough that many meet, and so that zero is among them.
        const Nonce nonce = nonce_of(random() % 50, static_cast<unsigned>(random() % 700));
        EXPECT_EQ(set.contains(nonce), expected.contains(nonce));
        set.insert(nonce);
        expected.insert(nonce);
    }
    for (std::uint64_t client = 0; client != 50; ++client) {
        for (unsigned last = 0; last != 800; ++last) {
            const Nonce nonce = nonce_of(client, last);
            ASSERT_EQ(set.contains(nonce), expected.contains(nonce));
        }
    }
    EXPECT_EQ(set.blocks(), 50U * 3);
    set.clear();
    EXPECT_EQ(set.blocks(), 0U);
    EXPECT_FALSE(set.contains(*expected.begin()));
}

TEST(NonceMemory, takes_as_many_blocks_as_may_be_and_no_more) {
    const auto memory = memory_of({.window = 10ms, .blocks_max = 3});
    EXPECT_EQ(memory->take(nonce_of(1, 0), 100), fresh);
    EXPECT_EQ(memory->take(nonce_of(2, 0), 95), fresh);
    EXPECT_EQ(memory->take(nonce_of(3, 0), 105), fresh);
    EXPECT_EQ(memory->take(nonce_of(4, 0), 105), full);
    EXPECT_EQ(memory->take(nonce_of(4, 0), 105), full) << "what is refused is not remembered";
    EXPECT_EQ(memory->take(nonce_of(3, 1), 105), fresh);
    EXPECT_EQ(memory->take(nonce_of(1, 0), 100), seen);
    EXPECT_EQ(memory->blocks(), 3U);
    EXPECT_EQ(memory->take(nonce_of(4, 0), 135), fresh) << "the old ones are out of the window";
    EXPECT_EQ(memory->blocks(), 1U);
}

TEST(NonceMemory, remembers_all_that_is_within_the_window) {
    constexpr std::int64_t window = 7;
    const auto memory = memory_of({.window = std::chrono::milliseconds{window}});
    for (std::int64_t now = 1000; now != 1100; ++now) {
        for (std::int64_t time = now - window; time <= now + window; ++time) {
            const Nonce nonce = nonce_of(static_cast<std::uint64_t>(time), 0);
            const bool was_seen = now != 1000 && time != now + window;
            ASSERT_EQ(memory->take(nonce, time), was_seen ? seen : fresh) << now << ' ' << time;
        }
        EXPECT_LE(memory->blocks(), static_cast<std::size_t>(3 * window));
    }
}

TEST(NonceMemory, takes_nothing_again_when_the_clock_is_set_back) {
    const auto memory = memory_of({.window = 10ms});
    EXPECT_EQ(memory->take(nonce_of(1, 0), 100), fresh);
    EXPECT_EQ(memory->take(nonce_of(2, 0), 1000), fresh);
    EXPECT_EQ(memory->since_ms(), 980);
    EXPECT_EQ(memory->take(nonce_of(1, 0), 100), forgotten);
    EXPECT_EQ(memory->take(nonce_of(3, 0), 979), forgotten);
    EXPECT_EQ(memory->take(nonce_of(3, 0), 980), fresh);
    EXPECT_EQ(memory->take(nonce_of(3, 0), 980), seen);
}

TEST(NonceMemory, remembers_what_was_refused_as_early_until_its_time_is_over) {
    const auto memory = memory_of({.window = 10ms});
    EXPECT_EQ(memory->take(nonce_of(1, 0), 100), fresh);
    memory->refuse_early(nonce_of(2, 0), 109);  // the same stretch
    memory->refuse_early(nonce_of(3, 0), 110);
    memory->refuse_early(nonce_of(4, 0), 500);
    memory->refuse_early(nonce_of(5, 0), -1);  // of a time that never comes
    EXPECT_EQ(memory->take(nonce_of(2, 0), 109), seen);
    EXPECT_EQ(memory->take(nonce_of(3, 0), 110), seen);
    EXPECT_EQ(memory->take(nonce_of(6, 0), 110), fresh) << "others of that time are taken";
    EXPECT_EQ(memory->take(nonce_of(7, 0), 520), fresh);
    EXPECT_EQ(memory->take(nonce_of(4, 0), 500), seen);
    EXPECT_EQ(memory->take(nonce_of(8, 0), 530), fresh);
    EXPECT_EQ(memory->take(nonce_of(4, 0), 500), forgotten);
}

TEST(NonceMemory, remembers_as_many_early_ones_as_may_be_and_the_first_to_come) {
    const auto memory = memory_of({.window = 10ms, .blocks_max = 32});
    memory->refuse_early(nonce_of(1, 0), 1000);
    memory->refuse_early(nonce_of(2, 0), 2000);
    memory->refuse_early(nonce_of(2, 1), 2000);
    memory->refuse_early(nonce_of(3, 0), 500);
    EXPECT_EQ(memory->blocks(), 0U) << "they take no room of what is taken";
    EXPECT_EQ(memory->take(nonce_of(3, 0), 500), seen);
    EXPECT_EQ(memory->take(nonce_of(1, 0), 1000), seen);
    EXPECT_EQ(memory->take(nonce_of(2, 0), 2000), fresh) << "there was room for two blocks";
}

TEST(NonceMemory, refuses_a_window_that_will_not_do) {
    for (const auto window : {0ms, -1ms, 86'400'001ms}) {
        const auto memory = NonceMemory::make({.window = window});
        ASSERT_FALSE(memory);
        EXPECT_EQ(memory.error().code, Code::invalid_request);
    }
    for (const auto ahead : {-1ms, 11ms}) {
        const auto memory = NonceMemory::make({.window = 10ms, .ahead_max = ahead});
        ASSERT_FALSE(memory);
        EXPECT_TRUE(memory.error().message.contains("auth_clock_ahead_max"));
    }
    EXPECT_TRUE(NonceMemory::make({.window = 10ms, .ahead_max = 0ms}));
    EXPECT_TRUE(NonceMemory::make({.window = 10ms, .ahead_max = 10ms}));
    EXPECT_TRUE(NonceMemory::make({.window = 1ms}));
    EXPECT_TRUE(NonceMemory::make({.window = 24h}));
}

TEST(NonceMemory, takes_each_nonce_once_from_many_threads) {
    const auto memory = memory_of({});
    std::atomic<int> taken = 0;
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread != 4; ++thread) {
            threads.emplace_back([&] {
                for (unsigned last = 0; last != 2000; ++last) {
                    taken += memory->take(nonce_of(1, last), 1000) == fresh ? 1 : 0;
                }
            });
        }
    }
    EXPECT_EQ(taken, 2000);
}

}  // namespace
}  // namespace warren::protocol
