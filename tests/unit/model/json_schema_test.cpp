#include "model/json_schema.hpp"

#include "unit/model/binding.hpp"
#include "unit/model/models.hpp"

#include <gtest/gtest.h>

namespace warren::test {
namespace {

template <typename T>
std::string schema() {
    const std::string json = json_of(model::json_schema(type_of<T>()).value());
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
    EXPECT_EQ(json_of(model::json_schema(type_of<Dynamic>()).value()),
              R"({"$schema":"https://json-schema.org/draft/2020-12/schema"})");
}

TEST(JsonSchema, ShowsNeitherDefaultsNorExamplesOfSecrets) {
    const std::string json = schema<Login>();
    EXPECT_EQ(json.find("0000"), std::string::npos);
    EXPECT_EQ(json.find("hunter2"), std::string::npos);
    EXPECT_NE(json.find(R"("examples":["ada"])"), std::string::npos);
    for (const std::string_view field : {"Pin", "Passphrase"}) {
        EXPECT_NE(json.find('"' + std::string{field} +
                            R"(","type":"string","writeOnly":true,"x-warren-secret":true})"),
                  std::string::npos)
            << json;
    }
    EXPECT_NE(json.find(R"("anyOf":[{"type":"string","writeOnly":true,"x-warren-secret":true})"),
              std::string::npos);
}

}  // namespace
}  // namespace warren::test
