#include "model/footprint.hpp"
#include "model/mock.hpp"
#include "model/render.hpp"
#include "model/secret_types.hpp"
#include "model/type_label.hpp"
#include "model/validate.hpp"
#include "unit/contract/documented.hpp"
#include "unit/model/binding.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <set>
#include <string>
#include <unordered_set>

namespace warren::test {
namespace {

/// Sets, arrays, durations, and a name of the wire's own.
struct Newer {
    std::set<int> numbers;
    std::unordered_set<std::string> names{"x"};
    std::array<double, 3> place;
    std::array<std::string, 2> pair;
    std::chrono::milliseconds wait;
    int class_ = 1;
    std::set<Uuid> ids;
};
WARREN_MODEL(Newer, (numbers, min_length(1), max_length(3)), (names), (place), (pair),
             (wait, at_least(1), at_most(2)), (class_, wire_name("class"), at_least(0)),
             (ids, defaulted()))

constexpr std::string_view good =
    R"({"numbers":[3,1,2],"names":["a"],"place":[1.5,2,3],"pair":["l","r"],"wait":"PT1.25S","class":4})";

template <typename T>
std::string rendered(const T& object) {
    Arena arena;
    return json_of(model::render(type_of<T>(), &object, arena));
}

TEST(FieldTypes, AreBoundAndRendered) {
    Newer newer;
    EXPECT_EQ(bind_errors(good, newer), Brief{});
    EXPECT_EQ(newer.numbers, (std::set{1, 2, 3}));
    EXPECT_EQ(newer.place, (std::array{1.5, 2.0, 3.0}));
    EXPECT_EQ(newer.class_, 4);
    EXPECT_EQ(rendered(newer), R"({"numbers":[1,2,3],"names":["a"],"place":[1.5,2.0,3.0],)"
                               R"("pair":["l","r"],"wait":"PT1.25S","class":4,"ids":[]})");
    EXPECT_TRUE(model::validate(type_of<Newer>(), &newer).empty());
}

TEST(FieldTypes, MayBeLeftOutWhenTheyHaveAnInitializer) {
    EXPECT_EQ(bind_errors<Newer>("{}"),
              (Brief{"numbers missing", "place missing", "pair missing", "wait missing"}));
}

TEST(FieldTypes, SayWhatIsWrong) {
    EXPECT_EQ(
        bind_errors<Newer>(
            R"({"numbers":[1,"x",1],"names":{},"place":[1,2],"pair":["a",5],"wait":3,"class":-1})"),
        (Brief{"numbers[1] int_parsing", "numbers[2] set_duplicate", "names set_type",
               "place too_short", "pair[1] string_type", "wait less_than_equal",
               "class greater_than_equal"}));
    EXPECT_EQ(bind_errors<Newer>(
                  R"({"numbers":[1,2,3,4],"names":"a","place":[1,2,3,4],"pair":{},"wait":null})"),
              (Brief{"numbers too_long", "names set_type", "place too_long", "pair list_type",
                     "wait time_delta_type"}));
    Newer newer;
    const auto errors =
        model::bind(type_of<std::array<double, 3>>(), parse("[1]").value(), &newer.place);
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].message, "List should have exactly 3 items, not 1");
}

TEST(FieldTypes, OfAProgramAreHeldToTheirContract) {
    Newer newer;
    ASSERT_EQ(bind_errors(good, newer), Brief{});
    newer.numbers.clear();
    newer.names.insert("\xff");
    newer.names.erase("a");
    newer.pair[1] = "\xff";
    newer.wait = std::chrono::milliseconds{999};
    newer.class_ = -1;
    EXPECT_EQ(briefly(model::validate(type_of<Newer>(), &newer)),
              (Brief{"numbers too_short", "names[0] string_unicode", "pair[1] string_unicode",
                     "wait greater_than_equal", "class greater_than_equal"}));
}

TEST(FieldTypes, RefuseItemsChosenToCollide) {
    // Numbers hash to themselves, so that multiples of every size of a table fall onto one place.
    std::unordered_set<std::uint64_t> growing;
    std::uint64_t step = 1;
    for (std::uint64_t number = 0; number < 2 * detail::hash_collisions_max; ++number) {
        growing.insert(number);
        step *= step % growing.bucket_count() == 0 ? 1 : growing.bucket_count();
    }
    std::string json = "[0";
    for (std::uint64_t number = 1; number <= detail::hash_collisions_max; ++number) {
        json += ',' + std::to_string(number * step);
    }
    std::unordered_set<std::uint64_t> numbers;
    EXPECT_EQ(bind_errors(json + ']', numbers), (Brief{"[20] hash_collisions"}));
    EXPECT_EQ(numbers.size(), detail::hash_collisions_max);
}

TEST(FieldTypes, AreDescribed) {
    const Dynamic schema = schema_of_type<Newer>();
    const Value properties = schema["properties"];
    EXPECT_EQ(
        json_of(*properties.find("numbers")),
        R"({"title":"Numbers","type":"array","items":{"type":"integer","minimum":-2147483648,)"
        R"("maximum":2147483647},"uniqueItems":true,"minItems":1,"maxItems":3})");
    EXPECT_EQ(
        json_of(*properties.find("place")),
        R"({"title":"Place","type":"array","items":{"type":"number"},"minItems":3,"maxItems":3})");
    EXPECT_EQ(json_of(*properties.find("wait")),
              R"({"title":"Wait","type":"string","format":"duration"})");
    EXPECT_NE(properties.find("class"), nullptr);
    EXPECT_EQ(properties.find("class_"), nullptr);
    EXPECT_EQ(model::label_of(type_of<std::set<int>>()), "set[int]");
    EXPECT_EQ(model::label_of(type_of<std::array<bool, 2>>()), "list[bool,2]");
    EXPECT_EQ(model::label_of(type_of<std::chrono::hours>()), "timedelta");
}

TEST(FieldTypes, AreMadeUp) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        Newer newer;
        EXPECT_EQ(briefly(model::mock(type_of<Newer>(), seed, &newer)), Brief{}) << seed;
    }
}

TEST(FieldTypes, AreCountedInMemory) {
    const Dynamic items = parse(R"(["a text that is kept on the heap", "b"])");
    EXPECT_GE(model::footprint(type_of<std::set<std::string>>(), items.value()),
              2 * sizeof(std::string) + 31);
    EXPECT_GE(model::footprint(type_of<std::array<std::string, 2>>(), items.value()), 31U);
    EXPECT_EQ(model::footprint(type_of<std::array<int, 2>>(), parse("[1, 2]").value()), 0U);
    EXPECT_EQ(model::footprint(type_of<std::chrono::hours>(), parse("\"PT1H\"").value()), 0U);
}

TEST(FieldTypes, MayHoldSecrets) {
    EXPECT_TRUE(model::holds_secret(type_of<std::array<Secret<std::string>, 2>>()));
    EXPECT_FALSE(model::holds_secret(type_of<std::set<std::string>>()));
}

struct Twice {
    int one;
    int other;
};
WARREN_MODEL(Twice, (one), (other, wire_name("one")))

TEST(WireNames, AreNotGivenTwice) {
    try {
        static_cast<void>(type_of<Twice>().model());
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.message(), "Twice: two fields are called 'one' on the wire");
    }
}

enum class Aliased { one, uno = one, two };
WARREN_ENUM(Aliased, one, uno, two)

TEST(Enumerations, MayHaveTwoNamesOfOneNumber) {
    Aliased aliased{};
    EXPECT_EQ(bind_errors("\"uno\"", aliased), Brief{});
    EXPECT_EQ(rendered(aliased), "\"one\"");
}

}  // namespace
}  // namespace warren::test
