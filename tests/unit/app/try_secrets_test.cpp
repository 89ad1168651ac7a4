#include "app/try_secrets.hpp"

#include "format/fernet/fernet.hpp"
#include "unit/docs/documents.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace warren::app {
namespace {

using test::field_of;
using test::model_of;
using test::model_type;
using test::of_kind;
using test::text_type;
using Kind = Type::Kind;

/// A model with secrets by type, by name, in a list, in a union and in a model that nests itself.
contract::Document secretive_document() {
    contract::DataType pin = of_kind(Kind::secret, {.kind = Kind::integer});
    contract::DataType either = of_kind(Kind::choice, {.kind = Kind::integer});
    either.elements.push_back(of_kind(Kind::secret, text_type()));
    contract::Document made;
    made.models = {model_of(
        "Login",
        {field_of("user", text_type()), field_of("pin", pin), field_of("password", text_type()),
         field_of("keys", of_kind(Kind::list, of_kind(Kind::secret, text_type()))),
         field_of("either", either),
         field_of("more", of_kind(Kind::optional, model_type("Login")))})};
    made.methods = {test::method_of("login", model_type("Login"), model_type("Login"))};
    return made;
}

const contract::DataType login_type = model_type("Login");

Dynamic secret_request() {
    return Dynamic::from_json(
        R"({"user": "ada", "pin": 4711, "password": "hunter2", "keys": ["first key", null],
            "more": {"user": "bob", "pin": 8, "either": "or this"}})");
}

TEST(TrySecrets, encrypts_what_is_secret_by_its_type_wherever_it_is) {
    constexpr std::string_view key = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
    const std::array keys{std::string{key}};
    const auto ring = format::Keyring::parse(keys).value();
    Arena arena;
    const Dynamic given = secret_request();
    const Dynamic sent{
        encrypt_secrets(secretive_document(), login_type, given.value(), ring, 1'000, arena)
            .value()};
    const auto opened = [&ring](const Value& value) {
        return value.is_text() ? ring.decrypt(value.as_text()).value_or("plaintext") : "no text";
    };
    EXPECT_EQ(opened(sent["pin"]), "4711");
    EXPECT_EQ(opened(sent["keys"].as_list()[0]), "first key");
    EXPECT_TRUE(sent["keys"].as_list()[1].is_null());
    EXPECT_EQ(opened(*sent["more"].find("pin")), "8");
    EXPECT_EQ(opened(*sent["more"].find("either")), "or this");
    EXPECT_EQ(sent["user"].as_text(), "ada");
    EXPECT_EQ(sent["password"].as_text(), "hunter2") << "which a client encrypts by its name";
    const Dynamic again{
        encrypt_secrets(secretive_document(), login_type, sent.value(), ring, 2'000, arena)
            .value()};
    EXPECT_EQ(again, sent) << "what is encrypted stays";
    EXPECT_EQ(
        Dynamic{encrypt_secrets(secretive_document(), login_type, given.value(), {}, 1'000, arena)
                    .value()},
        given);
    const Dynamic by_position = Dynamic::list({"ada", 4711});
    const Value positions =
        encrypt_secrets(secretive_document(), login_type, by_position.value(), ring, 1'000, arena)
            .value();
    EXPECT_EQ(opened(positions.as_list()[1]), "4711");
}

/// Everything that is shown of a reply.
std::string shown_of(const SecretMask& mask, const Dynamic& reply,
                     const contract::DataType& type = login_type) {
    Arena arena;
    return Dynamic{mask.masked(type, reply.value(), arena)}.to_json();
}

TEST(TrySecrets, masks_what_a_type_or_a_name_makes_a_secret) {
    const contract::Document known = secretive_document();
    const SecretMask mask{known, login_type, Value{}};
    EXPECT_EQ(shown_of(mask, secret_request()),
              R"({"user":"ada","pin":"********","password":"********","keys":["********",null],)"
              R"("more":{"user":"bob","pin":"********","either":"********"}})");
    EXPECT_EQ(shown_of(mask, Dynamic::from_json(R"({"x": {"password": {"a": [1]}}})"), {}),
              R"({"x":{"password":{"a":["********"]}}})");
}

TEST(TrySecrets, masks_what_the_request_had_as_a_secret_wherever_it_comes_back) {
    const contract::Document known = secretive_document();
    const Dynamic given = secret_request();
    const SecretMask mask{known, login_type, given.value()};
    EXPECT_EQ(
        shown_of(mask, Dynamic::from_json(R"({"user": "hunter2!", "x": [4711, "4711", "pin=8,", 88,
                                            {"first key": "the first key"}]})")),
        R"({"user":"********!","x":["********","********","pin=********,",88,)"
        R"({"********":"the ********"}]})");
    EXPECT_EQ(mask.masked_text("no hunter2hunter2 in here"), "no **************** in here");
    EXPECT_EQ(mask.masked_text("ada is 18 or 8"), "ada is 18 or ********");
    EXPECT_EQ(mask.masked_step(PathStep{"hunter2"}), PathStep{"********"});
    EXPECT_EQ(mask.masked_step(PathStep{std::size_t{8}}), PathStep{std::size_t{8}});
}

TEST(TrySecrets, masks_what_stands_there_as_a_string_of_json) {
    const contract::Document known = secretive_document();
    const auto masked = [&known](const std::string& secret, std::string_view text) {
        const Dynamic given = Dynamic::map({{"password", secret}});
        return SecretMask{known, login_type, given.value()}.masked_text(text);
    };
    EXPECT_EQ(masked(R"(pa"ss4711)", R"({"p": "pa\"ss4711"})"), R"({"p": "********"})");
    EXPECT_EQ(masked(R"(pa"ss4711)", R"({"p": "pa\u0022ss4711"})"), R"({"p": "********"})");
    EXPECT_EQ(masked(R"(pa"ss4711)", R"("{\"p\": \"pa\\\"ss4711\"}")"),
              R"("{\"p\": \"********\"}")");
    EXPECT_EQ(masked(R"("quoted")", R"({"p": "\"quoted\""})"), R"({"p": "********"})");
    EXPECT_EQ(masked(R"(C:\dir\)", R"({"p": "C:\\dir\\"})"), R"({"p": "********"})");
    EXPECT_EQ(masked(R"(C:\new)", R"(C:\new and C:\\new)"), "******** and ********");
    EXPECT_EQ(masked("a\nb\x1b/c", R"(a\nb\u001b\/c a\nb\x1b/c)"), "******** ********");
    EXPECT_EQ(masked("h\u00e9t\u00e9", R"(h\u00e9t\u00E9 hét\u00e9)"), "******** ********");
    EXPECT_EQ(masked("\U0001F600\u20ac!", R"(<\ud83d\ude00\u20AC!>)"), "<********>");
    EXPECT_EQ(masked("x1", R"(\nx1 \u0078\u0031 ax1)"), R"(\n******** ******** ax1)");
    for (const std::string_view stays :
         {R"(\)", R"(\u00)", R"(\ud83d)", R"(\ud83d\u0041)", R"(\xg1)", R"(\q\)"}) {
        EXPECT_EQ(masked("hunter2", stays), stays);
        EXPECT_EQ(masked("hunter2", "hunter2" + std::string{stays}),
                  "********" + std::string{stays});
    }
}

TEST(TrySecrets, leaves_the_names_of_fields) {
    const contract::Document known = secretive_document();
    const Dynamic given = Dynamic::map({{"password", "user"}});
    const SecretMask mask{known, login_type, given.value()};
    EXPECT_EQ(shown_of(mask, Dynamic::map({{"user", "user"}})), R"({"user":"********"})");
    EXPECT_EQ(mask.masked_step(PathStep{"user"}), PathStep{"user"});
}

TEST(TrySecrets, takes_a_bare_value_as_the_first_field) {
    const contract::Document known = secretive_document();
    contract::Document bare = secretive_document();
    std::swap(bare.models[0].fields[0], bare.models[0].fields[2]);
    const Dynamic given{"hunter2"};
    EXPECT_EQ((SecretMask{bare, login_type, given.value()}).masked_text("hunter2"), "********");
    EXPECT_EQ((SecretMask{known, login_type, given.value()}).masked_text("hunter2"), "hunter2");
}

}  // namespace
}  // namespace warren::app
