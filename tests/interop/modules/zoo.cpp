// Every kind of type that a contract has, with names and texts that are hard to write elsewhere.

#include <warren/module.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace {

using namespace std::chrono_literals;
using Nanoseconds = std::chrono::nanoseconds;
using Minutes32 = std::chrono::duration<std::int32_t, std::ratio<60>>;

enum class Colour : std::uint8_t { red, green, None, title };
WARREN_ENUM_WITH(Colour, "A colour.\n*/ \"\"\" \\", (red, "As blood \\"), (green), (None), (title))

struct Leaf {
    int size = 3;
};
WARREN_MODEL(Leaf, (size, at_least(1), at_most(9)))

struct Strict {
    std::int64_t number;
    std::optional<Leaf> leaf;
};
WARREN_MODEL_WITH(Strict, (warren::ExtraFields::forbid, describe("Takes \"nothing\" else.")),
                  (number), (leaf))

struct Tree {
    std::string name;
    std::vector<Tree> branches;
};
WARREN_MODEL(Tree, (name), (branches, defaulted()))

struct Scalars {
    std::optional<bool> truth;
    std::optional<std::int8_t> int8;
    std::optional<std::uint8_t> uint8;
    std::optional<std::int16_t> int16;
    std::optional<std::uint16_t> uint16;
    std::optional<std::int32_t> int32;
    std::optional<std::uint32_t> uint32;
    std::optional<std::int64_t> int64;
    std::optional<std::uint64_t> uint64;
    std::optional<float> float32;
    std::optional<double> float64;
    std::optional<std::string> text;
    std::optional<warren::Bytes> bytes;
    std::optional<Colour> colour;
    std::optional<warren::Uuid> uuid;
    std::optional<warren::Timestamp> timestamp;
    std::optional<std::chrono::seconds> seconds;
    std::optional<std::chrono::milliseconds> milliseconds;
    std::optional<Minutes32> minutes;
    std::optional<Nanoseconds> nanoseconds;
    std::optional<warren::AbsolutePath> absolute;
    std::optional<warren::RelativePath> relative;
    warren::Dynamic anything;
};
WARREN_MODEL(Scalars, (truth), (int8), (uint8), (int16), (uint16), (int32), (uint32), (int64),
             (uint64), (float32), (float64), (text), (bytes), (colour), (uuid), (timestamp),
             (seconds), (milliseconds), (minutes), (nanoseconds), (absolute), (relative),
             (anything, defaulted()))

struct Containers {
    std::optional<std::vector<std::int32_t>> list;
    std::optional<std::vector<bool>> truths;
    std::optional<std::set<std::int32_t>> set;
    std::optional<std::set<float>> float_set;
    std::optional<std::array<std::int32_t, 3>> array;
    std::optional<std::map<std::string, std::int32_t>> map;
    std::optional<std::variant<std::int32_t, std::string>> int_or_text;
    std::optional<std::variant<std::int8_t, double, bool>> numbers;
    std::optional<std::variant<std::chrono::milliseconds, warren::Uuid, std::string>> texts;
    std::optional<std::variant<Leaf, Strict, std::vector<Leaf>>> models;
    std::optional<Strict> strict;
    std::optional<Tree> tree;
    std::optional<std::map<std::string, std::vector<std::optional<Leaf>>>> nested;
};
WARREN_MODEL(Containers, (list), (truths), (set), (float_set), (array), (map), (int_or_text),
             (numbers), (texts), (models), (strict), (tree), (nested))

struct Demanding {
    int above = 1;
    double between = 0.5;
    std::uint64_t great = 18446744073709551615U;
    float single = 0.05F;
    std::string word = "abc";
    std::string folded = "ONION";
    std::string spaced = "a b";
    std::string letters = "äß";
    std::string name = "x";
    std::string begin = "ab";
    std::vector<int> some = {1, 2};
    std::map<std::string, int> few = {};
    warren::Bytes octets = {};
    std::chrono::milliseconds wait = 5s;
    std::variant<std::int32_t, std::string> either = 5;
    std::optional<std::string> maybe;
    Colour colour = Colour::green;
    warren::Dynamic loose = 5;
    std::string even = "ab";
};
WARREN_MODEL_WITH(Demanding,
                  (describe("Held to what its fields demand."),
                   satisfies([](const Demanding&) { return true; }, "*/ never fails \\")),
                  (above, greater_than(0), less_than(10)),
                  (between, at_least(0.25), at_most(1), describe("\u202e\"*/\\ {0} ?\?/")),
                  (great, at_least(std::uint64_t{9223372036854775808U})), (single, at_most(0.1)),
                  (word, min_length(2), max_length(4), pattern("^[a-z]+$")),
                  (folded, pattern(R"((?i)^onion|banana$)")), (spaced, pattern(R"(\s)")),
                  (letters, pattern(R"(^\pL+$)"), min_length(2)),
                  (name, pattern(R"(^[[:alpha:]_]\w*\z)")), (begin, pattern(R"(\A(?:ab){1,2}$)")),
                  (some, min_length(1), max_length(3)), (few, max_length(2), defaulted()),
                  (octets, max_length(3), defaulted()), (wait, at_least(1s), at_most(10)),
                  (either, at_least(3), max_length(3), defaulted()), (maybe, min_length(2)),
                  (colour), (loose, at_most(7), max_length(2), defaulted()),
                  (even, satisfies([](const std::string& text) { return text.size() % 2 == 0; },
                                   "Text should be even \"\"\" */")))

struct Hidden {
    warren::Secret<std::string> pin;
    std::optional<warren::Secret<std::int32_t>> number;
    std::string password = "secret";
};
WARREN_MODEL(Hidden, (pin, min_length(4)), (number, at_least(5)), (password))

struct Words {
    int class_ = 1;
    int json = 2;
    int None = 3;
    int str = 4;
    int a = 5;
    int b = 6;
    int empty = 7;
    int proto = 8;
    int Words = 9;
    int int_ = 10;
};
WARREN_MODEL(Words, (class_, wire_name("class")), (json), (None), (str), (a, wire_name("a-b")),
             (b, wire_name("a_b")), (empty, wire_name("\u202e\"'\\*/ \n</script>")),
             (proto, wire_name("__proto__")), (Words), (int_, wire_name("int")))

namespace other {
struct Leaf {
    std::string text;
};
WARREN_MODEL(Leaf, (text, example("\"\"\"")))
}  // namespace other

struct Leaves {
    Leaf one;
    other::Leaf other_one;
    std::vector<other::Leaf> more;
};
WARREN_MODEL(Leaves, (one, defaulted()), (other_one), (more, defaulted()))

Scalars scalars(const Scalars& request) {
    return request;
}
Containers containers(const Containers& request) {
    return request;
}
Demanding demanding(const Demanding& request) {
    return request;
}
Hidden hidden(const Hidden& request) {
    return request;
}
Words words(const Words& request) {
    return request;
}
Leaves leaves(const Leaves& request) {
    return request;
}
void nothing() {}
std::map<std::string, std::int32_t> bare(const std::vector<std::int32_t>& numbers) {
    return {{"count", static_cast<std::int32_t>(numbers.size())}};
}
std::int32_t count_down(const Leaf& from, warren::Context&, warren::Stream<std::int32_t> parts) {
    for (int number = from.size; number > 0; --number) {
        parts.write(number);
    }
    return 0;
}

}  // namespace

WARREN_MODULE(zoo) {
    zoo.method("zoo.scalars", scalars).describe("Scalars. */ \"\"\" \\").since("1.0");
    zoo.method("zoo.containers", containers);
    zoo.method("zoo-containers", containers).deprecated("Use zoo.containers.");
    zoo.method("zoo.demanding", demanding);
    zoo.method("hidden", hidden);
    zoo.method("class", words).describe("\u202eWords that are others' own.");
    zoo.method("json", leaves);
    zoo.method("nothing", nothing, {});
    zoo.method("bare", bare, {"numbers"});
    zoo.method("count_down", count_down);
}
