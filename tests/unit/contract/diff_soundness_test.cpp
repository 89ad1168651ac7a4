#include <warren/model.hpp>

#include "contract/diff.hpp"
#include "model/bind.hpp"
#include "model/mock.hpp"
#include "model/render.hpp"
#include "model/validate.hpp"
#include "unit/contract/documented.hpp"
#include "unit/contract/stretcher.hpp"
#include "unit/model/binding.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

// What a diff calls compatible binds, and what it calls breaking does not always: every type of a
// zoo is held against every other one, and values of the one are bound as the other.
namespace warren::test {
namespace {

enum class Warm { red, yellow };
WARREN_ENUM(Warm, red, yellow)
enum class Bright { red, yellow, white };
WARREN_ENUM(Bright, red, yellow, white)

struct Point {
    int x;
    int y;
};
WARREN_MODEL(Point, (x), (y))
struct Place {
    int x;
    int y;
    int z = 0;
};
WARREN_MODEL(Place, (x), (y), (z))
struct Spot {
    std::int64_t x;
    std::optional<std::int64_t> y;
};
WARREN_MODEL_WITH(Spot, (ExtraFields::forbid), (x), (y))
struct Tree {
    std::int16_t leaf;
    std::vector<Tree> branches;
};
WARREN_MODEL(Tree, (leaf), (branches, defaulted()))
struct Bush {
    std::int32_t leaf;
    std::vector<Bush> branches;
    std::optional<std::string> name;
};
WARREN_MODEL(Bush, (leaf), (branches, defaulted()), (name))

using Whole = int;
using Long = std::int64_t;
using Byte = std::uint8_t;
using Text = std::string;
using Texts = std::vector<std::string>;
using Wholes = std::vector<int>;
using Longs = std::vector<std::int64_t>;
using TextSet = std::set<std::string>;
using WholeMap = std::map<std::string, int>;
using Pair = std::array<int, 2>;
using MaybeWhole = std::optional<int>;
using MaybeLong = std::optional<std::int64_t>;
using MaybeText = std::optional<std::string>;
using MaybePoint = std::optional<Point>;
using Seconds = std::chrono::seconds;
using Milliseconds = std::chrono::milliseconds;
using WholeOrText = std::variant<int, std::string>;
using TextOrLong = std::variant<std::string, std::int64_t>;
using PointOrText = std::variant<Point, std::string>;
using PlaceOrTexts = std::variant<Place, std::vector<std::string>, std::string>;
using TreeOrTruth = std::variant<Tree, bool>;
using BushOrTruth = std::variant<Bush, bool>;
using Points = std::vector<Point>;
using Places = std::vector<Place>;

// A struct of one field for each, since demands are a field's.
#define WARREN_ZOO_MODEL(animal, type, ...) \
    struct animal {                         \
        type value;                         \
    };                                      \
    WARREN_MODEL(animal, (value __VA_OPT__(, ) __VA_ARGS__))

// The same with a default.
#define WARREN_ZOO_DEFAULT(animal, type, given) \
    struct animal {                             \
        type value = given;                     \
    };                                          \
    WARREN_MODEL(animal, (value, defaulted()))

WARREN_ZOO_MODEL(ZTruth, bool)
WARREN_ZOO_MODEL(ZWhole, Whole)
WARREN_ZOO_MODEL(ZLong, Long)
WARREN_ZOO_MODEL(ZByte, Byte)
WARREN_ZOO_MODEL(ZPositive, Whole, greater_than(0))
WARREN_ZOO_MODEL(ZOneUp, Long, at_least(1))
WARREN_ZOO_MODEL(ZPercent, Whole, at_least(0), at_most(100))
WARREN_ZOO_MODEL(ZDouble, double)
WARREN_ZOO_MODEL(ZFloat, float)
WARREN_ZOO_MODEL(ZShare, double, at_least(0), at_most(100))
WARREN_ZOO_MODEL(ZText, Text)
WARREN_ZOO_MODEL(ZShortText, Text, max_length(8))
WARREN_ZOO_MODEL(ZSomeText, Text, min_length(1))
WARREN_ZOO_MODEL(ZWord, Text, pattern("^[a-z]+$"))
WARREN_ZOO_MODEL(ZBytes, Bytes)
WARREN_ZOO_MODEL(ZWarm, Warm)
WARREN_ZOO_MODEL(ZBright, Bright)
WARREN_ZOO_MODEL(ZMaybeWhole, MaybeWhole)
WARREN_ZOO_MODEL(ZMaybeLong, MaybeLong)
WARREN_ZOO_MODEL(ZMaybePositive, MaybeWhole, greater_than(0))
WARREN_ZOO_MODEL(ZMaybeText, MaybeText)
WARREN_ZOO_MODEL(ZTexts, Texts)
WARREN_ZOO_MODEL(ZTwoTexts, Texts, min_length(2), max_length(2))
WARREN_ZOO_MODEL(ZWholes, Wholes)
WARREN_ZOO_MODEL(ZLongs, Longs)
WARREN_ZOO_MODEL(ZTextSet, TextSet)
WARREN_ZOO_MODEL(ZPair, Pair)
WARREN_ZOO_MODEL(ZMap, WholeMap)
WARREN_ZOO_MODEL(ZSmallMap, WholeMap, max_length(1))
WARREN_ZOO_MODEL(ZPoint, Point)
WARREN_ZOO_MODEL(ZMaybePoint, MaybePoint)
WARREN_ZOO_MODEL(ZPlace, Place)
WARREN_ZOO_MODEL(ZSpot, Spot)
WARREN_ZOO_MODEL(ZPoints, Points)
WARREN_ZOO_MODEL(ZPlaces, Places)
WARREN_ZOO_MODEL(ZTree, Tree)
WARREN_ZOO_MODEL(ZBush, Bush)
WARREN_ZOO_MODEL(ZWholeOrText, WholeOrText)
WARREN_ZOO_MODEL(ZTextOrLong, TextOrLong)
WARREN_ZOO_MODEL(ZPointOrText, PointOrText)
WARREN_ZOO_MODEL(ZPlaceOrTexts, PlaceOrTexts)
WARREN_ZOO_MODEL(ZTreeOrTruth, TreeOrTruth)
WARREN_ZOO_MODEL(ZBushOrTruth, BushOrTruth)
WARREN_ZOO_MODEL(ZUuid, Uuid)
WARREN_ZOO_MODEL(ZTime, Timestamp)
WARREN_ZOO_MODEL(ZSeconds, Seconds)
WARREN_ZOO_MODEL(ZMilliseconds, Milliseconds)
WARREN_ZOO_MODEL(ZMinute, Seconds, at_least(0), at_most(60))
WARREN_ZOO_MODEL(ZAbsolute, AbsolutePath)
WARREN_ZOO_MODEL(ZRelative, RelativePath)
WARREN_ZOO_MODEL(ZDynamic, Dynamic)
WARREN_ZOO_MODEL(ZSecret, Secret<int>)
WARREN_ZOO_DEFAULT(ZDefault, Whole, 7)
WARREN_ZOO_DEFAULT(ZTextDefault, Text, "seven")

// Beyond one field.
struct ZTwo {
    int value;
    int other;
};
WARREN_MODEL(ZTwo, (value), (other))
struct ZTwoByDefault {
    int value;
    int other = 5;
};
WARREN_MODEL_WITH(ZTwoByDefault, (ExtraFields::forbid), (value), (other))

/// A type as data with what makes its objects.
struct Animal {
    std::string name;
    const Type* type;
    std::function<std::shared_ptr<void>()> make;
};

template <typename T>
Animal animal(std::string name) {
    return {std::move(name), &type_of<T>(), [] { return std::make_shared<T>(); }};
}

#define WARREN_ANIMAL(type) animal<type>(#type)

std::vector<Animal> zoo() {
    return {
        WARREN_ANIMAL(ZTruth),       WARREN_ANIMAL(ZWhole),         WARREN_ANIMAL(ZLong),
        WARREN_ANIMAL(ZByte),        WARREN_ANIMAL(ZPositive),      WARREN_ANIMAL(ZOneUp),
        WARREN_ANIMAL(ZPercent),     WARREN_ANIMAL(ZDouble),        WARREN_ANIMAL(ZFloat),
        WARREN_ANIMAL(ZShare),       WARREN_ANIMAL(ZText),          WARREN_ANIMAL(ZShortText),
        WARREN_ANIMAL(ZSomeText),    WARREN_ANIMAL(ZWord),          WARREN_ANIMAL(ZBytes),
        WARREN_ANIMAL(ZWarm),        WARREN_ANIMAL(ZBright),        WARREN_ANIMAL(ZMaybeWhole),
        WARREN_ANIMAL(ZMaybeLong),   WARREN_ANIMAL(ZMaybePositive), WARREN_ANIMAL(ZMaybeText),
        WARREN_ANIMAL(ZTexts),       WARREN_ANIMAL(ZTwoTexts),      WARREN_ANIMAL(ZWholes),
        WARREN_ANIMAL(ZLongs),       WARREN_ANIMAL(ZTextSet),       WARREN_ANIMAL(ZPair),
        WARREN_ANIMAL(ZMap),         WARREN_ANIMAL(ZSmallMap),      WARREN_ANIMAL(ZPoint),
        WARREN_ANIMAL(ZMaybePoint),  WARREN_ANIMAL(ZPlace),         WARREN_ANIMAL(ZSpot),
        WARREN_ANIMAL(ZPoints),      WARREN_ANIMAL(ZPlaces),        WARREN_ANIMAL(ZTree),
        WARREN_ANIMAL(ZBush),        WARREN_ANIMAL(ZWholeOrText),   WARREN_ANIMAL(ZTextOrLong),
        WARREN_ANIMAL(ZPointOrText), WARREN_ANIMAL(ZPlaceOrTexts),  WARREN_ANIMAL(ZTreeOrTruth),
        WARREN_ANIMAL(ZBushOrTruth), WARREN_ANIMAL(ZUuid),          WARREN_ANIMAL(ZTime),
        WARREN_ANIMAL(ZSeconds),     WARREN_ANIMAL(ZMilliseconds),  WARREN_ANIMAL(ZMinute),
        WARREN_ANIMAL(ZAbsolute),    WARREN_ANIMAL(ZRelative),      WARREN_ANIMAL(ZDynamic),
        WARREN_ANIMAL(ZSecret),      WARREN_ANIMAL(ZDefault),       WARREN_ANIMAL(ZTextDefault),
        WARREN_ANIMAL(ZTwo),         WARREN_ANIMAL(ZTwoByDefault),
    };
}

/// What whoever has the type may send: its mock data, taken to the ends where it keeps to the
/// contract.
/// in  leaves_out: callers may, servers never do
Dynamic something_of(const Animal& from, std::uint64_t seed, bool leaves_out) {
    std::shared_ptr<void> object = from.make();
    EXPECT_TRUE(model::mock(*from.type, seed, object.get()).empty()) << from.name;
    Stretcher{seed}.stretch(*from.type, object.get());
    if (!model::validate(*from.type, object.get()).empty()) {
        object = from.make();
        static_cast<void>(model::mock(*from.type, seed, object.get()));
    }
    Arena arena;
    const Value value = model::render(*from.type, object.get(), arena);
    if (!leaves_out || seed % 2 == 0) {
        return Dynamic{value};
    }
    std::vector<Member> members;
    for (const Member& member : value.as_map()) {
        if (from.type->model()->find(member.key.as_text())->required) {
            members.push_back(member);
        }
    }
    return Dynamic{Value::map(members)};
}

bool binds(const Animal& as, const Dynamic& value) {
    const std::shared_ptr<void> object = as.make();
    return model::bind(*as.type, value.value(), object.get()).empty();
}

/// What is called breaking for good reasons that no value shows which binds without keys and
/// checks.
bool is_beyond_binding(const std::string& writes, const std::string& reads, bool is_request) {
    // Secrets are encrypted where there are keys.
    if (writes == "ZSecret" || reads == "ZSecret") {
        return true;
    }
    // What an expression does to lengths is not known: here no text of the mock data shows it.
    if (writes == "ZWord") {
        return reads == "ZShortText" || reads == "ZSomeText" || reads == "ZRelative";
    }
    // Some texts of one kind look like those of another, and mean nothing as such.
    static const std::set<std::string> texts{"ZWarm",    "ZBright",       "ZUuid",  "ZTime",
                                             "ZSeconds", "ZMilliseconds", "ZMinute"};
    if (texts.contains(writes) && (reads == "ZRelative" || reads == "ZBytes")) {
        return true;
    }
    // A short text of a minute happens to fit.
    if (writes == "ZMinute" && reads == "ZShortText") {
        return true;
    }
    // A field that clients had is missing, and Warren's put their default in its place.
    static const std::map<std::string, std::set<std::string>> without{
        {"ZPoint", {"ZPlace", "ZPlaceOrTexts"}}, {"ZPoints", {"ZPlaces"}},
        {"ZPointOrText", {"ZPlaceOrTexts"}},     {"ZTree", {"ZBush", "ZBushOrTruth"}},
        {"ZTreeOrTruth", {"ZBushOrTruth"}},      {"ZTwo", {"ZTwoByDefault"}}};
    const auto found = without.find(writes);
    if (!is_request && reads == "ZTwoByDefault") {
        return true;
    }
    return !is_request && found != without.end() && found->second.contains(reads);
}

struct Tally {
    std::size_t pairs = 0;
    std::size_t bound = 0;
    std::vector<std::string> unshown;  // breaking, and no value of ours shows it
};

constexpr std::uint64_t values_per_pair = 60;

/// Hold each verdict over two types against what binds.
/// in   writes, reads: sorted by what is compared, before and after
void hold(const Animal& writes, const Animal& reads, contract::Verdict verdict, bool leaves_out,
          std::map<contract::Verdict, Tally>& tallies) {
    Tally& tally = tallies[verdict];
    ++tally.pairs;
    bool is_shown = false;
    for (std::uint64_t seed = 1; seed <= values_per_pair && !is_shown; ++seed) {
        const Dynamic value = something_of(writes, seed, leaves_out);
        const bool fine = binds(reads, value);
        tally.bound += fine ? 1 : 0;
        if (verdict == contract::Verdict::compatible) {
            ASSERT_TRUE(fine) << writes.name << " is called compatible with " << reads.name << ": "
                              << json_of(value.value());
        }
        is_shown = !fine;
    }
    if (verdict == contract::Verdict::breaking && !is_shown &&
        !is_beyond_binding(writes.name, reads.name, leaves_out)) {
        tally.unshown.push_back(writes.name + " " + reads.name);
    }
}

contract::Verdict worst_in(const contract::Diff& changes) {
    return changes.breaking != 0 ? contract::Verdict::breaking
           : changes.risky != 0  ? contract::Verdict::risky
                                 : contract::Verdict::compatible;
}

TEST(DiffSoundness, OldRequestsBindInTheNewServer) {
    std::map<contract::Verdict, Tally> tallies;
    const std::vector<Animal> all = zoo();
    for (const Animal& before : all) {
        for (const Animal& after : all) {
            const auto changes = contract::diff(documented(*before.type), documented(*after.type));
            hold(before, after, worst_in(changes), true, tallies);
        }
    }
    const Tally& compatible = tallies[contract::Verdict::compatible];
    EXPECT_GE(compatible.bound, 10'000);
    EXPECT_GT(compatible.pairs, 2 * all.size());
    EXPECT_EQ(tallies[contract::Verdict::breaking].unshown, std::vector<std::string>{});
}

TEST(DiffSoundness, NewResponsesBindInTheOldClient) {
    std::map<contract::Verdict, Tally> tallies;
    const std::vector<Animal> all = zoo();
    for (const Animal& before : all) {
        for (const Animal& after : all) {
            const auto changes = contract::diff(documented(type_of<void>(), *before.type),
                                                documented(type_of<void>(), *after.type));
            hold(after, before, worst_in(changes), false, tallies);
        }
    }
    const Tally& compatible = tallies[contract::Verdict::compatible];
    EXPECT_GE(compatible.bound, 10'000);
    EXPECT_GT(compatible.pairs, 2 * all.size());
    EXPECT_EQ(tallies[contract::Verdict::breaking].unshown, std::vector<std::string>{});
}

}  // namespace
}  // namespace warren::test
