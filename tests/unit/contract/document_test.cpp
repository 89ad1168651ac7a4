#include "contract/document.hpp"

#include <warren/server.hpp>

#include "contract/diff.hpp"
#include "unit/contract/documented.hpp"
#include "unit/model/binding.hpp"
#include "unit/model/models.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

namespace warren::test {
namespace {

enum class Grade { fine, poor };
WARREN_ENUM_WITH(Grade, "How good it is.", (fine, "Worth its price."), (poor))

struct Tea {
    std::string name;
    Grade grade = Grade::fine;
    std::optional<double> grams;
    std::vector<Tea> blend;
    Secret<int> cost{70'707};
};
WARREN_MODEL(Tea, (name, describe("As on the tin."), min_length(1), example("Assam")),
             (grade, describe("Of the leaves.")), (grams, greater_than(0)), (blend, defaulted()),
             (cost, defaulted()))

namespace other {

struct Tea {
    int leaves{};
};
WARREN_MODEL(Tea, (leaves))

}  // namespace other

void add_all(Registry& registry) {
    registry.method("brew", [](const Tea& tea) { return tea.name; })
        .describe("Brews it.")
        .since("1.2")
        .deprecated("Use `steep`.")
        .tag("kitchen")
        .may_fail<other::Tea>(Code::failed, "No water.")
        .example("A cup", Dynamic::map({{"name", "Assam"}, {"cost", 30'303}}), "Assam")
        .lock_on(&Tea::name);
    registry
        .method("count", [](int a, std::optional<int> b) { return a + b.value_or(0); }, {"a", "b"})
        .describe_parameter("a", "The first one.")
        .idempotent();
    registry.method("steep", [](const other::Tea& tea) { return tea.leaves; }).run_alone("stove");
}

contract::Document all() {
    Registry registry;
    add_all(registry);
    return contract::document_of(registry.all());
}

TEST(ContractDocument, SaysWhatIsRegistered) {
    const contract::Document document = all();
    ASSERT_EQ(document.methods.size(), 3U);
    const contract::MethodDocument& brew = *document.find_method("brew");
    EXPECT_EQ(brew.since, "1.2");
    EXPECT_EQ(brew.deprecated, "Use `steep`.");
    EXPECT_EQ(brew.tags, std::vector<std::string>{"kitchen"});
    EXPECT_EQ(brew.lock_field, "name");
    EXPECT_EQ(brew.failures.front().description, "No water.");
    ASSERT_EQ(brew.examples.size(), 1U);
    EXPECT_EQ(json_of(brew.examples.front().request.value()),
              R"({"name":"Assam","cost":"********"})");
    EXPECT_EQ(brew.examples.front().response, Dynamic{"Assam"});
    EXPECT_TRUE(document.find_method("steep")->runs_alone);
    EXPECT_EQ(document.find_method("steep")->lock_name, "stove");
    EXPECT_EQ(brew.lock_name, "");
    EXPECT_TRUE(document.find_method("count")->is_idempotent);

    const contract::EnumerationDocument& grade = *document.find_enumeration("Grade");
    EXPECT_EQ(grade.description, "How good it is.");
    EXPECT_EQ(grade.enumerators.front().description, "Worth its price.");
    const contract::ModelDocument& parameters = *document.find_model("CountParameters");
    EXPECT_TRUE(parameters.is_parameters);
    EXPECT_EQ(parameters.fields.front().description, "The first one.");
    EXPECT_EQ(parameters.fields.front().type.bits, 32U);
    EXPECT_FALSE(parameters.fields.back().required);
}

TEST(ContractDocument, TellsTwoModelsOfOneNameApart) {
    const contract::Document document = all();
    EXPECT_NE(document.find_model("BrewTea"), nullptr);
    EXPECT_NE(document.find_model("BrewTea2"), nullptr);
    EXPECT_EQ(document.find_model("Tea"), nullptr);
    EXPECT_EQ(document.find_method("steep")->request.reference, "BrewTea2");
    EXPECT_EQ(document.find_model("BrewTea2")->name, "Tea");
}

TEST(ContractDocument, ShowsNoSecret) {
    const contract::Document document = all();
    const auto& fields = document.find_model("BrewTea")->fields;
    const auto cost = std::ranges::find(fields, "cost", &contract::FieldDocument::name);
    EXPECT_TRUE(cost->is_secret);
    EXPECT_EQ(cost->default_value, std::nullopt);
    const std::string json = to_json(document);
    EXPECT_FALSE(json.contains("70707") || json.contains("30303")) << json;
}

TEST(ContractDocument, ComesBackFromItsJson) {
    const contract::Document document = all();
    const std::string json = to_json(document);
    EXPECT_EQ(json, to_json(all())) << "the same bytes twice";
    const auto read = contract::from_json(json);
    ASSERT_TRUE(read) << to_string(read.error());
    EXPECT_EQ(to_json(*read), json);
}

struct Sealed {
    Bytes seal{std::byte{1}, std::byte{2}};
    double weight = 2;
    std::map<std::string, Bytes> more{{"a", {std::byte{3}}}};
};
WARREN_MODEL(Sealed, (seal, defaulted()), (weight, defaulted()), (more, defaulted()))

TEST(ContractDocument, IsTheSameBeforeItIsWritten) {
    Registry registry;
    registry.method("open", [](const Sealed& sealed) { return sealed.weight; });
    const auto document = contract::document_of(registry.all());
    const auto read = contract::from_json(contract::to_json(document));
    ASSERT_TRUE(read);
    ASSERT_EQ(document.models.size(), 1U);
    ASSERT_EQ(document.models[0].fields.size(), 3U);
    for (std::size_t at = 0; at < 3; ++at) {
        EXPECT_EQ(document.models[0].fields[at].default_value,
                  read->models[0].fields[at].default_value);
    }
    EXPECT_EQ(document.models[0].fields[0].default_value, Dynamic{"AQI="});
    EXPECT_TRUE(contract::diff(document, *read).changes.empty());
}

TEST(ContractDocument, RefusesWhatIsNone) {
    const std::string json = to_json(all());
    const auto changed = [&json](std::string_view from, std::string_view to) {
        std::string text = json;
        const std::size_t at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        const auto read = contract::from_json(text.replace(at, from.size(), to));
        EXPECT_FALSE(read) << from;
        return read ? Brief{} : briefly(read.error().errors);
    };
    EXPECT_EQ(changed("{", "[").size(), 1U);
    EXPECT_EQ(changed(R"("id": "BrewTea2")", R"("id": "BrewTeb2")"),
              (Brief{"methods[0].failures[0].data.reference reference",
                     "methods[2].request.reference reference"}));
    EXPECT_EQ(changed(R"("name": "steep")", R"("name": "brew")"), (Brief{"methods[2] order"}));
    EXPECT_EQ(changed(R"("kind": "integer")", R"("kind": "interger")").size(), 1U);
    EXPECT_EQ(changed(R"("bits": 32)", R"("bits": 33)").size(), 1U);
    // Who changes what the wire can see changes the fingerprint.
    EXPECT_EQ(changed(R"("name": "leaves")", R"("name": "leafs")"),
              (Brief{"methods[2].fingerprint fingerprint"}));
}

TEST(ContractDocument, AnExampleIsHeldAgainstTheContract) {
    Registry registry;
    MethodOptions method = registry.method("brew", [](const Tea& tea) { return tea.name; });
    try {
        method.example("Nothing", Dynamic::map({}));
        FAIL() << "it was taken";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::internal);
        const std::string_view said = error.what();
        EXPECT_TRUE(said.contains("'brew', example 'Nothing': the request")) << said;
        EXPECT_TRUE(said.contains("name")) << said;
    }
    EXPECT_THROW(method.example("A cup", Dynamic::map({{"name", "Assam"}}), Dynamic{7.5}), Error);
    EXPECT_THROW(method.describe_parameter("name", "It has none."), Error);
}

// What the wire cannot see.

struct Cup {
    std::string name;
    Grade grade = Grade::fine;
    std::optional<double> grams;
    std::vector<Cup> blend;
    Secret<int> cost;
};
WARREN_MODEL(Cup, (cost, defaulted()), (blend, defaulted()), (grams, greater_than(0)),
             (grade, example("poor")), (name, min_length(1)))

struct LongerCup {
    std::string name;
};
WARREN_MODEL(LongerCup, (name, min_length(2)))

struct ShorterCup {
    std::string name;
};
WARREN_MODEL(ShorterCup, (name, min_length(1)))

std::string print_of(const Type& request) {
    return documented(request).methods.front().fingerprint;
}

TEST(Fingerprint, IsOfWhatTheWireSees) {
    EXPECT_EQ(print_of(type_of<Tea>()), print_of(type_of<Cup>()))
        << "names of models, texts, examples, defaults and order are not";
    EXPECT_NE(print_of(type_of<LongerCup>()), print_of(type_of<ShorterCup>()));
    EXPECT_NE(print_of(type_of<Cup>()), print_of(type_of<ShorterCup>()));
    EXPECT_NE(print_of(type_of<int>()), print_of(type_of<std::int64_t>()));
    EXPECT_NE(documented(type_of<int>()).fingerprint,
              documented(type_of<int>(), type_of<int>()).fingerprint);
}

TEST(Fingerprint, IsNotOfLocks) {
    const auto document_with = [](auto lock) {
        Registry registry;
        lock(registry.method("pour", [](const ShorterCup&) {}));
        return contract::document_of(registry.all());
    };
    const contract::Document bare = document_with([](MethodOptions) {});
    const contract::Document own =
        document_with([](MethodOptions method) { method.lock_on("name"); });
    const contract::Document shared =
        document_with([](MethodOptions method) { method.lock_on("name", "cup"); });
    EXPECT_EQ(bare.fingerprint, own.fingerprint);
    EXPECT_EQ(bare.fingerprint, shared.fingerprint);
    EXPECT_FALSE(contract::to_json(own).contains("lock_name"));
    EXPECT_TRUE(contract::to_json(shared).contains("\"lock_name\": \"cup\""));
}

TEST(Fingerprint, IsTheSameOnEveryMachine) {
    EXPECT_EQ(print_of(type_of<Tea>()),
              "1f7e3152ff3c517c8e588fdf813ac5f91e6e5a76eafb08f8ad725f699be71d2c");
}

}  // namespace
}  // namespace warren::test
