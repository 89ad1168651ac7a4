#include "model/secrets.hpp"

#include "model/arguments.hpp"
#include "unit/model/binding.hpp"
#include "unit/model/models.hpp"

#include <gtest/gtest.h>

namespace warren::test::secrets_test {

using model::SecretPolicy;
using model::Tokens;

constexpr std::int64_t now_s = 1'700'000'000;

format::Keyring keyring(std::initializer_list<std::string> keys) {
    return *format::Keyring::parse(std::vector<std::string>{keys});
}

const std::string first_key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const std::string second_key = "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

std::string token(std::string_view content, const std::string& key = first_key) {
    return *keyring({key}).encrypt(content, now_s);
}

const Type& login = type_of<Login>();

Brief decrypt_errors(std::string_view json, const format::Keyring& keys,
                     SecretPolicy policy = SecretPolicy::must_be_encrypted,
                     std::optional<format::TimeToLive> ttl = {}) {
    Arena arena;
    model::ErrorSink errors;
    model::decrypt(login, parse(json).value(), {keys, policy, ttl}, arena, errors);
    return briefly(errors.take());
}

std::string decrypted(const Type& type, std::string_view json) {
    Arena arena;
    model::ErrorSink errors;
    const Dynamic request = parse(json);
    const auto keys = keyring({second_key, first_key});
    const Value opened = model::decrypt(type, request.value(), {keys}, arena, errors);
    return errors.count() == 0 ? json_of(opened) : "refused";
}

TEST(Decrypt, OpensSecretsAtAnyDepthAndTokensDirectlyInTheRequest) {
    EXPECT_EQ(decrypted(login, R"({"user":")" + token("ada") + R"(","pin":")" + token("1é") +
                                   R"(","number":")" + token("7") + R"(","maybe":null,"codes":[")" +
                                   token("a") + R"(",")" + token("b", second_key) +
                                   R"("],"options":{"x":[{"password":")" + token("deep") +
                                   R"(","secret_values":{"k":[")" + token("v") + R"("]}}]}})"),
              R"({"user":"ada","pin":"1é","number":"7","maybe":null,"codes":["a","b"],)"
              R"("options":{"x":[{"password":"deep","secret_values":{"k":["v"]}}]}})");
    const std::string elsewhere = R"({"options":{"x":")" + token("kept") + R"("}})";
    EXPECT_EQ(decrypted(login, elsewhere), elsewhere);
}

Brief bind_login(std::string_view json, Login& target,
                 model::ArgumentStyle style = model::ArgumentStyle::named) {
    Arena arena;
    const auto keys = keyring({first_key});
    return briefly(
        model::bind_arguments(login, style, parse(json).value(), {keys}, arena, &target));
}

TEST(Decrypt, BindsWhatAnIntegersTokenHeld) {
    Login target;
    EXPECT_EQ(bind_login(R"({"user":"u","number":")" + token("7") + "\"}", target), Brief{});
    EXPECT_EQ(target.number.reveal(), 7);
}

TEST(Decrypt, ErrorsOfSecretsComeTogetherWithAllOthers) {
    Login target;
    const std::string good = token("7");
    const std::string foreign = token("7", second_key);
    EXPECT_EQ(bind_login(R"({"pin":"clear","number":")" + foreign + R"(","codes":5,"maybe":")" +
                             good + "\"}",
                         target),
              (Brief{"pin secret_not_encrypted", "number secret_wrong_key", "user missing",
                     "codes list_type"}));
}

TEST(Decrypt, RefusesSecretsInClearWrongKeysAndBrokenTokensAllAtOnce) {
    const std::string whole = token("content");
    const std::string json =
        R"({"user":"u","pin":"clear","number":7,"codes":[")" + token("x", second_key) + R"(",")" +
        whole.substr(0, whole.size() - 5) + R"(","gAAAAA","",")" + token("\xff") +
        R"("],"passphrase":"clear","options":{"admin_password":{"a":[1,null]}}})";
    const Brief expected{"pin secret_not_encrypted",
                         "number secret_not_encrypted",
                         "codes[0] secret_wrong_key",
                         "codes[1] secret_malformed",
                         "codes[2] secret_malformed",
                         "codes[3] secret_not_encrypted",
                         "codes[4] secret_malformed",
                         "passphrase secret_not_encrypted",
                         "options.admin_password.a[0] secret_not_encrypted"};
    EXPECT_EQ(decrypt_errors(json, keyring({first_key})), expected);
    EXPECT_EQ(decrypt_errors(json, keyring({first_key}), SecretPolicy::accept_plaintext),
              (Brief{"codes[0] secret_wrong_key", "codes[1] secret_malformed",
                     "codes[2] secret_malformed", "codes[4] secret_malformed"}));
    EXPECT_EQ(decrypt_errors(json, format::Keyring{}), Brief{});
}

TEST(Decrypt, AsksForDirectSecretsAloneWhereDepthSaysSoAndOpensAllThatItCan) {
    const auto opened = [](std::string_view json, Brief& errors) {
        Arena arena;
        model::ErrorSink sink;
        const auto keys = keyring({first_key});
        const Dynamic request = parse(json);
        const Value value =
            model::decrypt(login, request.value(),
                           {.keys = keys, .depth = model::SecretDepth::direct}, arena, sink);
        errors = briefly(sink.take());
        return json_of(value);
    };
    Brief errors;
    const std::string foreign = token("x", second_key);
    EXPECT_EQ(opened(R"({"pin":")" + token("1") + R"(","passphrase":")" + token("p") +
                         R"(","secret_values":{"k":"clear","t":")" + token("v") +
                         R"("},"options":{"password":"clear","admin_password":")" + token("a") +
                         R"(","passphrase":")" + foreign + R"("}})",
                     errors),
              R"({"pin":"1","passphrase":"p","secret_values":{"k":"clear","t":"v"},)"
              R"("options":{"password":"clear","admin_password":"a","passphrase":")" +
                  foreign + R"("}})");
    EXPECT_EQ(errors, Brief{});
    opened(R"({"pin":"clear","passphrase":"clear","password":")" + foreign + R"("})", errors);
    EXPECT_EQ(errors, (Brief{"pin secret_not_encrypted", "passphrase secret_not_encrypted",
                             "password secret_wrong_key"}));
}

TEST(Decrypt, RefusesTokensOlderThanTheirTimeToLive) {
    const std::string json = R"({"pin":")" + token("1") + "\"}";
    const auto errors = [&json](std::int64_t now) {
        return decrypt_errors(json, keyring({first_key}), SecretPolicy::must_be_encrypted,
                              format::TimeToLive{60, now});
    };
    EXPECT_EQ(errors(now_s + 60), Brief{});
    EXPECT_EQ(errors(now_s + 61), Brief{"pin secret_expired"});
    EXPECT_EQ(errors(now_s - format::fernet_clock_skew_s), Brief{});
    EXPECT_EQ(errors(now_s - format::fernet_clock_skew_s - 1), Brief{"pin secret_expired"});
}

TEST(Decrypt, KnowsOnlyTheNamesOfAnUntypedRequest) {
    EXPECT_EQ(decrypted(type_of<Dynamic>(), R"({"pin":"clear"})"), R"({"pin":"clear"})");
    EXPECT_EQ(decrypted(type_of<void>(), R"({"database_user_password":"clear"})"), "refused");
}

TEST(Decrypt, FindsSecretsInsideOfUnions) {
    using Choice = std::map<std::string, std::variant<int, Secret<std::string>, Login>>;
    const Type& type = type_of<Choice>();
    EXPECT_EQ(decrypted(type, R"({"k":5})"), R"({"k":5})");
    EXPECT_EQ(decrypted(type, R"({"k":"clear"})"), "refused");
    EXPECT_EQ(decrypted(type, R"({"k":{"pin":"clear"}})"), "refused");
}

TEST(Encrypt, IsUndoneByDecrypt) {
    const Dynamic request = parse(R"({"user":"u","pin":"p","number":7,"maybe":null,"codes":["a"],)"
                                  R"("options":{"password":[true,1.5]}})");
    Arena arena;
    const auto closed = model::encrypt(login, request.value(), keyring({first_key}), now_s,
                                       Tokens::encrypt_again, arena);
    ASSERT_TRUE(closed.has_value());
    EXPECT_EQ(closed->find("user")->as_text(), "u");
    EXPECT_TRUE(closed->find("pin")->as_text().starts_with("gAAAAA"));
    EXPECT_EQ(decrypted(login, json_of(*closed)),
              R"({"user":"u","pin":"p","number":"7","maybe":null,"codes":["a"],)"
              R"("options":{"password":["true","1.5"]}})");
    const auto unchanged = model::encrypt(login, request.value(), format::Keyring{}, now_s,
                                          Tokens::encrypt_again, arena);
    EXPECT_EQ(*unchanged, request.value());
}

TEST(Encrypt, LeavesTokensAloneOnlyWhenAskedTo) {
    const Dynamic request = parse(R"({"pin":")" + token("p") + "\"}");
    Arena arena;
    const auto kept =
        model::encrypt(login, request.value(), keyring({first_key}), now_s, Tokens::keep, arena);
    EXPECT_EQ(*kept, request.value());
    const auto again = model::encrypt(login, request.value(), keyring({first_key}), now_s,
                                      Tokens::encrypt_again, arena);
    EXPECT_EQ(decrypted(login, json_of(*again)), json_of(request.value()));
}

TEST(EncryptResponse, ClosesWhatTheTypeSaysAndIsUndone) {
    const auto keys = keyring({first_key});
    Arena arena;
    const Dynamic plain =
        parse(R"({"user":"ada","pin":"1","number":7,"options":{"password":"shown"}})");
    const auto closed = model::encrypt_response(login, plain.value(), keys, now_s, arena);
    ASSERT_TRUE(closed);
    EXPECT_TRUE(closed->find("pin")->as_text().starts_with("gAAAAA"));
    EXPECT_TRUE(closed->find("number")->as_text().starts_with("gAAAAA"));
    EXPECT_EQ(*closed->find("user"), Value::text("ada"));
    EXPECT_EQ(*closed->find("options"), *plain->find("options"));

    const auto opened = model::decrypt_response(login, *closed, keys, arena);
    ASSERT_TRUE(opened);
    EXPECT_EQ(*opened->find("pin"), Value::text("1"));
    EXPECT_EQ(*model::decrypt_response(login, plain.value(), keys, arena), plain.value());
    const auto stranger = model::decrypt_response(login, *closed, keyring({second_key}), arena);
    ASSERT_FALSE(stranger);
    EXPECT_EQ(briefly(stranger.error()),
              (Brief{"pin secret_wrong_key", "number secret_wrong_key"}));
}

TEST(Redact, HidesSecretsWithTheirSize) {
    const Dynamic request =
        parse(R"({"user":"u","pin":"1234","number":7,"maybe":null,"codes":["a","b"],)"
              R"("options":{"secret_values":{"k":"v"},"other":"o"}})");
    Arena arena;
    EXPECT_EQ(json_of(model::redact(login, request.value(), arena)),
              R"({"user":"u","pin":"********","number":"********","maybe":null,)"
              R"("codes":["********","********"],)"
              R"("options":{"secret_values":"********","other":"o"}})");
    EXPECT_EQ(json_of(model::redact(login, parse(R"(["u","1234",7])").value(), arena)),
              R"(["u","********","********"])");
    EXPECT_EQ(json_of(model::redact(type_of<Secret<std::string>>(), Value::text("x"), arena)),
              R"("********")");
}

TEST(Encrypt, ByNameOnlyWhatIsDirectWhereDepthSaysSo) {
    Arena arena;
    const auto keys = keyring({first_key});
    const Dynamic request =
        parse(R"({"password":"top","user":{"password":"inner"},"secret_values":{"k":"v"},)"
              R"("passphrase":["item"],"admin_password":5})");
    const Value closed = *model::encrypt(type_of<Dynamic>(), request.value(), keys, now_s,
                                         Tokens::keep, arena, model::SecretDepth::direct);
    EXPECT_EQ(keys.decrypt(closed.find("password")->as_text()), "top");
    EXPECT_EQ(keys.decrypt(closed.find("admin_password")->as_text()), "5");
    for (const char* const member : {"user", "secret_values", "passphrase"}) {
        EXPECT_EQ(*closed.find(member), request[member]) << member;
    }
    // What a type makes a secret is one wherever it is.
    const Dynamic typed = parse(R"({"user":"u","pin":"1","number":"7","codes":["a"]})");
    const Value all = *model::encrypt(login, typed.value(), keys, now_s, Tokens::keep, arena,
                                      model::SecretDepth::direct);
    EXPECT_EQ(keys.decrypt(all.find("codes")->as_list()[0].as_text()), "a");
}

}  // namespace warren::test::secrets_test
