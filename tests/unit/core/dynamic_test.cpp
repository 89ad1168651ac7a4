#include <warren/dynamic.hpp>
#include <warren/error.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>

namespace warren {
namespace {

Dynamic person() {
    return Dynamic::map({{"name", std::string("Ada")},
                         {"born", 1815},
                         {"tags", Dynamic::list({true, 1.5, nullptr, UINT64_MAX})}});
}

TEST(Dynamic, builds_every_kind) {
    EXPECT_TRUE(Dynamic {} -> is_null());
    EXPECT_TRUE(Dynamic { nullptr } -> is_null());
    EXPECT_EQ(Dynamic { true } -> kind(), Value::Kind::boolean);
    EXPECT_EQ(Dynamic{7} -> kind(), Value::Kind::int64);
    EXPECT_EQ(Dynamic{7U} -> kind(), Value::Kind::int64);
    EXPECT_EQ(Dynamic { UINT64_MAX } -> kind(), Value::Kind::uint64);
    EXPECT_EQ(Dynamic{1.5F} -> kind(), Value::Kind::float64);
    EXPECT_EQ(Dynamic{"text"} -> as_text(), "text");
    const std::array octets{std::byte{1}};
    EXPECT_EQ(Dynamic::bytes(octets)->as_bytes().size(), 1U);
    EXPECT_EQ(person()["name"].as_text(), "Ada");
    EXPECT_EQ(person()["tags"].as_list().size(), 4U);
    EXPECT_TRUE(person()["none"].is_null());
}

TEST(Dynamic, owns_what_it_refers_to) {
    Dynamic kept;
    {
        std::string text = "a text long enough to live on the heap, not in the string itself";
        kept = Dynamic::list({text, text});
        text.assign(text.size(), '?');
    }
    EXPECT_TRUE(kept->as_list()[1].as_text().starts_with("a text long"));
}

TEST(Dynamic, copies_deeply_and_moves_away) {
    Dynamic first = person();
    Dynamic copy = first;
    EXPECT_EQ(copy, first);
    EXPECT_NE(copy->as_map().data(), first->as_map().data());
    const Dynamic moved = std::move(first);
    EXPECT_EQ(moved, copy);
    EXPECT_TRUE(first->is_null());  // NOLINT(bugprone-use-after-move): that is the promise
    copy = copy["tags"].is_list() ? Dynamic{copy["tags"]} : Dynamic{};
    EXPECT_EQ(copy->as_list().size(), 4U);
    Dynamic& same = copy;
    copy = same;
    EXPECT_EQ(copy->as_list().size(), 4U);
}

TEST(Dynamic, compares_by_value) {
    EXPECT_EQ(Dynamic{1}, Dynamic{1L});
    EXPECT_NE(Dynamic{1}, Dynamic{1.0});
    EXPECT_EQ(person(), person());
}

TEST(Dynamic, grows_by_items) {
    Dynamic list;
    for (int number = 0; number < 1'000; ++number) {
        list.push_back(number);
    }
    ASSERT_EQ(list->as_list().size(), 1'000U);
    for (int number = 0; number < 1'000; ++number) {
        EXPECT_EQ(list->as_list()[static_cast<std::size_t>(number)].as_int64(), number);
    }
    Dynamic copy = list;
    copy.push_back("more");
    EXPECT_EQ(list->as_list().size(), 1'000U);
    EXPECT_EQ(copy->as_list().size(), 1'001U);
    copy = std::move(list);
    copy.push_back(copy);
    EXPECT_EQ(copy->as_list().back().as_list().size(), 1'000U);
}

TEST(Dynamic, grows_by_members) {
    Dynamic map;
    for (int number = 0; number < 100; ++number) {
        map.insert_or_assign(std::to_string(number), number);
    }
    map.insert_or_assign("7", "seven");
    EXPECT_EQ(map->as_map().size(), 100U);
    EXPECT_EQ(map["7"].as_text(), "seven");
    EXPECT_EQ(map["99"].as_int64(), 99);
    EXPECT_TRUE(map["100"].is_null());
    EXPECT_EQ(map->as_map().size(), 100U);
    Dynamic taken = person();
    taken.insert_or_assign("name", Dynamic::map({{"first", "Ada"}}));
    EXPECT_EQ(taken["name"].find("first")->as_text(), "Ada");
}

TEST(Dynamic, grows_where_it_can_alone) {
    Dynamic text = "text";
    EXPECT_THROW(text.push_back(1), Error);
    EXPECT_THROW(text.insert_or_assign("key", 1), Error);
    Dynamic map = person();
    EXPECT_THROW(map.push_back(1), Error);
    Dynamic list = Dynamic::list({});
    EXPECT_THROW(list.insert_or_assign("key", 1), Error);
    EXPECT_EQ(text->as_text(), "text");
}

}  // namespace
}  // namespace warren
