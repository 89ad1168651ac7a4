#include "docs/schemas.hpp"

#include "docs/ecma_pattern.hpp"
#include "unit/contract/documented.hpp"
#include "unit/model/binding.hpp"
#include "unit/model/models.hpp"

#include <gtest/gtest.h>

namespace warren::test {
namespace {

template <typename T>
std::string schema() {
    const std::string json = json_of(schema_of_type<T>().value());
    constexpr std::string_view start =
        R"({"$schema":"https://json-schema.org/draft/2020-12/schema")";
    EXPECT_TRUE(json.starts_with(start));
    return json.size() > start.size() + 1 ? json.substr(start.size() + 1) : json;
}

struct Documented {
    Colour favourite_colour;
    int chance = 20;
    std::optional<std::string> note;
    std::uint8_t level;
};
WARREN_MODEL_WITH(Documented, (describe("A model."), ExtraFields::forbid),
                  (favourite_colour, describe("A colour."), example("red")),
                  (chance, greater_than(0)), (note, max_length(9), pattern("^a")), (level))

TEST(JsonSchema, DescribesAModel) {
    EXPECT_EQ(
        schema<Documented>(),
        R"("title":"Documented","description":"A model.","type":"object","properties":{)"
        R"("favourite_colour":{"title":"Favourite Colour","description":"A colour.",)"
        R"("$ref":"#/$defs/Colour","examples":["red"]},)"
        R"("chance":{"title":"Chance","type":"integer","exclusiveMinimum":0,)"
        R"("maximum":2147483647,"default":20},)"
        R"("note":{"title":"Note","anyOf":[{"type":"string","maxLength":9,"pattern":"^a"},)"
        R"({"type":"null"}],"default":null},)"
        R"("level":{"title":"Level","type":"integer","minimum":0,"maximum":255}},)"
        R"("required":["favourite_colour","level"],"additionalProperties":false,)"
        R"("$defs":{"Colour":{"title":"Colour","type":"string","enum":["red","green","blue"]}}})");
}

TEST(JsonSchema, RefersToAModelThatNestsItself) {
    const std::string json = schema<Node>();
    EXPECT_TRUE(json.starts_with(R"("$ref":"#/$defs/Node","$defs":{"Node":{)")) << json;
    EXPECT_NE(json.find(R"("items":{"$ref":"#/$defs/Node"})"), std::string::npos) << json;
    EXPECT_NE(json.find(R"("Address":{"title":"Address")"), std::string::npos) << json;
}

TEST(JsonSchema, DescribesEveryKind) {
    EXPECT_EQ(schema<Uuid>(), R"("type":"string","format":"uuid"})");
    EXPECT_EQ(schema<Timestamp>(), R"("type":"string","format":"date-time"})");
    EXPECT_EQ(schema<Bytes>(), R"("type":"string","contentEncoding":"base64"})");
    EXPECT_EQ(schema<void>(), R"("type":"null"})");
    EXPECT_EQ(schema<std::vector<bool>>(), R"("type":"array","items":{"type":"boolean"}})");
    using Weights = std::map<std::string, double>;
    EXPECT_EQ(schema<Weights>(), R"("type":"object","additionalProperties":{"type":"number"}})");
    using Choice = std::variant<std::uint64_t, std::string>;
    EXPECT_EQ(schema<Choice>(), R"("anyOf":[{"type":"integer","minimum":0},{"type":"string"}]})");
    EXPECT_EQ(schema<AbsolutePath>(),
              R"("type":"string","minLength":1,"maxLength":4095,"pattern":"^/",)"
              R"("x-warren-path":"absolute"})");
    EXPECT_EQ(json_of(schema_of_type<Dynamic>().value()),
              R"({"$schema":"https://json-schema.org/draft/2020-12/schema"})");
}

TEST(JsonSchema, ShowsNeitherDefaultsNorExamplesOfSecrets) {
    const std::string json = schema<Login>();
    EXPECT_EQ(json.find("0000"), std::string::npos);
    EXPECT_EQ(json.find("hunter2"), std::string::npos);
    EXPECT_NE(json.find(R"("examples":["ada"])"), std::string::npos);
    // A token where the server has keys, and its content where it has none.
    const std::string secret =
        R"("anyOf":[{"type":"string","pattern":"^gAAAA[A-Za-z0-9_-]+={0,2}$"},{"type":"string"}],)"
        R"("writeOnly":true,"x-warren-secret":true})";
    for (const std::string_view field : {"Pin", "Passphrase"}) {
        EXPECT_NE(json.find('"' + std::string{field} + "\"," + secret), std::string::npos) << json;
    }
    EXPECT_NE(json.find(R"("anyOf":[{)" + secret), std::string::npos) << json;
}

TEST(JsonSchema, MarksAPatternThatEcmaCannotRead) {
    for (const std::string_view both : {"", "^a$", "a|b", "(?:ab)+?", "[^a-z\\-]*", "x{2,5}",
                                        "\\d+\\.\\w", "\\x41", "^\\/[A-Z]?"}) {
        EXPECT_TRUE(docs::is_ecma_pattern(both)) << both;
    }
    for (const std::string_view other :
         {"(?i)a", "(?P<name>a)", "\\pL", "\\Aa\\z", "[[:alpha:]]", "a**", "a{,3}",   "{",
          "}",     "]",           "[]a]", "(",       ")",           "*",   "\\x{41}", "\\Qa\\E",
          "\\",    "[a",          "\\_",  "(?=a)",   "^*",          "a||*"}) {
        EXPECT_FALSE(docs::is_ecma_pattern(other)) << other;
    }
}

struct Nested {
    std::optional<Colour> colour;
    std::vector<Nested> inside;
};
WARREN_MODEL(Nested, (colour, describe("Of it.")), (inside, defaulted()))

contract::Document two_methods() {
    Registry registry;
    registry.method("list_things", [](const Nested&) { return Documented{}; })
        .describe("Lists them.")
        .example("One", Dynamic::map({{"colour", "red"}}))
        .may_fail<Nested>(Code::failed, "There are none.");
    registry.method("plain", [](std::int64_t count) { return count; }, {"count"});
    return contract::document_of(registry.all());
}

TEST(ReferenceSchema, HasBothModelsAndTheWholeReply) {
    const contract::Document document = two_methods();
    const Dynamic schema = docs::reference_schema(document, *document.find_method("list_things"));
    EXPECT_EQ(json_of(schema["properties"]),
              R"({"request_model":{"$ref":"#/definitions/Nested"},)"
              R"("response_model":{"$ref":"#/definitions/ListThingsResponse"}})");
    EXPECT_EQ(json_of(schema["required"]), R"(["request_model","response_model"])");
    const Value nested = *schema["definitions"].find("Nested");
    EXPECT_EQ(json_of(*nested.find("examples")), R"([{"_description":"One","colour":"red"}])");
    const Value reply = *schema["definitions"].find("ListThingsResponse");
    EXPECT_EQ(json_of(*reply.find("required")), R"(["success","message"])");
    EXPECT_EQ(json_of(*reply.find("examples")),
              R"([{"_description":"Uncaught error","success":false,)"
              R"("message":"An unexpected error occurred","data":null}])");
    EXPECT_NE(json_of(reply).find(R"("data":{"anyOf":[{"$ref":"#/definitions/Documented"},)"),
              std::string::npos)
        << json_of(reply);
}

TEST(ReferenceSchema, PutsAReferenceBesideTextIntoAllOf) {
    const contract::Document document = documented(type_of<Documented>());
    const Dynamic schema = docs::reference_schema(document, document.methods.front());
    const Value model = *schema["definitions"].find("Documented");
    EXPECT_EQ(json_of(*model.find("properties")->find("favourite_colour")),
              R"({"description":"A colour.","allOf":[{"$ref":"#/definitions/Colour"}],)"
              R"("examples":["red"]})");
}

TEST(ReferenceSchema, HeadRefersToItsNeighboursAndTheBundleToItself) {
    const contract::Document document = two_methods();
    EXPECT_EQ(json_of(docs::head_schema(document).value()),
              R"({"allOf":[{"$ref":"list_things.json"},{"$ref":"plain.json"}]})");
    const std::string bundle = json_of(docs::bundle_schema(document).value());
    for (std::size_t at = 0; (at = bundle.find(R"("$ref":")", at)) != std::string::npos;) {
        at += std::string_view{R"("$ref":")"}.size();
        const std::string reference = bundle.substr(at, bundle.find('"', at) - at);
        ASSERT_TRUE(reference.starts_with("#/definitions/")) << reference;
        const std::string name = reference.substr(std::string_view{"#/definitions/"}.size());
        EXPECT_NE(parse(bundle)["definitions"].find(name), nullptr) << name;
    }
}

}  // namespace
}  // namespace warren::test
