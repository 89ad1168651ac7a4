#include "format/msgpack/msgpack_writer.hpp"

#include "format/msgpack/msgpack.hpp"
#include "support/support.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace warren::format {
namespace {

using namespace std::string_literals;
using test::octets;

std::string encoded(const Value& value) {
    std::string out;
    EXPECT_TRUE(msgpack_encode(value, out));
    return out;
}

TEST(MsgpackWriter, writes_the_smallest_form) {
    struct Case {
        Value value;
        std::string packed;
    };
    const std::string text31(31, 'x');
    const std::string text32(32, 'x');
    const std::string text256(256, 'x');
    const std::string text65536(65536, 'x');
    const std::vector<Value> items(65536);
    for (const Case& each : {
             Case{Value::null(), "\xc0"s},
             Case{Value::boolean(true), "\xc3"s},
             Case{Value::integer(127), "\x7f"s},
             Case{Value::integer(128), "\xcc\x80"s},
             Case{Value::integer(256), "\xcd\x01\x00"s},
             Case{Value::integer(65536), "\xce\x00\x01\x00\x00"s},
             Case{Value::integer(4294967296), "\xcf\x00\x00\x00\x01\x00\x00\x00\x00"s},
             Case{Value::unsigned_integer(UINT64_MAX), "\xcf\xff\xff\xff\xff\xff\xff\xff\xff"s},
             Case{Value::integer(-32), "\xe0"s},
             Case{Value::integer(-33), "\xd0\xdf"s},
             Case{Value::integer(-129), "\xd1\xff\x7f"s},
             Case{Value::integer(-32769), "\xd2\xff\xff\x7f\xff"s},
             Case{Value::integer(INT64_MIN), "\xd3\x80\x00\x00\x00\x00\x00\x00\x00"s},
             Case{Value::floating(2.5), "\xcb\x40\x04\x00\x00\x00\x00\x00\x00"s},
             Case{Value::text(text31), "\xbf" + text31},
             Case{Value::text(text32), "\xd9\x20" + text32},
             Case{Value::text(text256), "\xda\x01\x00"s + text256},
             Case{Value::text(text65536), "\xdb\x00\x01\x00\x00"s + text65536},
             Case{Value::bytes(octets("x")), "\xc4\x01x"s},
             Case{Value::bytes(octets(text256)), "\xc5\x01\x00"s + text256},
             Case{Value::bytes(octets(text65536)), "\xc6\x00\x01\x00\x00"s + text65536},
             Case{Value::list(std::span{items}.first(15)), "\x9f" + std::string(15, '\xc0')},
             Case{Value::list(std::span{items}.first(16)),
                  "\xdc\x00\x10"s + std::string(16, '\xc0')},
             Case{Value::list(items), "\xdd\x00\x01\x00\x00"s + std::string(65536, '\xc0')},
         }) {
        EXPECT_EQ(encoded(each.value), each.packed);
    }
}

TEST(MsgpackWriter, appends_and_leaves_nothing_of_what_it_refuses) {
    std::string out = "before";
    const std::vector<Member> members{{Value::text("ok"), Value::integer(1)},
                                      {Value::text("bad"), Value::text("\xff")}};
    const std::vector<Value> list{Value::integer(1), Value::map(members)};
    const auto refused = msgpack_encode(Value::list(list), out);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().type, "text_not_utf8");
    EXPECT_EQ(to_string(refused.error().location), "[1].bad");
    EXPECT_EQ(out, "before");
    EXPECT_EQ(msgpack_encode(Value::list(list), out, 1).error().type, "depth_over_limit");
    EXPECT_TRUE(msgpack_encode(Value::list({list.data(), 1}), out, 1));
    EXPECT_EQ(out, "before\x91\x01");
}

TEST(MsgpackWiden, writes_the_first_head_that_can_be_wider) {
    struct Case {
        std::string packed;
        std::string wider;
    };
    const std::string text256(256, 'x');
    for (const Case& each : {
             Case{"\x07"s, "\xcc\x07"s},
             Case{"\xcc\x80"s, "\xcd\x00\x80"s},
             Case{"\xcd\x01\x00"s, "\xce\x00\x00\x01\x00"s},
             Case{"\xce\x01\x00\x00\x00"s, "\xcf\x00\x00\x00\x00\x01\x00\x00\x00"s},
             Case{"\xff"s, "\xd0\xff"s},
             Case{"\xd0\x80"s, "\xd1\xff\x80"s},
             Case{"\xd1\x80\x00"s, "\xd2\xff\xff\x80\x00"s},
             Case{"\xd2\x80\x00\x00\x00"s, "\xd3\xff\xff\xff\xff\x80\x00\x00\x00"s},
             Case{"\xa1x"s, "\xd9\x01x"s},
             Case{"\xd9\x01x"s, "\xda\x00\x01x"s},
             Case{"\xda\x01\x00"s + text256, "\xdb\x00\x00\x01\x00"s + text256},
             Case{"\xc4\x01x"s, "\xc5\x00\x01x"s},
             Case{"\x81\x01\x02"s, "\xde\x00\x01\x01\x02"s},
             Case{"\xde\x00\x01\x01\x02"s, "\xdf\x00\x00\x00\x01\x01\x02"s},
             Case{"\x91\xc0"s, "\xdc\x00\x01\xc0"s},
             Case{"\xdd\x00\x00\x00\x02\xc0\x05"s, "\xdd\x00\x00\x00\x02\xc0\xcc\x05"s},
         }) {
        std::string out = "\x93" + each.packed;
        EXPECT_TRUE(msgpack_widen(out, 1));
        EXPECT_EQ(out, "\x93" + each.wider);
        Arena arena;
        EXPECT_EQ(*msgpack_decode(octets(each.packed), arena),
                  *msgpack_decode(octets(each.wider), arena));
    }
    for (const std::string& narrowest : {"\xc0"s, "\xcb" + std::string(8, '\0'),
                                         "\xdb\x00\x00\x00\x01x"s, "\xdd\x00\x00\x00\x01\xc2"s}) {
        std::string out = narrowest;
        EXPECT_FALSE(msgpack_widen(out, 0));
        EXPECT_EQ(out, narrowest);
    }
}

/// Values of every kind, with lengths and numbers about the borders of their forms.
class RandomValues {
public:
    RandomValues(std::uint64_t seed, Arena& arena) : random_{seed}, arena_{arena} {}

    Value next(int depth = 0) {
        switch (below(depth < 4 ? 10 : 8)) {
        case 0:
            return Value::null();
        case 1:
            return Value::boolean(below(2) == 0);
        case 2:
        case 3:
            return Value::integer(static_cast<std::int64_t>(random_() >> below(64)) *
                                  (below(2) == 0 ? 1 : -1));
        case 4:
            return Value::unsigned_integer(random_());
        case 5:
            return Value::floating(std::bit_cast<double>(random_()));
        case 6:
            return Value::text(characters());
        case 7:
            return Value::bytes(octets(characters()));
        case 8: {
            const std::span<Value> items = arena_.array<Value>(below(20));
            for (Value& item : items) {
                item = next(depth + 1);
            }
            return Value::list(items);
        }
        default: {
            const std::span<Member> members = arena_.array<Member>(below(20));
            for (std::size_t at = 0; at != members.size(); ++at) {
                members[at] = {Value::unsigned_integer(at << below(2)), next(depth + 1)};
                if (below(4) != 0) {
                    members[at].key = Value::text(arena_.copy(std::to_string(at)));
                }
            }
            return Value::map(members);
        }
        }
    }

private:
    std::size_t below(std::size_t end) { return random_() % end; }
    std::string_view characters() {
        constexpr std::size_t sizes[]{0, 1, 31, 32, 40, 255, 256, 300};
        std::string text(sizes[below(8)], static_cast<char>('a' + below(26)));
        if (below(2) == 0) {
            text += "\u20ac";
        }
        return arena_.copy(text);
    }

    std::mt19937_64 random_;
    Arena& arena_;
};

TEST(MsgpackRoundTrip, random_values_come_back_however_they_are_cut) {
    std::mt19937_64 random{test::random_seed()};
    for (int round = 0; round != 500; ++round) {
        Arena arena;
        RandomValues values{random(), arena};
        const Value first = values.next();
        const Value second = values.next();
        std::string stream = encoded(first);
        const std::size_t first_bytes = stream.size();
        ASSERT_TRUE(msgpack_encode(second, stream));
        MsgpackReader reader;
        std::size_t seen = 0;
        MsgpackRead read;
        std::string piece;
        while (read.state == MsgpackScan::State::need_more) {
            ASSERT_FALSE(piece.size() == stream.size());
            piece = stream.substr(0, seen);
            read = reader.read(octets(piece), arena);
            seen += 1 + random() % 7 * (random() % 5);
        }
        ASSERT_EQ(read.state, MsgpackScan::State::complete);
        EXPECT_EQ(read.size_bytes, first_bytes);
        EXPECT_TRUE(read.value == first);
        const MsgpackRead rest = reader.read(octets(stream).subspan(first_bytes), arena);
        EXPECT_EQ(rest.size_bytes, stream.size() - first_bytes);
        EXPECT_TRUE(rest.value == second);
    }
}

}  // namespace
}  // namespace warren::format
