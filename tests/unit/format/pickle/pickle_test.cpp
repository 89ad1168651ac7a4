#include "format/pickle/pickle.hpp"

#include "core/base64.hpp"
#include "format/json/json.hpp"
#include "support/support.hpp"
#include "unit/format/pickle/pickle_shown.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <string_view>

namespace warren::format::pickle_test {

using namespace std::string_literals;
using test::octets;

/// The value of a pickle as Python shows it, or the type of its refusal.
std::string read(std::string_view pickle) {
    Arena arena;
    const auto pickled = pickle_decode(octets(pickle), arena, {}, test_classes);
    return pickled ? shown(pickled->value) : std::string{pickled.error().type};
}

struct Case {
    std::string pickle;
    std::string value;
};

TEST(Pickle, reads_every_plain_form) {
    for (const auto& [pickle, value] : {
             Case{"N."s, "None"},
             Case{"\x88."s, "True"},
             Case{"\x89."s, "False"},
             Case{"I01\n."s, "True"},
             Case{"I00\n."s, "False"},
             Case{"I0\n."s, "0"},
             Case{"I-12\n."s, "-12"},
             Case{"L12L\n."s, "12"},
             Case{"L-9223372036854775808L\n."s, "-9223372036854775808"},
             Case{"L9223372036854775808L\n."s, "9223372036854775808"},
             Case{"L-1208925819614629174706176L\n."s, "-1208925819614629174706176"},
             Case{"K\xff."s, "255"},
             Case{"M\xff\xff."s, "65535"},
             Case{"J\xfe\xff\xff\xff."s, "-2"},
             Case{"\x8a\x00."s, "0"},
             Case{"\x8a\x01\x80."s, "-128"},
             Case{"\x8a\x02\xff\x00."s, "255"},
             Case{"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x80\x00."s, "9223372036854775808"},
             Case{"\x8b\x01\x00\x00\x00\x05."s, "5"},
             Case{"G\x3f\xf8\x00\x00\x00\x00\x00\x00."s, "1.5"},
             Case{"F-1.5\n."s, "-1.5"},
             Case{"Finf\n."s, "inf"},
             Case{"X\x02\x00\x00\x00\xc3\xa9."s, "'é'"},
             Case{"\x8c\x02\xc3\xa9."s, "'é'"},
             Case{"\x8d\x02\x00\x00\x00\x00\x00\x00\x00\xc3\xa9."s, "'é'"},
             Case{"V\xe9\\u20ac\\U0001f600\\x\\\\u0041\n."s, "'é€😀\\x\\\\u0041'"},
             Case{"U\x02hi."s, "'hi'"},
             Case{"T\x02\x00\x00\x00hi."s, "'hi'"},
             Case{"U\x02\xff\x00."s, "b'\\xff\\x00'"},
             Case{"S'h\\'i\\x21\\41\\n'\n."s, "\"h'i!!\n\""},
             Case{"S\"hi\"\n."s, "'hi'"},
             Case{"C\x02\x00\xff."s, "b'\\x00\\xff'"},
             Case{"B\x01\x00\x00\x00x."s, "b'x'"},
             Case{"\x8e\x01\x00\x00\x00\x00\x00\x00\x00x."s, "b'x'"},
             Case{"\x96\x01\x00\x00\x00\x00\x00\x00\x00x."s, "bytearray(b'x')"},
         }) {
        EXPECT_EQ(read(pickle), value) << testing::PrintToString(pickle);
    }
}

TEST(Pickle, reads_every_form_that_holds_others) {
    for (const auto& [pickle, value] : {
             Case{"]."s, "[]"},
             Case{"]K\x01"s + "a."s, "[1]"},
             Case{"](K\x01K\x02"s + "e."s, "[1, 2]"},
             Case{"(K\x01K\x02l."s, "[1, 2]"},
             Case{")."s, "()"},
             Case{"K\x01\x85."s, "(1,)"},
             Case{"K\x01K\x02\x86."s, "(1, 2)"},
             Case{"K\x01K\x02K\x03\x87."s, "(1, 2, 3)"},
             Case{"(K\x01t."s, "(1,)"},
             Case{"}."s, "{}"},
             Case{"}K\x01Ns."s, "{1: None}"},
             Case{"}(K\x01NN\x88u."s, "{1: None, None: True}"},
             Case{"(K\x01Nd."s, "{1: None}"},
             Case{"\x8f(K\x01K\x02\x90."s, "{1, 2}"},
             Case{"(K\x01\x91."s, "frozenset({1})"},
             Case{"]q\x05K\x01"s + "ah\x05\x86."s, "([1], [1])"},
             Case{"]r\x03\x00\x00\x00j\x03\x00\x00\x00\x86."s, "([], [])"},
             Case{"]p2\ng2\n\x86."s, "([], [])"},
             Case{"]\x94h\x00\x86."s, "([], [])"},
             Case{"]2\x86."s, "([], [])"},
             Case{"K\x01(K\x02K\x03"s + "1."s, "1"},
             Case{"K\x01(0K\x02"s + "0."s, "1"},
         }) {
        EXPECT_EQ(read(pickle), value) << testing::PrintToString(pickle);
    }
}

TEST(Pickle, reads_what_stands_for_plain_types_in_older_protocols) {
    for (const auto& [pickle, value] : {
             Case{"c_codecs\nencode\nX\x03\x00\x00\x00\x00\xc3\xbfX\x06\x00\x00\x00latin1\x86R."s,
                  "b'\\x00\\xff'"},
             Case{"c__builtin__\nbytes\n)R."s, "b''"},
             Case{"cbuiltins\nbytes\n)R."s, "b''"},
             Case{"cbuiltins\nbytearray\n)R."s, "bytearray(b'')"},
             Case{"cbuiltins\nbytearray\nC\x01x\x85R."s, "bytearray(b'x')"},
             Case{"c__builtin__\nbytearray\nU\x01xU\x07latin-1\x86R."s, "bytearray(b'x')"},
             Case{"c__builtin__\nset\n]K\x01"s + "a\x85R."s, "{1}"},
             Case{"cbuiltins\nfrozenset\n]K\x01"s + "a\x85R."s, "frozenset({1})"},
             Case{"cbuiltins\nset\n)R."s, "{}"},
         }) {
        EXPECT_EQ(read(pickle), value) << testing::PrintToString(pickle);
    }
}

TEST(Pickle, reads_instances_as_every_python_writes_them) {
    const std::string state = "}U\x06resultK\x01s";
    for (const std::string& made : {
             "ccallme.protocol\nRpcResponse\n)\x81"s,
             "\x8c\x0f"
             "callme.protocol\x8c\x0bRpcResponse\x93)\x81"s,
             "(ccallme.protocol\nRpcResponse\no"s,
             "(icallme.protocol\nRpcResponse\n"s,
             "ccopy_reg\n_reconstructor\n(ccallme.protocol\nRpcResponse\n"
             "c__builtin__\nobject\nNtR"s,
             "ccopyreg\n_reconstructor\n(ccallme.protocol\nRpcResponse\ncbuiltins\nobject\nNtR"s,
         }) {
        EXPECT_EQ(read(made + state + "b."), "RpcResponse(result=1)") << made;
        EXPECT_EQ(read(made + "."), "RpcResponse()") << made;
    }
}

TEST(Pickle, reads_exceptions_of_every_module_that_has_held_them) {
    for (const std::string module : {"builtins", "exceptions", "__builtin__"}) {
        const std::string made = "c" + module + "\nKeyError\nU\x01k\x85R";
        EXPECT_EQ(read(made + "."), "KeyError('k')");
        EXPECT_EQ(read(made + "}U\x04noteK\x01sb."), "KeyError('k')note=1");
    }
    EXPECT_EQ(read("cexceptions\nStandardError\n)R."), "StandardError()");
}

TEST(Pickle, finds_attributes_and_members_by_name) {
    Arena arena;
    const std::string pickle = "(icallme.protocol\nRpcRequest\n}(U\x01xK\x01K\x05NU\x01yK\x02ub.";
    const auto pickled = pickle_decode(octets(pickle), arena, {}, test_classes);
    ASSERT_TRUE(pickled);
    const PickleValue& request = pickled->value;
    ASSERT_TRUE(request.find("y"));
    EXPECT_EQ(request.find("y")->as_integer(), 2);
    EXPECT_EQ(request.state().find("x")->as_integer(), 1);
    EXPECT_EQ(request.find("z"), nullptr);
    EXPECT_EQ(PickleValue::none().find("x"), nullptr);
}

TEST(Pickle, says_which_protocol_was_written) {
    struct Said {
        std::string pickle;
        int protocol;
        int reply;
    };
    Arena arena;
    for (const auto& [pickle, protocol, reply] :
         {Said{"N."s, 0, 2}, Said{"\x80\x01N."s, 1, 2}, Said{"\x80\x02N."s, 2, 2},
          Said{"\x80\x05N."s, 5, 5}}) {
        const auto pickled = pickle_decode(octets(pickle), arena, {}, test_classes);
        ASSERT_TRUE(pickled);
        EXPECT_EQ(pickled->protocol, protocol);
        EXPECT_EQ(pickled->reply_protocol(), reply);
    }
}

class PickleVectors : public testing::Test {
protected:
    std::span<const Value> entries(std::string_view name) { return root_.find(name)->as_list(); }
    static std::string body(const Value& entry) {
        return *core::base64_decode(entry.find("body")->as_text());
    }

    Arena arena_;
    std::string text_ = test::read_vector("callme.json");
    Value root_ = *json_decode(text_, arena_);
};

TEST_F(PickleVectors, requests_are_what_was_asked) {
    const std::array meanings{
        "madd (1, 2) {}"s,
        "echo (None,) {}"s,
        "echo (True,) {}"s,
        "echo (-5,) {}"s,
        "echo (1099511627776,) {}"s,
        "echo (1208925819614629174706176,) {}"s,
        "echo (1.5,) {}"s,
        "echo ('text é',) {}"s,
        "echo (b'\\x00\\xff',) {}"s,
        "echo ([1, [2]],) {}"s,
        "echo ((1, 2),) {}"s,
        "echo ({'k': 'v', 1: 2},) {}"s,
        "echo ({1, 2},) {}"s,
        "echo () {'x': 'kw'}"s,
        "boom () {}"s,
        "missing () {}"s,
        "madd () {}"s,
    };
    ASSERT_EQ(entries("requests").size(), meanings.size());
    for (std::size_t at = 0; at != meanings.size(); ++at) {
        const std::string pickle = body(entries("requests")[at]);
        const auto pickled = pickle_decode(octets(pickle), arena_, {}, test_classes);
        ASSERT_TRUE(pickled) << pickled.error().message;
        const PickleValue& request = pickled->value;
        ASSERT_TRUE(request.is(PickleValue::Kind::instance));
        EXPECT_EQ(&request.instance_class(), &test_classes[0]);
        EXPECT_EQ(
            fmt::format("{} {} {}", request.find("func_name")->as_text(),
                        shown(*request.find("func_args")), shown(*request.find("func_kwargs"))),
            meanings[at]);
    }
}

TEST_F(PickleVectors, responses_are_what_python_shows) {
    ASSERT_FALSE(entries("responses").empty());
    for (const Value& entry : entries("responses")) {
        EXPECT_EQ(read(body(entry)),
                  fmt::format("RpcResponse(result={})", entry.find("repr")->as_text()));
    }
}

TEST_F(PickleVectors, each_protocol_says_the_same) {
    const std::array meanings{
        "RpcRequest(func_name='add', func_args=(1, 2), func_kwargs={})"s,
        "RpcRequest(func_name='echo', func_args=(), func_kwargs={'x': 'kw'})"s,
        "RpcRequest(func_name='nested.name', func_args=([1, None, True, -5, 1099511627776, "
        "1208925819614629174706176, 1.5, 'é', b'\\x00\\xff', (1, 2), {'k': 'v'}],), "
        "func_kwargs={})"s,
        "RpcResponse(result=3)"s,
        "RpcResponse(result=ValueError('bad value'))"s,
        "RpcResponse(result=KeyError('missing'))"s,
    };
    const auto pickled = entries("pickled");
    ASSERT_EQ(pickled.size(), 4 * meanings.size());
    for (std::size_t at = 0; at != pickled.size(); ++at) {
        EXPECT_EQ(read(body(pickled[at])), meanings[at % meanings.size()]) << at;
    }
}

TEST_F(PickleVectors, what_must_be_refused_is_refused_by_name) {
    ASSERT_FALSE(entries("must_be_refused").empty());
    for (const Value& entry : entries("must_be_refused")) {
        const std::string pickle = body(entry);
        const auto pickled = pickle_decode(octets(pickle), arena_, {}, test_classes);
        ASSERT_FALSE(pickled);
        EXPECT_EQ(pickled.error().type, "pickle_global_refused");
        EXPECT_NE(pickled.error().message.find("posix.system"), std::string::npos);
    }
}

TEST_F(PickleVectors, no_beginning_of_any_is_taken_for_the_whole) {
    for (const std::string_view name : {"requests", "responses", "pickled"}) {
        for (const Value& entry : entries(name)) {
            const std::string whole = body(entry);
            for (std::size_t size = 0; size != whole.size(); ++size) {
                const std::string cut = whole.substr(0, size);
                const auto pickled = pickle_decode(octets(cut), arena_, {}, test_classes);
                ASSERT_FALSE(pickled) << size;
                EXPECT_EQ(pickled.error().type, "pickle_invalid");
                EXPECT_LE(pickled.error().offset, size);
            }
            EXPECT_EQ(read(whole + "."), "pickle_invalid");
        }
    }
}

}  // namespace warren::format::pickle_test
