#include "format/msgpack/msgpack.hpp"

#include "format/msgpack/msgpack_writer.hpp"
#include "support/support.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <string_view>

namespace warren::format {
namespace {

using State = MsgpackScan::State;
using namespace std::string_literals;
using test::octets;

class Msgpack : public testing::Test {
protected:
    Value decoded(std::string_view packed, const MsgpackLimits& limits = {},
                  MsgpackText text = MsgpackText::strict) {
        auto value = msgpack_decode(octets(packed), arena_, limits, text);
        EXPECT_TRUE(value) << value.error().message;
        return value.value_or(Value::null());
    }

    DecodeError refused(std::string_view packed, const MsgpackLimits& limits = {}) {
        auto value = msgpack_decode(octets(packed), arena_, limits);
        EXPECT_FALSE(value);
        return value ? DecodeError{} : value.error();
    }

    /// The same bytes, one more at a time, each time at another address.
    void expect_same_when_cut(std::string_view packed, const MsgpackLimits& limits) {
        MsgpackReader whole{limits};
        const MsgpackRead expected = whole.read(octets(packed), arena_);
        MsgpackReader reader{limits};
        Arena arena;
        for (std::size_t size = 0; size <= packed.size(); ++size) {
            const std::string piece{packed.substr(0, size)};
            const MsgpackRead read = reader.read(octets(piece), arena);
            if (read.state == State::need_more) {
                EXPECT_GT(reader.bytes_wanted(), size);
                continue;
            }
            EXPECT_EQ(read.state, expected.state);
            EXPECT_EQ(read.size_bytes, expected.size_bytes);
            if (read.state == State::complete) {
                EXPECT_EQ(size, read.size_bytes);
                EXPECT_EQ(read.value, expected.value);
            } else {
                EXPECT_EQ(reader.error(), whole.error());
            }
            return;
        }
        EXPECT_EQ(expected.state, State::need_more);
    }

    Arena arena_;
};

TEST_F(Msgpack, reads_every_form) {
    struct Case {
        std::string packed;
        Value value;
    };
    for (const Case& each : {
             Case{"\xc0"s, Value::null()},
             Case{"\xc2"s, Value::boolean(false)},
             Case{"\xc3"s, Value::boolean(true)},
             Case{"\x00"s, Value::integer(0)},
             Case{"\x7f"s, Value::integer(127)},
             Case{"\xe0"s, Value::integer(-32)},
             Case{"\xff"s, Value::integer(-1)},
             Case{"\xcc\xff"s, Value::integer(255)},
             Case{"\xcd\xff\xfe"s, Value::integer(65534)},
             Case{"\xce\xff\xff\xff\xff"s, Value::integer(4294967295)},
             Case{"\xcf\x00\x00\x00\x00\x00\x00\x00\x05"s, Value::integer(5)},
             Case{"\xcf\xff\xff\xff\xff\xff\xff\xff\xff"s, Value::unsigned_integer(UINT64_MAX)},
             Case{"\xd0\x80"s, Value::integer(-128)},
             Case{"\xd1\x80\x00"s, Value::integer(-32768)},
             Case{"\xd2\x80\x00\x00\x00"s, Value::integer(INT32_MIN)},
             Case{"\xd3\x80\x00\x00\x00\x00\x00\x00\x00"s, Value::integer(INT64_MIN)},
             Case{"\xca\x40\x20\x00\x00"s, Value::floating(2.5)},
             Case{"\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a"s, Value::floating(0.1)},
             Case{"\xa0"s, Value::text("")},
             Case{"\xa3\xe2\x82\xac"s, Value::text("\u20ac")},
             Case{"\xd9\x01x"s, Value::text("x")},
             Case{"\xda\x00\x01x"s, Value::text("x")},
             Case{"\xdb\x00\x00\x00\x01x"s, Value::text("x")},
             Case{"\xc4\x01\xff"s, Value::bytes(octets("\xff"))},
             Case{"\xc5\x00\x01\xff"s, Value::bytes(octets("\xff"))},
             Case{"\xc6\x00\x00\x00\x01\xff"s, Value::bytes(octets("\xff"))},
             Case{"\x90"s, Value::list({})},
             Case{"\xdc\x00\x00"s, Value::list({})},
             Case{"\xdd\x00\x00\x00\x00"s, Value::list({})},
             Case{"\x80"s, Value::map({})},
             Case{"\xde\x00\x00"s, Value::map({})},
             Case{"\xdf\x00\x00\x00\x00"s, Value::map({})},
         }) {
        EXPECT_EQ(decoded(each.packed), each.value) << testing::PrintToString(each.packed);
        expect_same_when_cut(each.packed, {});
    }
    EXPECT_EQ(decoded("\xcf\x00\x00\x00\x00\x00\x00\x00\x05"s).kind(), Value::Kind::int64);
}

TEST_F(Msgpack, reads_lists_and_maps_in_one_another) {
    const std::string packed =
        "\x93\x01\x92\xa1"
        "a\x90\x82\xa1k\x91\xc0\x91\x07\x80"s;
    const Value value = decoded(packed);
    ASSERT_EQ(value.as_list().size(), 3U);
    EXPECT_EQ(value.as_list()[1].as_list()[0].as_text(), "a");
    EXPECT_TRUE(value.as_list()[1].as_list()[1].as_list().empty());
    const Value map = value.as_list()[2];
    ASSERT_TRUE(map.is_map());
    EXPECT_TRUE(map.find("k")->as_list()[0].is_null());
    EXPECT_EQ(map.as_map()[1].key.as_list()[0], Value::integer(7));  // any value may be a key
    expect_same_when_cut(packed, {});
}

TEST_F(Msgpack, views_text_and_bytes_in_the_input) {
    const std::string packed = "\x92\xa2hi\xc4\x02\x01\x02"s;
    const Value value = decoded(packed);
    EXPECT_EQ(value.as_list()[0].as_text().data(), packed.data() + 2);
    EXPECT_EQ(value.as_list()[1].as_bytes().data(), octets(packed).data() + 6);
}

TEST_F(Msgpack, refuses_text_that_is_not_utf8) {
    EXPECT_EQ(refused("\x91\xa3"
                      "a\xff"
                      "b"s),
              (DecodeError{3, "Invalid MessagePack at byte 3: malformed UTF-8", "text_not_utf8"}));
    EXPECT_EQ(refused("\xd9\x28" + std::string(39, 'a') + "\xc3").offset, 41U);
    EXPECT_EQ(decoded("\xa1\xff", {}, MsgpackText::lenient), Value::bytes(octets("\xff")));
    EXPECT_EQ(decoded("\xa1"
                      "a",
                      {}, MsgpackText::lenient),
              Value::text("a"));
}

TEST_F(Msgpack, refuses_a_text_key_that_stands_twice) {
    EXPECT_EQ(refused("\x82\xa1"
                      "a\x01\xa1"
                      "a\x02"s)
                  .type,
              "key_twice");
    EXPECT_EQ(refused("\x82\xa1"
                      "a\x01\xa1"
                      "a\x02"s)
                  .offset,
              5U);
    EXPECT_EQ(refused("\x91\x83\xa1"
                      "a\x01\x05\x06\xa1"
                      "a\x02"s)
                  .type,
              "key_twice");
    EXPECT_EQ(decoded("\x82\xa1"
                      "a\x01\xc4\x01"
                      "a\x02"s)
                  .as_map()
                  .size(),
              2U);
    std::string many = "\xde\x00\x14"s;
    for (char key = 'a'; key != 'a' + 20; ++key) {
        many += "\xa1"s + key + '\x01';
    }
    EXPECT_EQ(decoded(many).as_map().size(), 20U);
    many[many.size() - 2] = 'a';
    EXPECT_EQ(refused(many).type, "key_twice");
    EXPECT_EQ(refused(many).offset, many.size() - 2);
}

TEST_F(Msgpack, refuses_extensions_and_goes_on_after_them) {
    for (const std::string& packed :
         {"\xd6\xff\x00\x00\x00\x01"s, "\xd7\xff\x00\x00\x00\x01\x02\x03\x04\x05"s,
          "\xc7\x0c\xff"s + std::string(12, '\0')}) {
        EXPECT_EQ(refused(packed).type, "timestamp_unsupported");
        expect_same_when_cut(packed, {});
    }
    for (const std::string& packed :
         {"\xd4\x05."s, "\xd5\x05.."s, "\xd8\x05................"s, "\xc7\x01\x05."s,
          "\xc8\x00\x01\x05."s, "\xc9\x00\x00\x00\x01\x05."s, "\x92\x01\xd4\x05."s}) {
        EXPECT_EQ(refused(packed).type, "extension_unsupported");
        expect_same_when_cut(packed, {});
        MsgpackReader reader;
        const std::string stream = packed + '\x07';
        const MsgpackRead bad = reader.read(octets(stream), arena_);
        EXPECT_EQ(bad.state, State::refused);
        ASSERT_EQ(bad.size_bytes, packed.size());
        EXPECT_EQ(reader.read(octets(stream).subspan(bad.size_bytes), arena_).value,
                  Value::integer(7));
    }
}

TEST_F(Msgpack, a_byte_that_starts_nothing_ends_the_stream) {
    EXPECT_EQ(refused("\x92\x01\xc1"s).offset, 2U);
    MsgpackReader reader;
    EXPECT_EQ(reader.read(octets("\xc1\x01"s), arena_).state, State::refused);
    EXPECT_EQ(reader.read(octets("\x01"s), arena_).state, State::refused);
    EXPECT_EQ(reader.error().type, "msgpack_invalid");
    reader.reset();
    EXPECT_EQ(reader.read(octets("\x01"s), arena_).value, Value::integer(1));
}

TEST_F(Msgpack, decodes_exactly_one_object) {
    EXPECT_EQ(refused("").type, "msgpack_invalid");
    EXPECT_EQ(refused("\x92\x01"s).type, "msgpack_invalid");
    EXPECT_EQ(refused("\x01\x02"s).offset, 1U);
}

TEST_F(Msgpack, holds_the_limits_and_takes_what_is_at_them) {
    const MsgpackLimits limits{.depth_max = 3, .value_count_max = 5, .bytes_max = 10};
    struct Case {
        std::string at_limit;
        std::string over;
        std::string_view type;
    };
    for (const Case& each : {
             Case{"\x91\x91\x90"s, "\x91\x91\x91\x90"s, "depth_over_limit"},
             Case{"\x81\x01\x91\x80"s, "\x81\x01\x91\x91\x80"s, "depth_over_limit"},
             Case{"\x94\x01\x01\x01\x01"s, "\x95\x01\x01\x01\x01\x01"s, "count_over_limit"},
             Case{"\x84\x01\x01\x02\x01\x03\x01\x04\x01"s,
                  "\x85\x01\x01\x02\x01\x03\x01\x04\x01\x05\x01"s, "count_over_limit"},
             Case{"\x92\x92\x01\x01\x01"s, "\x92\x92\x01\x01\x91\x01"s, "count_over_limit"},
             Case{"\xa9"
                  "123456789"s,
                  "\xaa"
                  "1234567890"s,
                  "bytes_over_limit"},
             Case{"\xc4\x08"
                  "12345678"s,
                  "\xc4\x09"
                  "123456789"s,
                  "bytes_over_limit"},
             Case{"\x92\xa7"
                  "1234567\x01"s,
                  "\x92\xa7"
                  "1234567\xcc\x80"s,
                  "bytes_over_limit"},
             Case{"\xcb"
                  "12345678"s,
                  "\x92\x01\xcb"
                  "12345678"s,
                  "bytes_over_limit"},
         }) {
        decoded(each.at_limit, limits);
        EXPECT_EQ(refused(each.over, limits).type, each.type);
        expect_same_when_cut(each.at_limit, limits);
        expect_same_when_cut(each.over, limits);
    }
}

TEST_F(Msgpack, a_huge_length_is_refused_by_its_head) {
    for (const std::string& head :
         {"\xdb\xff\xff\xff\xff"s, "\xc6\xff\xff\xff\xff"s, "\xdd\xff\xff\xff\xff"s,
          "\xdf\xff\xff\xff\xff"s, "\xc9\xff\xff\xff\xff\x05"s}) {
        MsgpackReader reader;
        EXPECT_EQ(reader.read(octets(head), arena_).state, State::refused);
        // Within the limits it waits for the bytes, and has taken nothing for them.
        MsgpackReader patient{{.value_count_max = SIZE_MAX, .bytes_max = SIZE_MAX}};
        EXPECT_EQ(patient.read(octets(head), arena_).state, State::need_more);
        EXPECT_GE(patient.bytes_wanted(), std::size_t{UINT32_MAX});
    }
}

TEST_F(Msgpack, lists_that_announce_more_than_there_is_take_no_memory) {
    std::string nested;
    for (int depth = 0; depth != 100; ++depth) {
        nested += "\xdd\x00\x00\x01\xf4"s;  // 500 items: as many as there are bytes in all
    }
    const auto* before = static_cast<const std::byte*>(arena_.allocate(1, 1));
    MsgpackReader reader;
    EXPECT_EQ(reader.read(octets(nested), arena_).state, State::need_more);
    EXPECT_EQ(static_cast<const std::byte*>(arena_.allocate(1, 1)), before + 1);
}

TEST_F(Msgpack, a_million_lists_in_one_another_are_refused_at_the_limit) {
    const std::string deep(1'000'000, '\x91');
    EXPECT_EQ(refused(deep).type, "depth_over_limit");
    EXPECT_EQ(refused(deep).offset, core::Limits{}.nesting_depth_max);
    // Without that limit, it is no recursion that would end the process.
    EXPECT_EQ(decoded(deep + '\x90', {.depth_max = SIZE_MAX}).as_list().size(), 1U);
}

}  // namespace
}  // namespace warren::format
