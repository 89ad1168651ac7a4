#include "docs/sample.hpp"

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
