#include "model/mock.hpp"

#include "model/render.hpp"
#include "unit/model/binding.hpp"
#include "unit/model/models.hpp"

#include <gtest/gtest.h>

namespace warren::test {
namespace {

struct Bounded {
    std::int8_t tight;
    std::uint64_t huge;
    std::int64_t low;
    double open;
    float narrow;
    std::string code;
    std::string exact;
    Bytes raw;
    std::vector<Colour> colours;
    std::map<std::string, Node> nodes;
    std::optional<int> maybe;
    int kept = 42;
    std::string shown;
    AbsolutePath home;
    Dynamic anything;
};
WARREN_MODEL(Bounded, (tight, greater_than(126)), (huge, at_least(UINT64_MAX)),
             (low, less_than(INT64_MIN + 1)), (open, greater_than(1), less_than(1.0000001)),
             (narrow, less_than(-5)), (code, pattern("^[A-Z]{1,3}-[0-9]+$")),
             (exact, min_length(33), max_length(33)), (raw, max_length(1)),
             (colours, min_length(5), max_length(5)), (nodes, min_length(1)), (maybe, at_least(9)),
             (kept), (shown, example("as shown")), (home, min_length(40), max_length(41)),
             (anything))

TEST(Mock, KeepsToTheContract) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        Bounded object{};
        EXPECT_EQ(briefly(model::mock(type_of<Bounded>(), seed, &object)), Brief{}) << seed;
        EXPECT_EQ(object.tight, 127);
        EXPECT_EQ(object.kept, 42);
        EXPECT_EQ(object.shown, "as shown");
        EXPECT_TRUE(object.maybe.has_value());
    }
}

TEST(Mock, IsTheSameForTheSameSeedOnly) {
    const auto made = [](std::uint64_t seed) {
        Everything object{};
        model::mock(type_of<Everything>(), seed, &object);
        return object;
    };
    EXPECT_TRUE(made(1) == made(1));
    EXPECT_FALSE(made(1) == made(2));
}

struct Hard {
    std::string code;
    int number;
};
WARREN_MODEL(Hard, (code, pattern("^Xyzzy!{7}$")),
             (number, satisfies([](int) { return false; }, "Nothing will do")))

TEST(Mock, SaysWhatItCouldNotMeet) {
    Hard object{};
    EXPECT_EQ(briefly(model::mock(type_of<Hard>(), 1, &object)),
              (Brief{"code string_pattern_mismatch", "number value_error"}));
}

struct Ordered {
    int first;
    int second;
};
WARREN_MODEL_WITH(Ordered,
                  (satisfies([](const Ordered& pair) { return pair.first < pair.second; },
                             "First should be less than second")),
                  (first), (second))

TEST(Mock, TriesAgainForAModelsOwnDemand) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        Ordered object{};
        EXPECT_EQ(briefly(model::mock(type_of<Ordered>(), seed, &object)), Brief{});
    }
}

}  // namespace
}  // namespace warren::test
