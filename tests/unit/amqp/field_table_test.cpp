#include "amqp/field_table.hpp"

#include <warren/dynamic.hpp>

#include "support/support.hpp"
#include "unit/amqp/broker.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace warren::amqp {

namespace {

using test::as_octets;
using test::as_string;
using test::long_string;
using test::short_string;
using test::u16;
using test::u32;
using test::u64;
using test::u8;

std::string entry(std::string_view key, char tag, std::string_view value) {
    return short_string(key) + tag + std::string{value};
}

std::expected<Dynamic, TableError> decode(std::string_view bytes, const TableLimits& limits = {}) {
    Arena arena;
    const auto value = decode_table(as_octets(bytes), arena, limits);
    if (!value) {
        return std::unexpected{value.error()};
    }
    return Dynamic{*value};
}

Dynamic decode_one(char tag, std::string_view value) {
    const auto table = decode(long_string(entry("k", tag, value)));
    EXPECT_TRUE(table) << tag;
    return table ? Dynamic{(*table)["k"]} : Dynamic{};
}

CommandError error_of(const Value& table) {
    OutputBuffer output;
    Writer writer{output};
    write_table(writer, table);
    return writer.error();
}

TEST(FieldTable, DecodesEveryType) {
    EXPECT_EQ(decode_one('t', u8(1)), Dynamic{true});
    EXPECT_EQ(decode_one('t', u8(0)), Dynamic{false});
    EXPECT_EQ(decode_one('b', u8(0xFF)), Dynamic{-1});
    EXPECT_EQ(decode_one('B', u8(0xFF)), Dynamic{255});
    EXPECT_EQ(decode_one('s', u16(0x8000)), Dynamic{-32768});
    EXPECT_EQ(decode_one('U', u16(0xFFFF)), Dynamic{-1});
    EXPECT_EQ(decode_one('u', u16(0xFFFF)), Dynamic{65535});
    EXPECT_EQ(decode_one('I', u32(0xFFFFFFFE)), Dynamic{-2});
    EXPECT_EQ(decode_one('i', u32(0xFFFFFFFE)), Dynamic{4294967294});
    EXPECT_EQ(decode_one('l', u64(0xFFFFFFFFFFFFFFFD)), Dynamic{-3});
    EXPECT_EQ(decode_one('L', u64(5)), Dynamic{5});
    EXPECT_EQ(decode_one('T', u64(1700000000)), Dynamic{1700000000});
    EXPECT_EQ(decode_one('f', u32(std::bit_cast<std::uint32_t>(1.5F))), Dynamic{1.5});
    EXPECT_EQ(decode_one('d', u64(std::bit_cast<std::uint64_t>(-0.1))), Dynamic{-0.1});
    EXPECT_EQ(decode_one('D', u8(2) + u32(314)), Dynamic{3.14});
    EXPECT_EQ(decode_one('V', ""), Dynamic{});
    EXPECT_EQ(decode_one('S', long_string("caf\xC3\xA9")), Dynamic{"caf\xC3\xA9"});
    EXPECT_EQ(decode_one('S', long_string("\xFF\xFE")), Dynamic::bytes(as_octets("\xFF\xFE")));
    EXPECT_EQ(decode_one('x', long_string("ab")), Dynamic::bytes(as_octets("ab")));
    EXPECT_EQ(decode_one('A', long_string("V"
                                          "t\1")),
              Dynamic::list({{}, true}));
    EXPECT_EQ(decode_one('F', long_string(entry("in", 'B', u8(7)))), Dynamic::map({{"in", 7}}));
}

TEST(FieldTable, DecodesAnEmptyTableAndLeavesWhatFollows) {
    EXPECT_EQ(decode(u32(0) + "more"), Dynamic::map({}));
}

TEST(FieldTable, IsTruncatedAtEveryCut) {
    const std::string inner = entry("n", 'l', u64(1)) + entry("s", 'S', long_string("text"));
    const std::string whole = long_string(entry("f", 'F', long_string(inner)) +
                                          entry("a", 'A', long_string("I" + u32(1))));
    ASSERT_TRUE(decode(whole));
    for (std::size_t cut = 0; cut != whole.size(); ++cut) {
        EXPECT_EQ(decode(whole.substr(0, cut)).error(), TableError::truncated) << cut;
    }
    // The outer length shortened instead: an inner length runs past it.
    for (std::size_t length = 1; length + 4 < whole.size(); ++length) {
        const auto table = decode(u32(static_cast<std::uint32_t>(length)) + whole.substr(4));
        if (!table) {
            EXPECT_EQ(table.error(), TableError::truncated) << length;
        }
    }
}

TEST(FieldTable, RefusesLengthsThatLie) {
    EXPECT_EQ(decode(u32(0xFFFFFFFF) + "x").error(), TableError::truncated);
    for (const char tag : {'S', 'x', 'A', 'F'}) {
        const std::string oversized = long_string(entry("k", tag, u32(0xFFFFFFFF) + "abc"));
        EXPECT_EQ(decode(oversized).error(), TableError::truncated) << tag;
        const std::string one_more = long_string(entry("k", tag, u32(4) + "abc"));
        EXPECT_EQ(decode(one_more).error(), TableError::truncated) << tag;
    }
}

TEST(FieldTable, RefusesUnknownTagsAndDuplicateKeys) {
    EXPECT_EQ(decode(long_string(entry("k", 'Z', ""))).error(), TableError::unknown_tag);
    EXPECT_EQ(decode(long_string(entry("k", 'A', long_string("?")))).error(),
              TableError::unknown_tag);
    EXPECT_EQ(decode(long_string(entry("k", 'V', "") + entry("k", 'V', ""))).error(),
              TableError::duplicate_key);
}

std::string nested(std::size_t depth, char tag) {
    std::string content;
    for (std::size_t level = 1; level < depth; ++level) {
        content = tag == 'F' ? entry("k", 'F', long_string(content)) : 'A' + long_string(content);
    }
    return tag == 'F' ? long_string(content) : long_string(short_string("k") + content);
}

TEST(FieldTable, LimitsItsDepth) {
    const TableLimits limits{.depth_max = 5};
    for (const char tag : {'F', 'A'}) {
        EXPECT_TRUE(decode(nested(5, tag), limits)) << tag;
        EXPECT_EQ(decode(nested(6, tag), limits).error(), TableError::depth_over_limit) << tag;
        const TableLimits wide{.bytes_max = 1 << 20};
        EXPECT_EQ(decode(nested(5'000, tag), wide).error(), TableError::depth_over_limit) << tag;
    }
}

TEST(FieldTable, LimitsItsEntries) {
    const TableLimits limits{.entries_max = 3};
    std::string table;
    for (const std::string_view key : {"a", "b", "c"}) {
        table += entry(key, 'V', "");
    }
    EXPECT_TRUE(decode(long_string(table), limits));
    EXPECT_EQ(decode(long_string(table + entry("d", 'V', "")), limits).error(),
              TableError::entries_over_limit);
    EXPECT_TRUE(decode(long_string(entry("k", 'A', long_string("VVV"))), limits));
    EXPECT_EQ(decode(long_string(entry("k", 'A', long_string("VVVV"))), limits).error(),
              TableError::entries_over_limit);
}

TEST(FieldTable, LimitsItsLength) {
    const std::string table = long_string(entry("k", 'S', long_string("12345")));
    EXPECT_TRUE(decode(table, {.bytes_max = table.size() - 4}));
    EXPECT_EQ(decode(table, {.bytes_max = table.size() - 5}).error(),
              TableError::length_over_limit);
}

TEST(FieldTable, WritesTheGoldenTable) {
    const Dynamic table = Dynamic::map({
        {"x-message-ttl", 60000},
        {"x-queue-type", "quorum"},
        {"big", std::int64_t{1} << 40},
        {"yes", true},
        {"nothing", {}},
        {"half", 0.5},
        {"list", Dynamic::list({1, Dynamic::map({})})},
    });
    OutputBuffer output;
    Writer writer{output};
    write_table(writer, table.value());
    EXPECT_EQ(writer.error(), CommandError::none);
    EXPECT_EQ(
        as_string(output.bytes()),
        long_string(entry("x-message-ttl", 'I', u32(60000)) +
                    entry("x-queue-type", 'S', long_string("quorum")) +
                    entry("big", 'l', u64(std::uint64_t{1} << 40)) + entry("yes", 't', u8(1)) +
                    entry("nothing", 'V', "") + entry("half", 'd', u64(0x3FE0000000000000)) +
                    entry("list", 'A', long_string("I" + u32(1) + "F" + u32(0)))));
}

TEST(FieldTable, WritesNullAsTheEmptyTable) {
    OutputBuffer output;
    Writer writer{output};
    write_table(writer, Value::null());
    EXPECT_EQ(as_string(output.bytes()), u32(0));
}

TEST(FieldTable, RefusesWhatNoTableCanHold) {
    EXPECT_EQ(error_of(Value::integer(1)), CommandError::not_encodable);
    const std::uint64_t over = std::uint64_t{1} << 63;
    EXPECT_EQ(error_of(Dynamic::map({{"k", over}}).value()), CommandError::not_encodable);
    EXPECT_EQ(error_of(Dynamic::map({{"k", over - 1}}).value()), CommandError::none);
    const Member no_text{Value::integer(1), Value::null()};
    EXPECT_EQ(error_of(Value::map({&no_text, 1})), CommandError::not_encodable);
    EXPECT_EQ(error_of(Dynamic::map({{std::string(255, 'k'), 1}}).value()), CommandError::none);
    EXPECT_EQ(error_of(Dynamic::map({{std::string(256, 'k'), 1}}).value()),
              CommandError::short_string_too_long);
}

TEST(FieldTable, LimitsTheDepthItWrites) {
    Dynamic table = Dynamic::map({});
    for (std::size_t depth = 1; depth != table_depth_max; ++depth) {
        table = Dynamic::map({{"k", table}});
    }
    EXPECT_EQ(error_of(table.value()), CommandError::none);
    EXPECT_EQ(error_of(Dynamic::map({{"k", Dynamic::map({{"k", table}})}}).value()),
              CommandError::not_encodable);
}

/// Any value that a table can hold.
class ValueMaker {
public:
    explicit ValueMaker(std::uint64_t seed) : random_{seed} {}

    Value any(std::size_t depth) {
        switch (below(depth == 0 ? 6 : 8)) {
        case 0:
            return Value::null();
        case 1:
            return Value::boolean(below(2) == 1);
        case 2:
            return Value::integer(static_cast<std::int64_t>(random_()) >> below(64));
        case 3:
            return Value::floating(static_cast<double>(random_()) / 7);
        case 4:
            return Value::text(arena_.copy(std::string(below(20), 'a')));
        case 5:
            return Value::bytes(arena_.copy(as_octets(std::string(below(20), '\xFF'))));
        case 6: {
            const auto items = arena_.array<Value>(below(5));
            for (Value& item : items) {
                item = any(depth - 1);
            }
            return Value::list(items);
        }
        default:
            return map(depth - 1);
        }
    }

    Value map(std::size_t depth) {
        const auto members = arena_.array<Member>(below(5));
        std::size_t index = 0;
        for (Member& member : members) {
            member = {Value::text(arena_.copy(std::to_string(index++))), any(depth)};
        }
        return Value::map(members);
    }

private:
    std::size_t below(std::size_t bound) { return random_() % bound; }

    std::mt19937_64 random_;
    Arena arena_;
};

TEST(FieldTable, RandomTablesComeBackAsTheyWere) {
    ValueMaker maker{warren::test::random_seed()};
    for (int round = 0; round != 500; ++round) {
        const Value table = maker.map(4);
        OutputBuffer output;
        Writer writer{output};
        write_table(writer, table);
        ASSERT_EQ(writer.error(), CommandError::none);
        Arena arena;
        const auto decoded = decode_table(output.bytes(), arena);
        ASSERT_TRUE(decoded);
        EXPECT_EQ(*decoded, table);
    }
}

TEST(FieldTable, RandomBytesAreDecodedOrRefused) {
    std::mt19937_64 random{warren::test::random_seed()};
    const std::string tags = "tbBsUuIilLfdDSxATFVZ";
    for (int round = 0; round != 2'000; ++round) {
        std::string bytes;
        for (std::size_t length = random() % 60; length != 0; --length) {
            bytes +=
                random() % 3 == 0 ? tags[random() % tags.size()] : static_cast<char>(random() % 8);
        }
        const auto table = decode(long_string(bytes));
        if (table) {
            EXPECT_TRUE(table->value().is_map());
        } else {
            EXPECT_NE(name_of(table.error()), "unknown");
        }
    }
}

}  // namespace

}  // namespace warren::amqp
