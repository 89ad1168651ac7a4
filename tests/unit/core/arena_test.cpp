#include <warren/arena.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace warren {
namespace {

TEST(Arena, aligns_what_it_gives) {
    Arena arena;
    for (const std::size_t alignment : {1U, 2U, 4U, 8U, 16U}) {
        for (const std::size_t size : {0U, 1U, 7U, 1023U, 1024U, 1025U, 100'000U}) {
            const auto at = reinterpret_cast<std::uintptr_t>(arena.allocate(size, alignment));
            EXPECT_EQ(at % alignment, 0U);
        }
    }
}

TEST(Arena, keeps_what_it_gave_while_it_grows) {
    Arena arena;
    std::vector<std::string_view> copies;
    for (int at = 0; at < 10'000; ++at) {
        copies.push_back(arena.copy("text number " + std::to_string(at)));
    }
    for (int at = 0; at < 10'000; ++at) {
        ASSERT_EQ(copies[static_cast<std::size_t>(at)], "text number " + std::to_string(at));
    }
}

TEST(Arena, reuses_its_largest_chunk_after_a_reset) {
    Arena arena;
    arena.allocate(100'000, 1);
    arena.reset();
    const void* first = arena.allocate(50'000, 1);
    arena.allocate(50'000, 1);
    arena.reset();
    EXPECT_EQ(arena.allocate(100'000, 1), first);
    Arena{}.reset();
}

TEST(Arena, copies_values_with_all_they_view) {
    Arena arena;
    Value copied;
    {
        const std::string text = "a text that is not a literal";
        const std::array octets{std::byte{1}, std::byte{2}};
        const std::array items{Value::text(text), Value::bytes(octets), Value::null()};
        const std::array members{Member{Value::text(text), Value::list(items)},
                                 Member{Value::text("empty"), Value::list({})}};
        copied = arena.copy(Value::map(members));
        EXPECT_EQ(copied, Value::map(members));
        EXPECT_NE(copied.as_map()[0].key.as_text().data(), text.data());
    }
    EXPECT_EQ(copied.as_map()[0].value.as_list()[0].as_text(), "a text that is not a literal");
    EXPECT_EQ(copied.as_map()[0].value.as_list()[1].as_bytes().size(), 2U);
}

TEST(Arena, leaves_nothing_behind_when_moved_from) {
    Arena first;
    const std::string_view kept = first.copy("kept");
    Arena second{std::move(first)};
    first.copy("overwritten?");  // NOLINT(bugprone-use-after-move): it is empty, not unusable
    EXPECT_EQ(kept, "kept");
    second = std::move(first);
    EXPECT_EQ(second.copy("more"), "more");
    Arena& same = second;
    second = std::move(same);
    EXPECT_EQ(second.copy("and more"), "and more");
}

}  // namespace
}  // namespace warren

namespace warren {
namespace {

TEST(Arena, takes_its_chunks_from_its_budget_before_it_allocates_them) {
    detail::MemoryBudget all{4096, "all"};
    detail::MemoryBudget share{3072, "share", &all};
    {
        Arena arena{share};
        arena.allocate(1024, 1);
        arena.allocate(2048, 1);
        EXPECT_EQ(share.taken(), 3072U);
        EXPECT_EQ(all.taken(), 3072U);
        try {
            arena.allocate(1, 1);
            ADD_FAILURE() << "it has no more";
        } catch (const Arena::Full& full) {
            EXPECT_STREQ(full.what(), "share");
        }
        arena.reset();
        EXPECT_EQ(share.taken(), 2048U) << "the largest chunk is kept";
        Arena other{all};
        other.allocate(2048, 1);
        EXPECT_THROW(other.allocate(1, 1), Arena::Full);
        Arena moved = std::move(arena);
        moved.reset(1024);
        EXPECT_EQ(share.taken(), 0U) << "and given back, too, where it is larger than that";
        other.allocate(2048, 1);
    }
    EXPECT_EQ(share.taken(), 0U);
    EXPECT_EQ(all.taken(), 0U);
}

}  // namespace
}  // namespace warren
