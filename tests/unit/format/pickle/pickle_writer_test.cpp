#include "format/pickle/pickle.hpp"
#include "unit/format/pickle/pickle_shown.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <string>

namespace warren::format {
namespace {

using namespace std::string_literals;

class PickleWriter : public testing::Test {
protected:
    std::string written(const PickleValue& value, int protocol) {
        std::string out;
        const auto done = pickle_encode(value, protocol, out);
        EXPECT_TRUE(done) << done.error().message;
        return out;
    }

    PickleValue text(std::string_view characters) { return PickleValue::text(characters); }
    PickleValue tuple(std::initializer_list<PickleValue> items) {
        return PickleValue::tuple(items, arena_);
    }
    PickleValue dict(std::initializer_list<PickleValue> items) {
        return PickleValue::dict(items, arena_);
    }
    PickleValue octets(std::string_view characters) {
        return PickleValue::bytes(std::as_bytes(std::span{characters}));
    }
    PickleValue request() {
        return PickleValue::instance(
            test_classes[0],
            dict({text("func_name"), text("add"), text("func_args"),
                  tuple({PickleValue::integer(std::int64_t{1}), octets("\x01\xff")}),
                  text("func_kwargs"), dict({})}),
            arena_);
    }

    Arena arena_;
};

TEST_F(PickleWriter, requests_read_back_from_every_protocol) {
    for (int protocol = pickle_protocol_min; protocol <= pickle_protocol_max; ++protocol) {
        const std::string pickle = written(request(), protocol);
        const auto back = pickle_decode(std::as_bytes(std::span{pickle}), arena_, {}, test_classes);
        ASSERT_TRUE(back) << back.error().message;
        EXPECT_EQ(back->protocol, protocol);
        EXPECT_EQ(shown(back->value), shown(request()));
    }
}

TEST_F(PickleWriter, an_exception_is_named_as_its_protocol_names_it) {
    const auto made = [&](std::string_view type, int protocol) {
        const PickleValue args = tuple({text("k")});
        return written(PickleValue::exception(type, args, arena_), protocol);
    };
    EXPECT_EQ(made("KeyError", 2),
              "\x80\x02"
              "cexceptions\nKeyError\nX\x01\x00\x00\x00k\x85R."s);
    EXPECT_EQ(made("TimeoutError", 2),
              "\x80\x02"
              "cexceptions\nOSError\nX\x01\x00\x00\x00k\x85R."s);
    EXPECT_EQ(made("RecursionError", 2),
              "\x80\x02"
              "c__builtin__\nRecursionError\nX\x01\x00\x00\x00k\x85R."s);
    EXPECT_EQ(made("TimeoutError", 3),
              "\x80\x03"
              "cbuiltins\nTimeoutError\nX\x01\x00\x00\x00k\x85R."s);
    EXPECT_EQ(made("KeyError", 4),
              "\x80\x04\x95\x1b\x00\x00\x00\x00\x00\x00\x00\x8c\x08"
              "builtins\x8c\x08KeyError\x93\x8c\x01k\x85R."s);
}

TEST_F(PickleWriter, integers_take_their_shortest_form) {
    struct Form {
        std::int64_t number;
        std::string form;
    };
    for (const auto& [number, form] : {
             Form{0, "K\x00"s},
             Form{255, "K\xff"s},
             Form{256, "M\x00\x01"s},
             Form{65'535, "M\xff\xff"s},
             Form{65'536, "J\x00\x00\x01\x00"s},
             Form{-1, "J\xff\xff\xff\xff"s},
             Form{INT32_MIN, "J\x00\x00\x00\x80"s},
             Form{INT64_C(1) << 40, "\x8a\x06\x00\x00\x00\x00\x00\x01"s},
             Form{-(INT64_C(1) << 40), "\x8a\x06\x00\x00\x00\x00\x00\xff"s},
             Form{INT64_MAX, "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"s},
         }) {
        EXPECT_EQ(written(PickleValue::integer(number), 2), "\x80\x02" + form + ".") << number;
    }
}

TEST_F(PickleWriter, what_is_refused_leaves_the_output_as_it_was) {
    const auto refused = [&](const PickleValue& value, std::size_t depth_max = 128) {
        std::string out = "before";
        const auto done = pickle_encode(value, 4, out, depth_max);
        EXPECT_FALSE(done);
        EXPECT_EQ(out, "before");
        return done ? EncodeError{} : done.error();
    };
    const PickleValue bad = dict({text("a"), tuple({PickleValue::none(), text("\xff")})});
    EXPECT_EQ(refused(bad).type, "text_not_utf8");
    EXPECT_EQ(to_string(refused(bad).location), "a[1]");
    EXPECT_EQ(refused(PickleValue::exception("MyError", tuple({}), arena_)).type,
              "exception_unknown");
    EXPECT_EQ(refused(tuple({tuple({})}), 1).type, "depth_over_limit");
    std::string out;
    EXPECT_TRUE(pickle_encode(tuple({tuple({})}), 4, out, 2));
}

class PickleConversion : public PickleWriter {
protected:
    Value converted(const PickleValue& from) {
        const auto value = pickle_to_value(from, arena_);
        EXPECT_TRUE(value) << value.error().message;
        return value.value_or(Value::null());
    }
    EncodeError refused(const PickleValue& from) {
        const auto value = pickle_to_value(from, arena_);
        EXPECT_FALSE(value);
        return value ? EncodeError{} : value.error();
    }
    PickleValue decoded(std::string_view pickle) {
        const auto pickled =
            pickle_decode(std::as_bytes(std::span{pickle}), arena_, {}, test_classes);
        EXPECT_TRUE(pickled) << pickled.error().message;
        return pickled->value;
    }
};

TEST_F(PickleConversion, values_come_back_as_they_went) {
    const std::array items{Value::null(),
                           Value::boolean(true),
                           Value::integer(INT64_MIN),
                           Value::integer(INT64_MAX),
                           Value::unsigned_integer(UINT64_C(1) << 63),
                           Value::unsigned_integer(UINT64_MAX),
                           Value::floating(1.5),
                           Value::floating(std::nan("")),
                           Value::floating(HUGE_VAL),
                           Value::text("é"),
                           Value::bytes(std::as_bytes(std::span{"\xff"})),
                           Value::list({}),
                           Value::map({})};
    const std::array members{Member{Value::text("k"), Value::list(items)},
                             Member{Value::text(""), Value::null()}};
    const Value value = Value::map(members);
    EXPECT_EQ(converted(pickle_from_value(value, arena_)), value);
    for (int protocol = pickle_protocol_min; protocol <= pickle_protocol_max; ++protocol) {
        EXPECT_EQ(converted(decoded(written(pickle_from_value(value, arena_), protocol))), value);
    }
}

TEST_F(PickleConversion, what_only_python_tells_apart_becomes_what_it_is_elsewhere) {
    const std::array numbers{Value::integer(1), Value::integer(2)};
    const Value list = Value::list(numbers);
    EXPECT_EQ(converted(decoded("K\x01K\x02\x86.")), list);
    EXPECT_EQ(converted(decoded("\x8f(K\x01K\x02\x90.")), list);
    EXPECT_EQ(converted(decoded("(K\x01K\x02\x91.")), list);
    EXPECT_EQ(converted(decoded("\x96\x01\x00\x00\x00\x00\x00\x00\x00x."s)),
              Value::bytes(std::as_bytes(std::span{"x", 1})));
    const Value failure = converted(decoded("cbuiltins\nKeyError\nK\x01K\x02\x86R."));
    EXPECT_EQ(failure.find("type")->as_text(), "KeyError");
    EXPECT_EQ(*failure.find("args"), list);
}

TEST_F(PickleConversion, what_has_no_place_is_refused_with_its_place) {
    struct Refused {
        std::string pickle;
        std::string_view type;
        std::string_view location;
    };
    for (const auto& [pickle, type, location] : {
             Refused{"(K\x01Nd."s, "key_not_text", ""},
             Refused{"](N}U\x01k(NNds"s + "e."s, "key_not_text", "[1].k"},
             Refused{"(U\x01kNU\x01k\x88"s + "d."s, "key_twice", "k"},
             Refused{"]\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01"s + "a."s, "int_out_of_range",
                     "[0]"},
             Refused{"\x8a\x09\xff\xff\xff\xff\xff\xff\xff\x7f\xff."s, "int_out_of_range", ""},
             Refused{"](icallme.protocol\nRpcRequest\na."s, "instance_nested", "[0]"},
             Refused{"cbuiltins\nKeyError\n}NNs\x85R."s, "key_not_text", "args[0]"},
         }) {
        const EncodeError error = refused(decoded(pickle));
        EXPECT_EQ(error.type, type);
        EXPECT_EQ(to_string(error.location), location);
    }
}

}  // namespace
}  // namespace warren::format
