#include <warren/dynamic.hpp>

#include "core/utf8.hpp"
#include "format/json/json.hpp"
#include "support/support.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace warren::format {
namespace {

std::string encoded(const Value& value) {
    std::string out;
    const auto done = json_encode(value, out);
    EXPECT_TRUE(done) << done.error().message;
    return out;
}

EncodeError refused(const Value& value) {
    std::string out = "before";
    const auto done = json_encode(value, out);
    EXPECT_FALSE(done) << out;
    EXPECT_EQ(out, "before");
    return done ? EncodeError{} : done.error();
}

TEST(JsonEncode, writes_every_kind) {
    const std::array octets{std::byte{0}, std::byte{0xff}, std::byte{0x10}, std::byte{0x3e}};
    EXPECT_EQ(encoded(Value::null()), "null");
    EXPECT_EQ(encoded(Value::boolean(true)), "true");
    EXPECT_EQ(encoded(Value::boolean(false)), "false");
    EXPECT_EQ(encoded(Value::integer(INT64_MIN)), "-9223372036854775808");
    EXPECT_EQ(encoded(Value::unsigned_integer(UINT64_MAX)), "18446744073709551615");
    EXPECT_EQ(encoded(Value::bytes(octets)), "\"AP8QPg==\"");
    const Dynamic document = Dynamic::map(
        {{"a", 1}, {"b", Dynamic::list({true, nullptr, "x"})}, {"c", Dynamic::map({})}});
    EXPECT_EQ(encoded(document.value()), R"({"a":1,"b":[true,null,"x"],"c":{}})");
}

TEST(JsonEncode, appends) {
    std::string out = "data: ";
    ASSERT_TRUE(json_encode(Value::integer(7), out));
    EXPECT_EQ(out, "data: 7");
}

TEST(JsonEncode, writes_the_shortest_float_that_stays_one) {
    struct Case {
        double number;
        const char* text;
    };
    for (const Case& each : {
             Case{1.0, "1.0"},
             Case{-0.0, "-0.0"},
             Case{0.1, "0.1"},
             Case{0.1 + 0.2, "0.30000000000000004"},
             Case{1e21, "1e+21"},
             Case{5e-324, "5e-324"},
             Case{std::numeric_limits<double>::max(), "1.7976931348623157e+308"},
         }) {
        EXPECT_EQ(encoded(Value::floating(each.number)), each.text);
        Arena arena;
        EXPECT_EQ(json_decode(each.text, arena)->as_float64(), each.number);
    }
}

TEST(JsonEncode, refuses_floats_without_a_form) {
    for (const double number : {std::nan(""), std::numeric_limits<double>::infinity(),
                                -std::numeric_limits<double>::infinity()}) {
        const Dynamic document =
            Dynamic::map({{"a", Dynamic::list({0, Dynamic::map({{"b", number}})})}});
        const EncodeError error = refused(document.value());
        EXPECT_EQ(error.type, "float_not_finite");
        EXPECT_EQ(to_string(error.location), "a[1].b");
        const Failure failure = to_failure(error);
        EXPECT_EQ(failure.errors.at(0).location, error.location);
    }
}

TEST(JsonEncode, escapes_what_must_be_and_no_more) {
    EXPECT_EQ(encoded(Value::text("\"\\/\b\f\n\r\t")), R"("\"\\/\b\f\n\r\t")");
    EXPECT_EQ(encoded(Value::text(std::string_view{"\0\x1f\x7f", 3})), "\"\\u0000\\u001f\x7f\"");
    EXPECT_EQ(encoded(Value::text("\u00e9\U0001F600")), "\"\u00e9\U0001F600\"");
    EXPECT_EQ(encoded(Value::text("")), "\"\"");
}

TEST(JsonEncode, finds_an_escape_at_every_place_of_a_word) {
    for (std::size_t size = 1; size < 40; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            for (const char special : {'"', '\\', '\n', '\x1f'}) {
                for (const char filler : {'a', ' ', '!', '#', '[', ']', '\x7f'}) {
                    std::string text(size, filler);
                    text[at] = special;
                    const std::string document = encoded(Value::text(text));
                    Arena arena;
                    const auto back = json_decode(document, arena);
                    ASSERT_TRUE(back) << document;
                    ASSERT_EQ(back->as_text(), text);
                }
            }
        }
    }
}

TEST(JsonEncode, refuses_text_that_is_not_utf8) {
    const Dynamic document = Dynamic::list({"good", "bad \xff"});
    const EncodeError error = refused(document.value());
    EXPECT_EQ(error.type, "text_not_utf8");
    EXPECT_EQ(to_string(error.location), "[1]");
}

TEST(JsonEncode, writes_integer_keys_as_text) {
    const std::array members{Member{Value::integer(-3), Value::null()},
                             Member{Value::unsigned_integer(UINT64_MAX), Value::null()},
                             Member{Value::text("a"), Value::null()}};
    EXPECT_EQ(encoded(Value::map(members)), R"({"-3":null,"18446744073709551615":null,"a":null})");
}

TEST(JsonEncode, refuses_other_keys_and_ones_that_meet) {
    const std::array null_key{Member{Value::null(), Value::integer(1)}};
    EXPECT_EQ(refused(Value::map(null_key)).type, "key_not_text");
    const std::array meeting{Member{Value::text("1"), Value::null()},
                             Member{Value::integer(1), Value::null()}};
    EXPECT_EQ(refused(Value::map(meeting)).type, "key_twice");
    const std::array nested{Member{Value::integer(5), Value::map(null_key)}};
    EXPECT_EQ(to_string(refused(Value::map(nested)).location), "5");
}

TEST(JsonEncode, limits_the_depth) {
    std::array<Value, 200> chain;
    for (std::size_t at = 1; at < chain.size(); ++at) {
        chain[at] = Value::list({&chain[at - 1], 1});
    }
    EXPECT_EQ(encoded(chain[128]).size(), 128 * 2 + 4U);
    EXPECT_EQ(refused(chain[129]).type, "depth_over_limit");
}

TEST(JsonEncode, writes_for_people) {
    const Dynamic document = Dynamic::map({{"a", 1},
                                           {"b", Dynamic::list({true, Dynamic::map({{"c", "x"}})})},
                                           {"d", Dynamic::list({})},
                                           {"e", Dynamic::map({})}});
    std::string out;
    ASSERT_TRUE(json_encode_pretty(document.value(), out));
    EXPECT_EQ(out,
              "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    {\n      \"c\": \"x\"\n    }\n  ],\n"
              "  \"d\": [],\n  \"e\": {}\n}");
}

/// Values as wild as JSON can hold.
class Wild {
public:
    explicit Wild(std::uint64_t seed) : random_{seed} {}

    Dynamic value(int depth) {
        switch (pick(depth > 0 ? 8 : 6)) {
        case 0:
            return nullptr;
        case 1:
            return pick(2) == 0;
        case 2:
            return static_cast<std::int64_t>(random_() >> pick(64));
        case 3:
            return static_cast<std::uint64_t>(random_());
        case 4:
            return number();
        case 5:
            return text();
        case 6: {
            Arena arena;
            const std::span<Value> items = arena.array<Value>(pick(20));
            std::vector<Dynamic> kept;
            for (Value& item : items) {
                kept.push_back(value(depth - 1));
                item = kept.back().value();
            }
            return Dynamic{Value::list(items)};
        }
        default: {
            Arena arena;
            const std::span<Member> members = arena.array<Member>(pick(40));
            std::vector<Dynamic> kept;
            std::size_t at = 0;
            for (Member& member : members) {
                kept.push_back(value(depth - 1));
                member.key = Value::text(arena.copy(text() + std::to_string(at++)));
                member.value = kept.back().value();
            }
            return Dynamic{Value::map(members)};
        }
        }
    }

private:
    std::size_t pick(std::size_t count) { return random_() % count; }

    double number() {
        while (true) {
            const double candidate = std::bit_cast<double>(random_());
            if (std::isfinite(candidate)) {
                return candidate;
            }
        }
    }

    std::string text() {
        constexpr std::array pieces{"a",    "bcdefgh", "\"", "\\",         "\n",
                                    "\x01", "\u00e9",  "/",  "\U0001F600", "\u20ac"};
        std::string made;
        for (std::size_t left = pick(12); left > 0; --left) {
            made += pieces[pick(pieces.size())];
        }
        return made;
    }

    std::mt19937_64 random_;
};

TEST(JsonEncode, reads_back_the_same_whatever_it_is) {
    Wild wild{test::random_seed()};
    Arena arena;
    for (int round = 0; round < 2000; ++round) {
        arena.reset();
        const Dynamic document = wild.value(4);
        const std::string text = encoded(document.value());
        const auto back = json_decode(text, arena);
        ASSERT_TRUE(back) << back.error().message << '\n' << text;
        ASSERT_TRUE(*back == document.value()) << text;
        std::string pretty;
        ASSERT_TRUE(json_encode_pretty(document.value(), pretty));
        const auto from_pretty = json_decode(pretty, arena);
        ASSERT_TRUE(from_pretty) << pretty;
        ASSERT_TRUE(*from_pretty == document.value()) << pretty;
        ASSERT_EQ(encoded(*from_pretty), text);
    }
}

}  // namespace
}  // namespace warren::format
