#include "format/pickle/pickle.hpp"
#include "unit/format/pickle/pickle_shown.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace warren::format {
namespace {

using namespace std::string_literals;

DecodeError refused(std::string_view pickle, const PickleLimits& limits = {}) {
    Arena arena;
    const auto pickled =
        pickle_decode(std::as_bytes(std::span{pickle}), arena, limits, test_classes);
    EXPECT_FALSE(pickled) << shown(pickled->value);
    return pickled ? DecodeError{} : pickled.error();
}

bool taken(std::string_view pickle, const PickleLimits& limits) {
    Arena arena;
    return pickle_decode(std::as_bytes(std::span{pickle}), arena, limits, test_classes).has_value();
}

struct Case {
    std::string pickle;
    std::string_view type;
    std::size_t offset;
};

void expect_refused(std::initializer_list<Case> cases) {
    for (const auto& [pickle, type, offset] : cases) {
        const DecodeError error = refused(pickle);
        EXPECT_EQ(error.type, type) << testing::PrintToString(pickle) << error.message;
        EXPECT_EQ(error.offset, offset) << testing::PrintToString(pickle) << error.message;
        EXPECT_TRUE(error.message.starts_with(fmt::format("Invalid pickle at byte {}: ", offset)));
    }
}

std::string times(std::size_t count, std::string_view part) {
    std::string whole;
    for (std::size_t at = 0; at != count; ++at) {
        whole += part;
    }
    return whole;
}

TEST(PickleHostile, nothing_is_imported) {
    expect_refused({
        {"cos\nsystem\n."s, "pickle_global_refused", 0},
        {"cbuiltins\neval\n."s, "pickle_global_refused", 0},
        {"cbuiltins\n__import__\n."s, "pickle_global_refused", 0},
        {"cbuiltins\ngetattr\n."s, "pickle_global_refused", 0},
        {"ccallme.protocol\nRpcRequest.__init__\n."s, "pickle_global_refused", 0},
        {"ccallme.proxy\nRpcRequest\n."s, "pickle_global_refused", 0},
        {"c_codecs\ndecode\n."s, "pickle_global_refused", 0},
        {"ccopyreg\n__newobj__\n."s, "pickle_global_refused", 0},
        {"cbuiltins\nKeyErro\n."s, "pickle_global_refused", 0},
        {"cbuiltins\nKeyError \n."s, "pickle_global_refused", 0},
        {"cos\nKeyError\n."s, "pickle_global_refused", 0},
        {"(ios\nsystem\n."s, "pickle_global_refused", 1},
        {"\x8c\x02os\x8c\x06system\x93."s, "pickle_global_refused", 12},
        {"NN\x93."s, "pickle_global_refused", 2},
        {"\x8c\x08"
         "builtinsC\x04"
         "eval\x93."s,
         "pickle_global_refused", 16},
    });
}

TEST(PickleHostile, only_the_readers_classes_are_known) {
    Arena arena;
    const std::string_view made = "(icallme.protocol\nRpcResponse\n.";
    const auto octets = std::as_bytes(std::span{made});
    EXPECT_TRUE(pickle_decode(octets, arena, {}, test_classes));
    for (const std::size_t count : {0U, 1U}) {
        const auto pickled = pickle_decode(octets, arena, {}, std::span{test_classes}.first(count));
        ASSERT_FALSE(pickled);
        EXPECT_EQ(pickled.error().type, "pickle_global_refused");
    }
}

TEST(PickleHostile, a_name_is_shown_short_and_escaped) {
    const DecodeError error = refused("c" + std::string(500, 'm') + "\n\x1b[31m\n.");
    EXPECT_LT(error.message.size(), 250U);
    EXPECT_NE(error.message.find("\\x1b"), std::string::npos);
}

TEST(PickleHostile, nothing_is_called_but_as_python_does) {
    const std::string class_line = "ccallme.protocol\nRpcRequest\n";
    const std::size_t after_class = class_line.size();
    expect_refused({
        {class_line + ")R.", "pickle_global_refused", after_class + 1},
        {class_line + "K\x01\x85\x81.", "pickle_global_refused", after_class + 3},
        {class_line + "]\x81.", "pickle_invalid", after_class + 1},
        {class_line + ".", "pickle_global_refused", after_class},
        {"]" + class_line + "a.", "pickle_global_refused", after_class + 2},
        {"K\x01)R."s, "pickle_global_refused", 3},
        {"K\x01)\x81."s, "pickle_global_refused", 3},
        {"(K\x01o."s, "pickle_global_refused", 3},
        {"(o."s, "pickle_invalid", 1},
        {"(" + class_line + "No.", "pickle_global_refused", after_class + 2},
        {"(Nicallme.protocol\nRpcRequest\n.", "pickle_global_refused", 2},
        {"cbuiltins\nKeyError\nNR."s, "pickle_invalid", 20},
        {"cbuiltins\nKeyError\n)\x81."s, "pickle_global_refused", 20},
        {"(ibuiltins\nKeyError\n."s, "pickle_global_refused", 1},
        {"cbuiltins\nobject\n)R."s, "pickle_global_refused", 18},
        {"cbuiltins\nobject\n)\x81."s, "pickle_global_refused", 18},
        {"cbuiltins\nset\nN\x85R."s, "pickle_global_refused", 16},
        {"cbuiltins\nbytes\nK\x09\x85R."s, "pickle_global_refused", 19},
        {"cbuiltins\nbytearray\nK\x09\x85R."s, "pickle_global_refused", 23},
        {"c_codecs\nencode\nU\x01xU\x03zip\x86R."s, "pickle_global_refused", 25},
        {"c_codecs\nencode\nX\x02\x00\x00\x00\xc4\x80U\x06latin1\x86R."s, "pickle_global_refused",
         32},
        {"ccopyreg\n_reconstructor\n)R."s, "pickle_global_refused", 25},
        {"ccopyreg\n_reconstructor\n(NcBuiltins\nobject\nNtR."s, "pickle_global_refused", 26},
        {"ccopyreg\n_reconstructor\n(cbuiltins\nset\ncbuiltins\nobject\nNtR."s,
         "pickle_global_refused", 58},
        {"ccopyreg\n_reconstructor\n(ccallme.protocol\nRpcRequest\ncbuiltins\nobject\n]tR."s,
         "pickle_global_refused", 72},
    });
}

TEST(PickleHostile, nothing_else_is_built) {
    const std::string made = "(icallme.protocol\nRpcRequest\n";
    const std::size_t after = made.size();
    expect_refused({
        {"]}b."s, "pickle_opcode_refused", 2},
        {"}}b."s, "pickle_opcode_refused", 2},
        {"cbuiltins\nset\n}b."s, "pickle_opcode_refused", 15},
        {made + "Nb.", "pickle_opcode_refused", after + 1},
        {made + "N}\x86"s + "b.", "pickle_opcode_refused", after + 3},
        {made + "}b}b.", "pickle_opcode_refused", after + 3},
        {made + "Na.", "pickle_opcode_refused", after + 1},
        {made + "NNs.", "pickle_opcode_refused", after + 2},
        {"cbuiltins\nset\nNa."s, "pickle_opcode_refused", 15},
        {"](NN\x90."s, "pickle_opcode_refused", 4},
        {"(\x91(N\x90."s, "pickle_opcode_refused", 4},
        {")(Ne."s, "pickle_opcode_refused", 3},
        {"](NNu."s, "pickle_opcode_refused", 4},
    });
}

TEST(PickleHostile, what_reaches_outside_the_pickle_is_refused) {
    expect_refused({
        {"Pid\n."s, "pickle_opcode_refused", 0},
        {"NQ."s, "pickle_opcode_refused", 1},
        {"\x82\x01."s, "pickle_opcode_refused", 0},
        {"\x83\x01\x00."s, "pickle_opcode_refused", 0},
        {"\x84\x01\x00\x00\x00."s, "pickle_opcode_refused", 0},
        {"cbuiltins\nset\n)}\x92."s, "pickle_opcode_refused", 16},
        {"\x97."s, "pickle_opcode_refused", 0},
        {"N\x98."s, "pickle_opcode_refused", 1},
    });
}

TEST(PickleHostile, malformed_programs) {
    expect_refused({
        {""s, "pickle_invalid", 0},
        {"."s, "pickle_invalid", 0},
        {"N"s, "pickle_invalid", 1},
        {"NN."s, "pickle_invalid", 2},
        {"N(."s, "pickle_invalid", 2},
        {"N.N"s, "pickle_invalid", 2},
        {"?"s, "pickle_invalid", 0},
        {"\xff."s, "pickle_invalid", 0},
        {"a."s, "pickle_invalid", 0},
        {"Na."s, "pickle_invalid", 1},
        {"](a."s, "pickle_invalid", 2},
        {"(N0"s + "0"s + "0."s, "pickle_invalid", 4},
        {"e."s, "pickle_invalid", 0},
        {"(e."s, "pickle_invalid", 1},
        {"](((e."s, "pickle_invalid", 4},
        {"}(Nu."s, "pickle_invalid", 3},
        {"(Nd."s, "pickle_invalid", 2},
        {"t."s, "pickle_invalid", 0},
        {"1."s, "pickle_invalid", 0},
        {"2."s, "pickle_invalid", 0},
        {"N\x86."s, "pickle_invalid", 1},
        {"R."s, "pickle_invalid", 0},
        {"b."s, "pickle_invalid", 0},
        {"q\x00."s, "pickle_invalid", 0},
        {"h\x00."s, "pickle_invalid", 0},
        {"Nq\x01h\x00."s, "pickle_invalid", 3},
        {"Np-1\n."s, "pickle_invalid", 1},
        {"Np\n."s, "pickle_invalid", 1},
        {"Np99999999999\n."s, "pickle_invalid", 1},
        {"\x80\x06N."s, "pickle_invalid", 0},
        {"\x80\x04\x80\x04N."s, "pickle_invalid", 2},
        {"I\n."s, "pickle_invalid", 0},
        {"I1x\n."s, "pickle_invalid", 0},
        {"L-L\n."s, "pickle_invalid", 0},
        {"F1.5x\n."s, "pickle_invalid", 0},
        {"F\n."s, "pickle_invalid", 0},
        {"Shi\n."s, "pickle_invalid", 0},
        {"S'\n."s, "pickle_invalid", 0},
        {"S'hi\"\n."s, "pickle_invalid", 0},
        {"S'\\'\n."s, "pickle_invalid", 0},
        {"S'\\q'\n."s, "pickle_invalid", 0},
        {"S'\\x4'\n."s, "pickle_invalid", 0},
        {"V\\u12\n."s, "pickle_invalid", 0},
        {"V\\u12-4\n."s, "pickle_invalid", 0},
        {"V\\U00110000\n."s, "pickle_invalid", 0},
        {"V\\ud800\n."s, "text_not_utf8", 0},
        {"\x8c\x03\xed\xa0\x80."s, "text_not_utf8", 0},
        {"X\x01\x00\x00\x00\xff."s, "text_not_utf8", 0},
    });
}

TEST(PickleHostile, frames_are_checked_and_not_trusted) {
    const auto framed = [](std::string_view length, std::string_view body) {
        return "\x80\x04\x95"s.append(length).append(7, '\0').append(body);
    };
    EXPECT_TRUE(taken(framed("\x02", "N."), {}));
    EXPECT_TRUE(taken(framed("\x01", "N."), {}));
    expect_refused({
        {framed("\x03", "N."), "pickle_invalid", 2},
        {framed("\xff", "N."), "pickle_invalid", 2},
        {framed("\0"s, "N."), "pickle_invalid", 2},
        {framed("\x01", "K\x01."), "pickle_invalid", 12},
        {framed("\x02", "C\x01x."), "pickle_invalid", 13},
        {framed("\x03", "I12\n."), "pickle_invalid", 14},
        {"\x95\xff\xff\xff\xff\xff\xff\xff\xffN."s, "pickle_invalid", 0},
        {"\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x95\x02\x00\x00\x00\x00\x00\x00\x00N."s,
         "pickle_invalid", 9},
    });
}

TEST(PickleHostile, huge_declared_lengths_take_no_memory) {
    for (const std::string& head : {
             "X\xff\xff\xff\xff"s,
             "B\xff\xff\xff\xff"s,
             "T\xff\xff\xff\x7f"s,
             "T\xff\xff\xff\xff"s,
             "\x8b\xff\xff\xff\x7f"s,
             "\x8b\xff\xff\xff\xff"s,
             "\x8d\xff\xff\xff\xff\xff\xff\xff\xff"s,
             "\x8e\xff\xff\xff\xff\xff\xff\xff\xff"s,
             "\x96\xff\xff\xff\xff\xff\xff\xff\x7f"s,
         }) {
        Arena arena;
        const std::string pickle = head + "xyz.";
        const auto pickled = pickle_decode(std::as_bytes(std::span{pickle}), arena);
        ASSERT_FALSE(pickled);
        EXPECT_EQ(pickled.error().type, "pickle_invalid");
        EXPECT_EQ(arena.capacity_bytes(), 0U);
    }
    expect_refused({{"Nr\xff\xff\xff\xff."s, "memo_over_limit", 1},
                    {"Np4294967295\n."s, "memo_over_limit", 1},
                    {"Nr\x00\x00\x0f\x00."s, "memo_over_limit", 1}});
}

TEST(PickleHostile, a_value_is_no_part_of_itself) {
    expect_refused({
        {"]q\x00h\x00"s + "a."s, "pickle_cycle", 6},
        {"}q\x00Nh\x00s."s, "pickle_cycle", 7},
        {"]q\x00h\x00\x85"s + "a."s, "pickle_cycle", 7},
        {"](q\x00."s, "pickle_invalid", 2},
        {"(icallme.protocol\nRpcRequest\n\x94}Nh\x00sb."s, "pickle_cycle", 36},
        {"cbuiltins\nset\n]\x94h\x00"s + "a\x85R."s, "pickle_cycle", 21},
        {"cbuiltins\nKeyError\n]\x94\x85R\x94h\x00h\x01"s + "a0."s, "pickle_cycle", 30},
    });
}

TEST(PickleHostile, shared_parts_count_each_time) {
    // Forty lists, each with the one before it twice: 2^40 values of 200 bytes.
    std::string laughs = "]";
    for (int level = 0; level != 40; ++level) {
        laughs += fmt::format("p{}\n0]g{}\nag{}\na", level, level, level);
    }
    EXPECT_EQ(refused(laughs + ".").type, "count_over_limit");
    std::string tuples = ")";
    for (int level = 0; level != 100; ++level) {
        tuples += "2\x86";
    }
    EXPECT_EQ(refused(tuples + ".").type, "count_over_limit");

    const std::string text = "X\x00\x00\x01\x00"s + std::string(65'536, 'x') + "\x94";
    const PickleLimits limits{.text_bytes_max = 65'536 * 10};
    EXPECT_TRUE(taken("(" + text + times(9, "h\0"s) + "t.", limits));
    EXPECT_EQ(refused("(" + text + times(10, "h\0"s) + "t.", limits).type, "bytes_over_limit");
    // Text that becomes bytes counts, also when they are dropped.
    const std::string encoded = "c_codecs\nencode\nh\0U\x06latin1\x86R0"s;
    EXPECT_EQ(refused(text + times(11, encoded) + ".", limits).type, "bytes_over_limit");
    EXPECT_TRUE(taken(text + times(10, encoded) + ".", limits));
}

TEST(PickleHostile, a_list_that_became_many_sets_is_copied_for_none) {
    Arena arena;
    std::string pickle = "](" + times(10'000, "N") + "e\x94";
    const std::size_t list_bytes = 10'000 * sizeof(PickleValue);
    pickle += times(1000, "cbuiltins\nset\nh\0\x85R0"s) + ".";
    ASSERT_TRUE(pickle_decode(std::as_bytes(std::span{pickle}), arena));
    EXPECT_LT(arena.capacity_bytes(), 4 * list_bytes);
}

TEST(PickleHostile, deep_nesting_ends_at_the_limit_and_not_at_the_stack) {
    constexpr std::size_t deep = 1'000'000;
    const PickleLimits many{.value_count_max = 4 * deep};
    EXPECT_EQ(refused(")" + times(deep, "\x85") + ".", many).type, "depth_over_limit");
    EXPECT_EQ(refused(times(deep, "(") + times(deep, "l") + ".", many).type, "depth_over_limit");
    EXPECT_EQ(refused(times(deep, "]") + times(deep - 1, "a") + ".", many).type,
              "depth_over_limit");
    EXPECT_EQ(refused(times(deep, "}N") + "}" + times(deep, "s") + ".", many).type,
              "depth_over_limit");
    EXPECT_EQ(refused(times(deep, "(")).type, "pickle_invalid");
    Arena arena;
    const std::string pickle = ")" + times(deep, "\x85") + ".";
    const PickleLimits none{.depth_max = 2 * deep, .value_count_max = 4 * deep};
    EXPECT_TRUE(pickle_decode(std::as_bytes(std::span{pickle}), arena, none));
}

TEST(PickleHostile, limits_hold_at_one_more) {
    EXPECT_TRUE(taken("N.", {.bytes_max = 2}));
    EXPECT_EQ(refused("N.", {.bytes_max = 1}).type, "bytes_over_limit");

    EXPECT_TRUE(taken("N.", {.depth_max = 0}));
    EXPECT_EQ(refused("].", {.depth_max = 0}).type, "depth_over_limit");
    EXPECT_TRUE(taken("]]a.", {.depth_max = 2}));
    EXPECT_EQ(refused("]]]aa.", {.depth_max = 2}).type, "depth_over_limit");
    // The way to a shared part that is known already counts, too.
    const std::string again = "(]\x94]]h\0aat."s;
    EXPECT_TRUE(taken(again, {.depth_max = 4}));
    EXPECT_EQ(refused(again, {.depth_max = 3}).type, "depth_over_limit");

    EXPECT_TRUE(taken("](NNe.", {.value_count_max = 3}));
    EXPECT_EQ(refused("](NNe.", {.value_count_max = 2}).type, "count_over_limit");
    EXPECT_TRUE(taken("}NNs.", {.value_count_max = 3}));
    EXPECT_EQ(refused("}NNs.", {.value_count_max = 2}).type, "count_over_limit");
    EXPECT_EQ(refused("N", {.value_count_max = 0}).type, "pickle_invalid");

    EXPECT_TRUE(taken("N\x94\x94.", {.memo_count_max = 2}));
    EXPECT_EQ(refused("N\x94\x94\x94.", {.memo_count_max = 2}).type, "memo_over_limit");

    EXPECT_TRUE(taken("\x8c\x03xyz.", {.text_bytes_max = 3}));
    EXPECT_EQ(refused("\x8c\x03xyz.", {.text_bytes_max = 2}).type, "bytes_over_limit");

    const std::string wide = "\x8a\x10" + std::string(16, '\x7f') + ".";
    EXPECT_TRUE(taken(wide, {.integer_bytes_max = 16}));
    EXPECT_EQ(refused(wide, {.integer_bytes_max = 15}).type, "int_over_limit");
    const std::string decimal = "L170141183460469231731687303715884105727L\n.";  // 2^127 - 1
    EXPECT_TRUE(taken(decimal, {.integer_bytes_max = 16}));
    EXPECT_EQ(refused(decimal, {.integer_bytes_max = 15}).type, "int_over_limit");
    EXPECT_EQ(refused("L" + std::string(1'000'000, '9') + "\n.").type, "int_over_limit");
}

TEST(PickleHostile, values_that_never_get_into_the_result_count) {
    const PickleLimits few{.value_count_max = 100};
    EXPECT_EQ(refused(times(100'000, "N0") + "N.", few).type, "count_over_limit");
    EXPECT_EQ(refused(times(100'000, "(0") + "N.", few).type, "count_over_limit");
    EXPECT_EQ(refused("N" + times(100'000, "20") + ".", few).type, "count_over_limit");
    EXPECT_TRUE(taken(times(200, "N0") + "N.", few));
}

}  // namespace
}  // namespace warren::format
