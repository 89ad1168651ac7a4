#include "model/recorded.hpp"

#include <warren/model.hpp>
#include <warren/types.hpp>

#include "format/json/json.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>
#include <vector>

namespace warren::model {
namespace {

struct Recorded {
    std::string name;
    Secret<std::string> pin;
    int number = 0;
};
WARREN_MODEL(Recorded, (name), (pin), (number, defaulted()))

constexpr char recorded_key[] = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

std::string json_text(const Value& value) {
    std::string text;
    EXPECT_TRUE(format::json_encode(value, text));
    return text;
}

format::Keyring keys_with(const char* key) {
    return format::Keyring::parse(std::vector<std::string>{key}).value();
}

class RecordedCalls : public testing::Test {
protected:
    std::string shown(const Type* type, std::string_view json, const format::Keyring& keys = {}) {
        const Value value = format::json_decode(json, arena_).value();
        SecretTexts secrets;
        collect_secrets(type, value, keys, secrets);
        return json_text(recorded(type, value, secrets, arena_));
    }

    Arena arena_;
};

TEST_F(RecordedCalls, TypesAndNamesMakeSecrets) {
    const Type& type = type_of<Recorded>();
    EXPECT_EQ(shown(&type, R"({"name":"n","pin":"1234567","number":7})"),
              R"({"name":"n","pin":"*****","number":7})");
    EXPECT_EQ(shown(&type, R"(["n","1234567",7])"), R"(["n","*****",7])");
    EXPECT_EQ(shown(nullptr, R"({"pin":"1","user":{"password":["a",{"b":"c"}]},"x":null})"),
              R"({"pin":"1","user":{"password":"*****"},"x":null})");
}

TEST_F(RecordedCalls, ASecretStandsNowhereElse) {
    EXPECT_EQ(shown(nullptr, R"({"password":"tree\"house","note":"a tree\"house!","k":[7]})"),
              R"({"password":"*****","note":"a *****!","k":[7]})");
    EXPECT_EQ(shown(nullptr, R"({"password":"treehouse","treehouse":{"a":"xtreehousex"}})"),
              R"({"password":"*****","*****":{"a":"x*****x"}})");
    EXPECT_EQ(shown(nullptr, R"({"password":4711,"also":[4711,47]})"),
              R"({"password":"*****","also":["*****",47]})");
}

TEST_F(RecordedCalls, TokensAreSecretsUnderWhicheverKey) {
    const format::Keyring keys = keys_with(recorded_key);
    const std::string token = keys.encrypt("treehouse", 1'700'000'000).value();
    const std::string other =
        keys_with("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").encrypt("x", 1).value();
    EXPECT_TRUE(is_token_like(token));
    EXPECT_TRUE(is_token_like(other));
    EXPECT_FALSE(is_token_like("gAAAAA"));
    EXPECT_FALSE(is_token_like(token + ' '));
    EXPECT_EQ(shown(nullptr,
                    R"({"a":")" + token + R"(","b":")" + other + R"(","c":"the treehouse"})", keys),
              R"({"a":"*****","b":"*****","c":"the *****"})");
    EXPECT_EQ(shown(&type_of<Recorded>(), R"({"name":"treehouse","pin":")" + token + R"("})", keys),
              R"({"name":"*****","pin":"*****"})");
}

TEST_F(RecordedCalls, WhatJsonCannotSayIsText) {
    const std::array<Value, 4> items{Value::floating(std::numeric_limits<double>::quiet_NaN()),
                                     Value::floating(-std::numeric_limits<double>::infinity()),
                                     Value::text("a\xff"), Value::floating(0.5)};
    const std::array<Member, 2> members{Member{Value::integer(7), Value::list(items)},
                                        Member{Value::boolean(true), Value{}}};
    EXPECT_EQ(json_text(recorded(nullptr, Value::map(members), {}, arena_)),
              R"({"7":["NaN","-Infinity","a\\xff",0.5],"true":null})");
}

TEST_F(RecordedCalls, ArgumentsHaveNames) {
    const auto named = [this](const Type* type, ArgumentStyle style, std::string_view json) {
        const Value value = format::json_decode(json, arena_).value();
        return json_text(named_arguments(type, style, value, arena_));
    };
    const Type& type = type_of<Recorded>();
    EXPECT_EQ(named(&type, ArgumentStyle::positional, R"(["n","p",7,8])"),
              R"({"name":"n","pin":"p","number":7,"3":8})");
    EXPECT_EQ(named(nullptr, ArgumentStyle::positional, "[1,2]"), R"({"0":1,"1":2})");
    EXPECT_EQ(named(&type, ArgumentStyle::bare, "7"), R"({"name":7})");
    EXPECT_EQ(named(nullptr, ArgumentStyle::bare, "null"), "{}");
    EXPECT_EQ(named(&type, ArgumentStyle::named, R"({"name":"n"})"), R"({"name":"n"})");
    const std::array<Member, 2> mixed{Member{Value::integer(1), Value::integer(5)},
                                      Member{Value::text("name"), Value::integer(6)}};
    EXPECT_EQ(json_text(named_arguments(&type, ArgumentStyle::mixed, Value::map(mixed), arena_)),
              R"({"pin":5,"name":6})");
}

}  // namespace
}  // namespace warren::model
