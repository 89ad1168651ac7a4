#include "docs/sample.hpp"

#include "docs/pasted_request.hpp"
#include "docs/quoting.hpp"
#include "unit/docs/documents.hpp"

#include <gtest/gtest.h>

namespace warren::docs {
namespace {

using Kind = Type::Kind;

contract::DataType number(Kind kind) {
    contract::DataType type{.kind = kind};
    type.bits = 64;
    type.is_signed = true;
    return type;
}

/// The sample of a model with one field.
std::string sample_of(const contract::DataType& type, const contract::Demands& demands = {}) {
    contract::Document document;
    contract::FieldDocument field = test::field_of("f", type);
    field.demands = demands;
    document.models.push_back(test::model_of("m", {field}));
    document.methods.push_back(test::method_of("x", test::model_type("m")));
    return json_line(sample_request(document, document.methods[0]).value());
}

TEST(Sample, KeepsToBounds) {
    EXPECT_EQ(sample_of(number(Kind::integer)), R"({"f":1})");
    EXPECT_EQ(sample_of(number(Kind::integer), {.greater_than = 10}), R"({"f":11})");
    EXPECT_EQ(sample_of(number(Kind::integer), {.at_least = 3, .at_most = 9}), R"({"f":3})");
    EXPECT_EQ(sample_of(number(Kind::integer), {.less_than = -4}), R"({"f":-5})");
    EXPECT_EQ(sample_of(number(Kind::floating), {.greater_than = 0, .less_than = 1}),
              R"({"f":0.5})");
    EXPECT_EQ(sample_of(number(Kind::duration), {.at_least = 30}), R"({"f":"PT30S"})");
}

TEST(Sample, KeepsToLengths) {
    EXPECT_EQ(sample_of(test::text_type()), R"({"f":"text"})");
    EXPECT_EQ(sample_of(test::text_type(), {.min_length = 6}), R"({"f":"textxx"})");
    EXPECT_EQ(sample_of(test::text_type(), {.max_length = 2}), R"({"f":"te"})");
    EXPECT_EQ(sample_of(test::of_kind(Kind::list, test::text_type()), {.min_length = 2}),
              R"({"f":["text","text"]})");
    EXPECT_EQ(sample_of(test::of_kind(Kind::list, test::text_type()), {.max_length = 0}),
              R"({"f":[]})");
}

TEST(Sample, HasExamplesAndNoSecrets) {
    contract::Document document;
    contract::FieldDocument told = test::field_of("told", test::text_type());
    told.required = false;
    told.examples = {"an example"};
    contract::FieldDocument secret = test::field_of("secret", test::text_type());
    secret.is_secret = true;
    secret.examples = {"canary"};
    document.models.push_back(test::model_of("m", {told, secret}));
    document.methods.push_back(test::method_of("x", test::model_type("m")));
    EXPECT_EQ(json_line(sample_request(document, document.methods[0]).value()),
              R"({"told":"an example","secret":"text"})");
    EXPECT_NE(secrets_in(document, test::model_type("m")), Secrets::none);
    document.methods[0].examples.push_back({"whole", Dynamic::map({{"told", 1}}), std::nullopt});
    EXPECT_EQ(json_line(sample_request(document, document.methods[0]).value()), R"({"told":1})");
}

/// What is pasted for a request of these fields, then its placeholders: NAME=field, those without
/// quotes in quotes.
std::string pasted(const std::vector<contract::FieldDocument>& fields,
                   const std::optional<Dynamic>& example = std::nullopt) {
    contract::Document document;
    document.models = {test::model_of("login", {test::field_of("user", test::text_type()),
                                                test::field_of("pass_key", test::text_type())}),
                       test::model_of("m", fields)};
    document.models[0].fields[1].is_secret = true;
    document.methods = {test::method_of("x", test::model_type("m"))};
    if (example) {
        document.methods[0].examples.push_back({"one", *example, std::nullopt});
    }
    const PastedRequest made = pasted_request(document, document.methods[0]);
    std::string text = json_line(made.request.value());
    for (const SecretPlaceholder& secret : made.secrets) {
        text += secret.is_text ? ' ' + secret.name : " '" + secret.name + '\'';
        text += '=' + secret.field;
    }
    return text;
}

contract::FieldDocument secret_of(std::string name, contract::DataType type) {
    contract::FieldDocument field = test::field_of(std::move(name), std::move(type));
    field.is_secret = true;
    return field;
}

TEST(PastedRequest, HasAPlaceholderForEachSecret) {
    const auto text = test::text_type();
    EXPECT_EQ(
        pasted({secret_of("member_password", text), test::field_of("name", text)}),
        R"({"member_password":"MEMBER_PASSWORD","name":"text"} MEMBER_PASSWORD=member_password)");
    EXPECT_EQ(pasted({secret_of("password", text)}),
              R"({"password":"REQUEST_PASSWORD"} REQUEST_PASSWORD=password)");
    EXPECT_EQ(pasted({secret_of("pin", test::of_kind(Kind::secret, number(Kind::integer)))}),
              R"({"pin":"PIN"} 'PIN'=pin)");
    EXPECT_EQ(
        pasted({test::field_of("old", test::model_type("login")),
                test::field_of("new", test::model_type("login"))}),
        R"({"old":{"user":"text","pass_key":"PASS_KEY"},"new":{"user":"text","pass_key":"PASS_KEY_2"}})"
        " PASS_KEY=pass_key PASS_KEY_2=pass_key");
    EXPECT_EQ(pasted({test::field_of(
                  "pins", test::of_kind(Kind::list, test::of_kind(Kind::secret, text)))}),
              R"({"pins":["PINS"]} PINS=pins)");
    EXPECT_EQ(pasted({secret_of("password'\"", text), secret_of("\xC3\xA4", text)}),
              "{\"password'\\\"\":\"PASSWORD__\",\"\xC3\xA4\":\"SECRET\"}"
              " PASSWORD__=password'\" SECRET=\xC3\xA4");
}

TEST(PastedRequest, HasPlaceholdersForWhatAnExampleHides) {
    const auto text = test::text_type();
    EXPECT_EQ(pasted({secret_of("password", test::of_kind(Kind::list, text))},
                     Dynamic::map({{"password", "********"}})),
              R"({"password":["REQUEST_PASSWORD"]} REQUEST_PASSWORD=password)");
    EXPECT_EQ(pasted({test::field_of("a", text), secret_of("pin", number(Kind::integer))},
                     Dynamic::list({"first", "********"})),
              R"(["first","PIN"] 'PIN'=pin)");
    EXPECT_EQ(
        pasted({test::field_of("logins", test::of_kind(Kind::map, test::model_type("login")))},
               Dynamic::map({{"logins", Dynamic::map({{"a", Dynamic::map({{"pass_key", "********"},
                                                                          {"user", "u"}})}})},
                             {"more_key", Dynamic::list({"********", nullptr, 1})}})),
        R"({"logins":{"a":{"pass_key":"PASS_KEY","user":"u"}},"more_key":["MORE_KEY",null,1]})"
        " PASS_KEY=pass_key MORE_KEY=more_key");
}

TEST(Sample, EndsWhereModelsDoNot) {
    for (const std::size_t levels : {1U, 2U, 200U, 5'000U}) {
        const contract::Document document = test::deep_document(levels);
        EXPECT_LT(json_line(sample_request(document, document.methods[0]).value()).size(), 10'000U);
        EXPECT_EQ(secrets_in(document, document.methods[0].request), Secrets::none);
    }
    // Each twice, forty levels: nobody can write that down.
    contract::Document document;
    for (char level = 'A'; level <= 'h'; ++level) {
        const std::string next(1, static_cast<char>(level + 1));
        document.models.push_back(
            test::model_of(std::string(1, level), {test::field_of("a", test::model_type(next)),
                                                   test::field_of("b", test::model_type(next))}));
    }
    document.models.push_back(test::model_of("i", {}));
    document.methods.push_back(test::method_of("x", test::model_type("A")));
    EXPECT_LT(json_line(sample_request(document, document.methods[0]).value()).size(), 10'000U);
}

}  // namespace
}  // namespace warren::docs
