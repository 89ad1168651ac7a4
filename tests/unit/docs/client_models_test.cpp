#include "docs/cpp_models.hpp"
#include "docs/files.hpp"
#include "docs/names.hpp"
#include "docs/python_models.hpp"
#include "docs/typescript_models.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <utility>

namespace warren::docs {
namespace {

using contract::DataType;
using contract::Document;
using Kind = Type::Kind;

constexpr std::string_view hostile = "\u202e\"\"\" */ ?\?/ \\\n</script>' \x1b";

DataType data_type(Kind kind, std::vector<DataType> elements = {}) {
    return {.kind = kind, .elements = std::move(elements)};
}

DataType model_named(std::string id) {
    return {.kind = Kind::model, .reference = std::move(id)};
}

DataType int32_type() {
    return {.kind = Kind::integer, .bits = 32, .is_signed = true};
}

Document document_with(contract::ModelDocument model, std::string method = "call_it") {
    Document document;
    document.methods.push_back({.name = std::move(method),
                                .request = model_named(model.id),
                                .response = data_type(Kind::nothing)});
    document.models.push_back(std::move(model));
    return document;
}

std::string content_of(const std::vector<OutputFile>& files, std::string_view name) {
    const auto found = std::ranges::find(files, name, &OutputFile::name);
    EXPECT_NE(found, files.end()) << name;
    return found == files.end() ? "" : found->content;
}

std::string python_of(const Document& document, Pydantic pydantic = Pydantic::v1) {
    return content_of(python_models(document, pydantic), "call_it.py");
}

std::size_t count_of(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos;
         at = text.find(part, at + part.size())) {
        ++count;
    }
    return count;
}

TEST(ClientNames, AreIdentifiers) {
    for (const std::string_view name :
         {"", "class", "a-b", "1st", "__proto__", "\u65e5\u672c", "a\0b", hostile.data()}) {
        EXPECT_TRUE(is_identifier(identifier_of(name, "field"))) << name;
    }
    EXPECT_EQ(identifier_of("1st", "field"), "field1st");
    EXPECT_EQ(identifier_of("__proto__", "field"), "proto__");
    EXPECT_EQ(camel_case("list_orders2go"), "ListOrders2Go");
}

TEST(ClientNames, AreNeverTwoAlike) {
    ScopeNames names{split_words("class"), LetterCase::ignored};
    std::set<std::string> chosen;
    for (const char* name : {"class", "Class", "a", "a", "A", "a_", "a_2", "a"}) {
        EXPECT_TRUE(chosen.insert(names.choose(name)).second) << name;
    }
    EXPECT_FALSE(chosen.contains("class"));
}

TEST(ClientLiterals, HoldAnyTextOnOneLine) {
    EXPECT_EQ(literal_of("a\"\\\n\u202e\xe4", Language::python), R"("a\"\\\n\u202e\ufffd")");
    EXPECT_EQ(literal_of("\x01"
                         "1?"
                         "?/",
                         Language::cpp),
              R"("\0011?\?/")");
    EXPECT_EQ(literal_of("\U000e0041\u00fc", Language::typescript), "\"\\u{e0041}\u00fc\"");
    EXPECT_EQ(literal_of("\U000e0041", Language::python), R"("\U000e0041")");
}

TEST(ClientComments, NeverEnd) {
    std::string out;
    append_comment(out, "// ", hostile);
    append_comment(out, "// ", "ends in \\");
    append_comment(out, "// ", std::string(300, 'x') + " " + std::string(50, 'y') + "\r\n");
    EXPECT_FALSE(out.contains("*/"));
    EXPECT_FALSE(out.contains("\\\n"));
    EXPECT_FALSE(out.contains('\r'));
    EXPECT_FALSE(out.contains("\u202e"));
    std::istringstream lines{out};
    for (std::string line; std::getline(lines, line);) {
        EXPECT_TRUE(line.starts_with("// ")) << line;
    }
}

TEST(PythonModels, HaveTypesDemandsAndDefaults) {
    contract::FieldDocument field{.name = "chance",
                                  .type = int32_type(),
                                  .required = false,
                                  .default_value = Dynamic{20},
                                  .description = "How likely."};
    field.demands.greater_than = Dynamic{0};
    const Document document =
        document_with({.id = "Request", .name = "Request", .fields = {field}});
    EXPECT_TRUE(python_of(document).contains(
        "    chance: Annotated[int, _w.Of(_w.Integer(32), more_than=0)] = Field(\n"
        "        20,\n"
        "        description=\"How likely.\",\n"
        "        exclusiveMinimum=0,\n"
        "    )\n"))
        << python_of(document);
    EXPECT_TRUE(python_of(document, Pydantic::v2)
                    .contains("        json_schema_extra={\"exclusiveMinimum\": 0},\n"));
    const std::string header = content_of(cpp_models(document), "models.hpp");
    EXPECT_TRUE(header.contains("    std::int32_t chance = 20;\n")) << header;
    EXPECT_TRUE(
        header.contains("(chance, describe(\"How likely.\"), greater_than(0), defaulted()))"));
    EXPECT_TRUE(content_of(typescript_models(document), "models.ts")
                    .contains("     * Greater than 0.\n     * Default: 20\n     */\n"
                              "    chance?: number;\n"));
}

TEST(PythonModels, KnowTheListenersQueue) {
    Document document = document_with({.id = "Request", .name = "Request"});
    EXPECT_TRUE(python_of(document).contains("    queue: str,\n"));
    document.listeners.push_back({.address = "amqp://localhost",
                                  .protocol = "cyberfusion",
                                  .queue = "kitchen",
                                  .methods = {"call_it"}});
    EXPECT_TRUE(python_of(document).contains("    queue: str = \"kitchen\",\n"));
}

TEST(PythonModels, HaveClassesOfParametersAndFailures) {
    Document document = document_with({.id = "AddParameters",
                                       .name = "Parameters",
                                       .description = "First.\n\nThen.",
                                       .is_parameters = true});
    document.models.push_back({.id = "Shortage", .name = "Shortage"});
    document.methods[0].failures = {
        {Code::failed, "None left.", model_named("Shortage")},
        {Code::failed, "Too many.", data_type(Kind::list, {int32_type()})},
        {Code::overloaded, "Later.", std::nullopt}};
    const std::string python = python_of(document);
    EXPECT_TRUE(python.contains("class AddParameters(_w.Model):\n    \"\"\"First.\n\n    Then.\n"));
    EXPECT_TRUE(python.contains("class Shortage(_w.Model):"));
    EXPECT_TRUE(python.contains("class CallItFailure(_w.Root):"));
    EXPECT_TRUE(
        python.contains("    May fail (failed): None left.\n"
                        "    Its data: `failed.data_as(Shortage)` of the CallFailed.\n"));
    EXPECT_TRUE(python.contains("`failed.data_as(CallItFailure)`"));
    EXPECT_FALSE(python.contains(" \n"));
}

TEST(PythonModels, AreFilesThatHideNoModuleOfPythons) {
    Document document;
    for (const char* name : {"__init__", "a.b", "a/b", "json", "pydantic", "import"}) {
        document.methods.push_back({.name = name,
                                    .request = data_type(Kind::nothing),
                                    .response = data_type(Kind::nothing)});
    }
    std::set<std::string> names;
    for (const OutputFile& file : python_models(document, Pydantic::v1)) {
        EXPECT_TRUE(names.insert(file.name).second) << file.name;
        EXPECT_FALSE(file.name.contains('/')) << file.name;
    }
    for (const char* name : {"json.py", "pydantic.py", "import.py"}) {
        EXPECT_FALSE(names.contains(name)) << name;
    }
    EXPECT_TRUE(names.contains("a_b.py") && names.contains("a_b_.py"));
}

TEST(PythonModels, NestNoDeeperThanItsParserTakes) {
    DataType deep = int32_type();
    for (int level = 0; level < 200; ++level) {
        deep = data_type(Kind::list, {deep});
    }
    const Document document =
        document_with({.id = "Deep", .name = "Deep", .fields = {{.name = "deep", .type = deep}}});
    std::istringstream lines{python_of(document)};
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LT(std::ranges::count(line, '('), 30) << line;
    }
    EXPECT_TRUE(content_of(typescript_models(document), "models.ts").contains("deep: Array<"));
    EXPECT_TRUE(content_of(cpp_models(document), "models.hpp").contains("> deep;"));
}

TEST(CppModels, SayWhatIsDeprecatedAndWhatEnumeratorsAre) {
    Document document = document_with({.id = "Request", .name = "Request"}, "brew");
    document.methods[0].deprecated = "Use \"steep\".\n\x1b\u202e";
    document.enumerations = {
        {.id = "Plain", .name = "Plain", .enumerators = {{"a"}, {"b"}}},
        {.id = "Told",
         .name = "Told",
         .description = "Kinds, of tea",
         .enumerators = {{"green", "Is \"green\", mostly"}, {"black"}}},
        {.id = "Words", .name = "Words", .enumerators = {{"a-b", "With a dash"}, {"c"}}}};
    const std::string cpp = content_of(cpp_models(document), "models.hpp");
    for (const std::string_view line :
         {"struct [[deprecated(\"Use \\\"steep\\\". \\\\u001b\\\\u202e\")]] brew;\n"
          "WARREN_CONTRACT(brew, \"brew\", ",
          "WARREN_ENUM(Plain, a, b)\n",
          "WARREN_ENUM_WITH(Told, \"Kinds, of tea\",\n"
          "    (green, \"Is \\\"green\\\", mostly\"),\n"
          "    (black))\n",
          "warren::Enumerator{\"a-b\", 0, \"With a dash\"},"}) {
        EXPECT_TRUE(cpp.contains(line)) << line << cpp;
    }
    document.methods[0].deprecated = "";
    EXPECT_TRUE(
        content_of(cpp_models(document), "models.hpp").contains("struct [[deprecated]] brew;\n"));
}

TEST(CppModels, ComeInAnOrderThatCompiles) {
    Document document = document_with(
        {.id = "A",
         .name = "A",
         .fields = {{.name = "z", .type = model_named("Z")},
                    {.name = "others", .type = data_type(Kind::list, {model_named("Y")})},
                    {.name = "self", .type = data_type(Kind::optional, {model_named("A")})}}});
    document.models.push_back(
        {.id = "Y", .name = "Y", .fields = {{.name = "a", .type = model_named("A")}}});
    document.models.push_back({.id = "Z", .name = "Z"});
    const std::string header = content_of(cpp_models(document), "models.hpp");
    EXPECT_LT(header.find("struct Z {"), header.find("struct A {")) << header;
    EXPECT_LT(header.find("struct A {"), header.find("struct Y {"));
    EXPECT_LT(header.find("struct Y;"), header.find("struct A {"));
    EXPECT_TRUE(header.contains("    warren::Dynamic self;\n")) << header;
}

TEST(ClientModels, HoldHostileTextsAsTexts) {
    contract::FieldDocument field{.name = std::string{hostile},
                                  .type = data_type(Kind::text),
                                  .required = false,
                                  .default_value = Dynamic{hostile},
                                  .description = std::string{hostile},
                                  .examples = {Dynamic{hostile}}};
    field.demands.pattern = hostile;
    field.demands.checks = {std::string{hostile}};
    Document document = document_with({.id = std::string{hostile},
                                       .name = std::string{hostile},
                                       .description = std::string{hostile},
                                       .fields = {field},
                                       .checks = {std::string{hostile}}});
    document.methods.front().description = hostile;
    document.methods.front().deprecated = std::string{hostile};
    for (const auto& files : {python_models(document, Pydantic::v1), cpp_models(document),
                              typescript_models(document)}) {
        for (const OutputFile& file : files) {
            EXPECT_FALSE(file.content.contains("\u202e")) << file.name;
            EXPECT_FALSE(file.content.contains('\x1b')) << file.name;
            EXPECT_FALSE(file.content.contains("\\\n")) << file.name;
        }
    }
    const std::string typescript = content_of(typescript_models(document), "models.ts");
    EXPECT_EQ(count_of(typescript, "/**"), count_of(typescript, " */\n"));
    EXPECT_EQ(count_of(python_of(document), "\"\"\"") % 2, 0U);
}

TEST(ClientModels, AreMadeOfTenThousandMethodsAndOfALongChainOfModels) {
    constexpr int count = 10'000;
    Document document;
    for (int number = 0; number < count; ++number) {
        const std::string id = std::to_string(100'000 + number);
        const std::string next = std::to_string(100'001 + number);
        contract::ModelDocument model{.id = "M" + id, .name = "M" + id};
        if (number + 1 < count) {
            model.fields.push_back({.name = "next", .type = model_named("M" + next)});
        }
        document.models.push_back(std::move(model));
        document.methods.push_back({.name = "m" + id,
                                    .request = data_type(Kind::nothing),
                                    .response = data_type(Kind::nothing)});
    }
    EXPECT_EQ(python_models(document, Pydantic::v2).size(), count + 2U);
    document.methods.front().request = model_named("M100000");
    document.methods.resize(1);
    EXPECT_EQ(count_of(python_models(document, Pydantic::v1).back().content, "(_w.Model):"),
              std::size_t{count});
    EXPECT_EQ(count_of(content_of(cpp_models(document), "models.hpp"), "\nstruct "),
              std::size_t{count});
    EXPECT_EQ(count_of(content_of(typescript_models(document), "models.ts"), "export interface M1"),
              std::size_t{count});
}

TEST(OutputFiles, AreThereWholeOrNotAtAll) {
    const test::TemporaryDirectory directory;
    const std::filesystem::path root = directory.path();
    const auto target = root / "out";
    ASSERT_TRUE(write_files(target / "", {{"a.txt", "one"}, {"sub/b.txt", "two"}}));
    std::ifstream file{target / "sub/b.txt"};
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>{file}, {}), "two");

    const auto again = write_files(target, {{"a.txt", "other"}});
    ASSERT_FALSE(again);
    EXPECT_TRUE(again.error().message.contains("there already")) << again.error().message;
    EXPECT_FALSE(write_files(root / "none" / "out", {{"a.txt", "one"}}));
    EXPECT_FALSE(write_files(root / "bad", {{"a.txt", "one"}, {"a.txt/b", "two"}}));
    EXPECT_FALSE(std::filesystem::exists(root / "bad"));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator{root}, {}), 1);
}

}  // namespace
}  // namespace warren::docs
