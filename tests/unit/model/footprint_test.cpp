#include "model/footprint.hpp"

#include "unit/model/binding.hpp"
#include "unit/model/models.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace warren::test {

struct Chain {
    std::string text;
    std::vector<std::optional<Chain>> next;
};
WARREN_MODEL(Chain, (text, defaulted()), (next, defaulted()))

/// Each of which may be either in two ways, and so on.
struct Tree {
    std::variant<std::vector<Tree>, std::vector<std::optional<Tree>>> below;
};
WARREN_MODEL(Tree, (below))

namespace {

template <typename T>
std::size_t bytes_of(std::string_view json) {
    return model::footprint(type_of<T>(), parse(json).value());
}

TEST(Footprint, is_what_the_parts_of_an_object_allocate) {
    EXPECT_EQ(bytes_of<int>("7"), 0U);
    EXPECT_EQ(bytes_of<std::string>(R"("short")"), 0U);
    EXPECT_GE(bytes_of<std::string>('"' + std::string(100, 'x') + '"'), 100U);
    EXPECT_GE(bytes_of<std::vector<std::int64_t>>("[1,2,3,4]"), 32U);
    EXPECT_GE(bytes_of<std::vector<std::string>>("[1,2,3,4]"), 4 * sizeof(std::string));
    using Map = std::map<std::string, int>;
    EXPECT_GE(bytes_of<Map>(R"({"a":1,"b":2})"), 2 * (sizeof(std::string) + sizeof(int)));
    EXPECT_GE(bytes_of<std::vector<Map>>("[{},{}]"), 2 * sizeof(Map));
    EXPECT_GE(bytes_of<Dynamic>("[[],[1,2]]"), 4 * sizeof(Value));
    EXPECT_EQ(bytes_of<std::vector<int>>("7"), 0U) << "what binding refuses takes nothing";
}

TEST(Footprint, counts_whatever_is_bound) {
    const std::string text(1'000, 'x');
    const std::string json = R"({"text":")" + text + R"("})";
    std::string deep = json;
    for (int level = 0; level < 60; ++level) {
        deep = R"({"next":[)" + deep + "]}";
    }
    EXPECT_EQ(bind_errors<Chain>(deep), Brief{});
    EXPECT_GE(bytes_of<Chain>(deep), text.size());
    const std::vector<Member> by_position{{Value::integer(0), Value::text(text)}};
    EXPECT_GE(model::footprint(type_of<Chain>(), Value::map(by_position)), text.size());
}

TEST(Footprint, is_unbounded_where_unions_are_nested_without_an_end) {
    using Inner = std::variant<std::vector<std::vector<int>>, std::vector<Dynamic>>;
    EXPECT_GT((bytes_of<std::vector<Inner>>("[[[1]],[[2]]]")), 0U);
    std::string json = R"({"below":[]})";
    EXPECT_LT(bytes_of<Tree>(json), 1'000U);
    for (int level = 0; level < 22; ++level) {
        json = R"({"below":[)" + json + "]}";
    }
    EXPECT_EQ(bytes_of<Tree>(json), std::numeric_limits<std::size_t>::max());
}

/// Keys that fall into one place of a hash table that has as many as may.
std::vector<std::string> colliding_keys(std::size_t count) {
    std::unordered_map<std::string, int> table;
    for (int at = 0; table.size() < detail::hash_collisions_max; ++at) {
        table.try_emplace(std::to_string(at));
    }
    std::vector<std::string> keys;
    for (int at = 0; keys.size() < count; ++at) {
        std::string key = "k" + std::to_string(at);
        if (std::hash<std::string>{}(key) % table.bucket_count() == 0) {
            keys.push_back(std::move(key));
        }
    }
    return keys;
}

std::string object_of(const std::vector<std::string>& keys) {
    std::string json = "{";
    for (const std::string& key : keys) {
        json += (json.size() == 1 ? "\"" : ",\"") + key + "\":1";
    }
    return json + '}';
}

TEST(Bind, RefusesKeysThatAreChosenForTheirHash) {
    using Table = std::unordered_map<std::string, int>;
    const std::vector<std::string> keys = colliding_keys(detail::hash_collisions_max + 1);
    Table table;
    const std::vector<std::string> enough{keys.begin(), keys.end() - 1};
    EXPECT_EQ(bind_errors(object_of(enough), table), Brief{});
    EXPECT_EQ(table.size(), detail::hash_collisions_max);
    EXPECT_EQ(bind_errors<Table>(object_of(keys)), Brief{keys.back() + " hash_collisions"});
    using Tree = std::map<std::string, int>;
    EXPECT_EQ(bind_errors<Tree>(object_of(keys)), Brief{}) << "one in order has no hashes";
}

}  // namespace
}  // namespace warren::test
