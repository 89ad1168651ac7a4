#include "contract/diff.hpp"
#include "docs/site.hpp"
#include "unit/docs/documents.hpp"
#include "unit/docs/parsed_html.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace warren::docs {
namespace {

using test::ParsedHtml;
using Files = std::map<std::string, std::string>;

Files files_of(const contract::Document& document, const contract::Diff* changes) {
    Files files;
    for (SiteFile& file : site(document, {.title = "Methods", .changes = changes})) {
        files.emplace(file.path, std::move(file.content));
    }
    return files;
}

contract::Document document_of(std::vector<contract::FieldDocument> request,
                               std::vector<std::string> methods) {
    contract::Document document;
    document.models.push_back(test::model_of("Request", std::move(request)));
    for (std::string& method : methods) {
        document.methods.push_back(test::method_of(std::move(method), test::model_type("Request")));
    }
    return document;
}

TEST(Changes, AreToldWithWhereAndWhatToDo) {
    const auto before = document_of({test::field_of("food", test::text_type())}, {"eat", "gone"});
    const auto after = document_of(
        {test::field_of("food", test::text_type()), test::field_of("amount", test::text_type())},
        {"eat", "new"});
    const contract::Diff changes = contract::diff(before, after);
    for (const contract::Change& change : changes.changes) {
        EXPECT_EQ(change.is_new, change.method == "new");
    }
    const Files files = files_of(after, &changes);
    const ParsedHtml page{files.at("changes.html")};
    EXPECT_EQ(page.errors, std::vector<std::string>{});
    for (const std::string said :
         {"Breaking", "Compatible", "Requests", "request.amount of eat: A new field",
          "The method was removed.", "Instead:", "A new method.", "2 breaking"}) {
        EXPECT_TRUE(page.text.contains(said)) << said << page.text;
    }
    EXPECT_FALSE(page.text.contains("Risky"));
    EXPECT_TRUE(page.has_id("eat"));
    EXPECT_TRUE(files.at("changes.html").contains("href=\"index.html#eat\""));
    EXPECT_EQ(files.at("changes.json"), contract::to_json(changes));
    const std::string& index = files.at("index.html");
    EXPECT_TRUE(index.contains("href=\"changes.html#eat\">breaking change<"));
    EXPECT_TRUE(index.contains("href=\"changes.html#new\">new<"));
    EXPECT_TRUE(index.contains("<strong class=\"badge warn\">breaking change</strong></a></li>"));
    EXPECT_TRUE(index.contains("<strong class=\"badge\">new</strong></a></li>"));
    EXPECT_TRUE(files.at("changes.html")
                    .contains("<a href=\"index.html#eat.request.amount\"><code>request.amount<"));
    EXPECT_TRUE(index.contains("id=\"eat.request.amount\""));
    EXPECT_TRUE(index.contains("2 breaking, 0 risky, 1 compatible"));
    EXPECT_EQ(files, files_of(after, &changes));
}

TEST(Changes, AreNotTheresWhereNobodyAsks) {
    const auto document = document_of({}, {"eat"});
    const Files files = files_of(document, nullptr);
    EXPECT_FALSE(files.contains("changes.html"));
    EXPECT_FALSE(files.at("index.html").contains("changes.html"));
    const contract::Diff none = contract::diff(document, document);
    const Files told = files_of(document, &none);
    EXPECT_TRUE(told.at("changes.html").contains("0 breaking"));
    EXPECT_FALSE(told.at("index.html").contains("changes.html#"));
}

TEST(Changes, OfHostileTextsAreTexts) {
    for (const std::string& said : test::hostile_texts()) {
        const contract::Document after = test::document_of_text(said);
        for (const contract::Document& before : {contract::Document{}, after}) {
            const contract::Diff gone = contract::diff(after, before);
            const contract::Diff there = contract::diff(before, after);
            for (const auto& [document, diff] :
                 {std::pair{&before, &gone}, std::pair{&after, &there}}) {
                const ParsedHtml page{files_of(*document, diff).at("changes.html")};
                EXPECT_EQ(page.errors, std::vector<std::string>{}) << said;
                EXPECT_EQ(page.count("script"), 1U) << said;
                EXPECT_EQ(page.count("img"), 0U) << said;
            }
        }
    }
}

TEST(Changes, LeadToMethodsOnOtherPages) {
    const contract::Document after = test::document_of_many(260);
    contract::Document before = after;
    before.methods.erase(before.methods.begin() + 150);
    const contract::Diff changes = contract::diff(before, after);
    EXPECT_TRUE(files_of(after, &changes)
                    .at("changes.html")
                    .contains("href=\"methods-2.html#method_000150\""));
}

}  // namespace
}  // namespace warren::docs
