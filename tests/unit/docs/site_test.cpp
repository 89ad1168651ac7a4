#include "docs/site.hpp"

#include <warren/dynamic.hpp>

#include "core/percent.hpp"
#include "docs/assets.hpp"
#include "docs/html.hpp"
#include "docs/schema_name.hpp"
#include "model/secrets.hpp"
#include "unit/docs/documents.hpp"
#include "unit/docs/parsed_html.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace warren::docs {
namespace {

using test::ParsedHtml;

using Files = std::map<std::string, std::string>;

Files files_of(const contract::Document& document, PageAssets assets = PageAssets::embedded) {
    Files files;
    for (SiteFile& file : site(document, {.title = "Methods", .assets = assets})) {
        EXPECT_TRUE(files.emplace(file.path, std::move(file.content)).second) << file.path;
    }
    return files;
}

std::string index_of(const contract::Document& document) {
    return files_of(document).at("index.html");
}

contract::Document small_document() {
    contract::Document document;
    contract::FieldDocument food = test::field_of("favourite_food", test::text_type());
    food.description = "What to eat.";
    food.demands.max_length = 20;
    food.default_value = Dynamic{"onion"};
    food.required = false;
    document.models.push_back(test::model_of("Request", {food}));
    document.models.push_back(
        test::model_of("Response", {test::field_of("tolerable", {.kind = Type::Kind::boolean})}));
    document.methods.push_back(
        test::method_of("dx_example", test::model_type("Request"), test::model_type("Response")));
    document.methods[0].description = "Tell whether it is tolerable.";
    document.methods[0].lock_field = "favourite_food";
    document.listeners.push_back({.address = "amqp://localhost:5672/?queue=test",
                                  .protocol = "cyberfusion",
                                  .queue = "test",
                                  .methods = {"dx_example"}});
    return document;
}

TEST(Site, HasTheAddressesOfTheOriginal) {
    const Files files = files_of(small_document(), PageAssets::linked);
    for (const std::string address :
         {"/", "/schemas", "/schemas/head.json", "/schemas/bundle.json", "/schemas/dx_example.json",
          "/contract.json", "/asyncapi.json", "/openrpc.json", "/warren-docs.css",
          "/warren-docs.js"}) {
        EXPECT_TRUE(files.contains(site_path_of(address))) << address;
    }
    EXPECT_EQ(Dynamic::from_json(files.at(site_path_of("/schemas"))),
              Dynamic::list({"dx_example.json", "head.json"}));
    EXPECT_EQ(site_path_of("/schemas/a%252Fb.json"), "schemas/a%2Fb.json");
    EXPECT_FALSE(files.contains(site_path_of("/schemas/%00")));
    EXPECT_FALSE(files.contains(site_path_of("/../index.html")));
}

TEST(Site, SaysAllOfAMethod) {
    const ParsedHtml page{index_of(small_document())};
    EXPECT_EQ(page.errors, std::vector<std::string>{});
    for (const std::string id : {"dx_example", "dx_example.request", "dx_example.response",
                                 "dx_example.request.favourite_food",
                                 "dx_example.response.tolerable", "dx_example.call"}) {
        EXPECT_TRUE(page.has_id(id)) << id;
    }
    for (const std::string said :
         {"Tell whether it is tolerable.", "What to eat.", "at most 20 characters", "\"onion\"",
          "wait for each other", "true or false", "optional", "required", "warren call dx_example",
          "--to 'amqp://localhost:5672/?queue=test'",
          "pika.URLParameters(\"amqp://localhost:5672/\")", "routing_key=\"test\"",
          "warren::Client client{\"amqp://localhost:5672/?queue=test\"}"}) {
        EXPECT_TRUE(page.text.contains(said)) << said;
    }
}

TEST(Site, SaysWhichLockAMethodShares) {
    contract::Document document = small_document();
    document.methods[0].lock_name = "kitchen";
    EXPECT_TRUE(ParsedHtml{index_of(document)}.text.contains(
        "Calls with the same favourite_food wait for each other, and for those of other methods "
        "that lock on an equal value under kitchen."));
    document.methods[0].runs_alone = true;
    EXPECT_TRUE(ParsedHtml{index_of(document)}.text.contains(
        "All calls wait for each other, and for those of other methods that run alone under "
        "kitchen."));
}

TEST(Site, HasOneAddressForEachPartOfAMethod) {
    contract::Document document = small_document();
    document.methods.clear();
    for (const std::string name : {"x", "x.try", "x.call", "x.request", "x.response", "x.part",
                                   "x.failures", "x.examples"}) {
        document.methods.push_back(
            test::method_of(name, test::model_type("Request"), test::model_type("Response")));
    }
    PageOptions options{.title = "Methods", .assets = PageAssets::linked};
    options.try_it = TryPage{};
    const auto files = site(document, options);
    const auto index = std::ranges::find(files, "index.html", &SiteFile::path);
    ASSERT_NE(index, files.end());
    const ParsedHtml page{index->content};
    EXPECT_EQ(page.errors, std::vector<std::string>{});
    for (const std::string id : {"x.try", "x%2Etry", "x%2Etry.try", "x%2Ecall.try"}) {
        EXPECT_TRUE(page.has_id(id)) << id;
    }
}

TEST(Site, HidesInItsFormsWhatANameMakesASecret) {
    const auto asset = std::ranges::find(try_assets, "warren-try-contract.js", &Asset::file);
    ASSERT_NE(asset, try_assets.end());
    const std::size_t start = asset->content.find("SECRET_NAMES = new Set([");
    std::string_view names = asset->content.substr(start, asset->content.find(']', start) - start);
    std::size_t count = 0;
    for (std::size_t quote = 0; (quote = names.find('"')) != std::string_view::npos; ++count) {
        names.remove_prefix(quote + 1);
        const std::string_view name = names.substr(0, names.find('"'));
        EXPECT_TRUE(model::is_secret_name(name)) << name;
        names.remove_prefix(name.size() + 1);
    }
    EXPECT_EQ(count, 5U);
}

TEST(Site, IsTheSameEachTime) {
    for (const auto assets : {PageAssets::embedded, PageAssets::linked}) {
        EXPECT_EQ(files_of(small_document(), assets), files_of(small_document(), assets));
    }
}

/// Every link of the pages leads to a place that there is.
void expect_links_lead_somewhere(const Files& files) {
    std::map<std::string, ParsedHtml> pages;
    for (const auto& [path, content] : files) {
        if (path.ends_with(".html")) {
            pages.emplace(path, ParsedHtml{content});
        }
    }
    for (const auto& [path, page] : pages) {
        for (const std::string& link : page.links()) {
            const std::size_t hash = link.find('#');
            const std::string file = hash == 0 ? path : link.substr(0, hash);
            if (link == "data:,") {
                continue;
            }
            ASSERT_TRUE(files.contains(site_path_of("/" + file))) << link;
            if (hash != std::string::npos) {
                const std::string id = site_path_of("/" + link.substr(hash + 1));
                EXPECT_TRUE(pages.at(file).has_id(id)) << link;
            }
        }
    }
}

TEST(Site, LeadsNowhereElse) {
    expect_links_lead_somewhere(files_of(small_document()));
    expect_links_lead_somewhere(files_of(small_document(), PageAssets::linked));
    expect_links_lead_somewhere(files_of(test::deep_document(30)));
    expect_links_lead_somewhere(files_of(test::document_of_many(260)));
    EXPECT_FALSE(stylesheet.contains("url("));
    EXPECT_FALSE(stylesheet.contains("@import"));
    for (const std::string_view word : {"http:", "https:", "eval(", "innerHTML", "fetch("}) {
        EXPECT_FALSE(script.contains(word)) << word;
    }
    EXPECT_LT(stylesheet.size() + script.size(), 40'000U);
}

TEST(Site, HasHostileTextsAsTexts) {
    const std::size_t scripts = 1;
    for (const std::string& said : test::hostile_texts()) {
        const Files files = files_of(test::document_of_text(said));
        const ParsedHtml page{files.at("index.html")};
        EXPECT_EQ(page.errors, std::vector<std::string>{}) << said;
        EXPECT_EQ(page.count("script"), scripts) << said;
        EXPECT_EQ(page.count("img"), 0U) << said;
        EXPECT_TRUE(is_visible(files.at("index.html"))) << said;
        EXPECT_TRUE(page.text.contains(visible(said))) << said;
        for (const ParsedHtml::Element& element : page.elements) {
            for (const auto& [name, value] : element.attributes) {
                EXPECT_FALSE(name.starts_with("on")) << said;
                EXPECT_NE(name, "style") << said;
            }
        }
        expect_links_lead_somewhere(files);
        EXPECT_TRUE(files.contains("schemas/" + schema_file(said))) << said;
    }
}

TEST(Site, TellsOfEveryModelThatNests) {
    for (const std::size_t levels : {1U, 2U, 5U, 200U, 3'000U}) {
        const contract::Document document = test::deep_document(levels);
        const ParsedHtml page{page_html(document, cpp_names(document),
                                        Layout{test::deep_document(0)},
                                        Layout{test::deep_document(0)}.pages()[0], {}, {})};
        EXPECT_EQ(page.errors, std::vector<std::string>{});
        std::size_t fields = 0;
        for (const ParsedHtml::Element& element : page.elements) {
            const auto type = element.attributes.find("class");
            fields += type != element.attributes.end() && type->second == "field" ? 1 : 0;
        }
        EXPECT_EQ(fields, 2 * 2 * levels) << "in the request and in the response";
    }
}

TEST(Site, PutsManyMethodsOnSeveralPages) {
    const contract::Document document = test::document_of_many(1'000);
    const Files files = files_of(document);
    EXPECT_TRUE(files.contains("methods-10.html"));
    EXPECT_FALSE(files.contains("methods-11.html"));
    const std::string& index = files.at("index.html");
    for (const contract::MethodDocument& method : document.methods) {
        EXPECT_TRUE(index.contains(">" + method.name + "<")) << method.name;
    }
    const ParsedHtml last{files.at("methods-10.html")};
    EXPECT_TRUE(last.has_id("method_000999.request.field_000999"));
    EXPECT_FALSE(last.has_id("method_000001"));
}

TEST(Site, IsMadeOfTenThousandMethods) {
    const contract::Document document = test::document_of_many(10'000);
    const Files files = files_of(document);
    std::size_t methods = 0;
    for (const auto& [path, content] : files) {
        for (std::size_t at = 0;
             path.starts_with("methods-") &&
             (at = content.find("<section class=\"method\"", at)) != std::string::npos;
             ++at) {
            ++methods;
        }
    }
    EXPECT_EQ(methods, 10'000U);
}

TEST(Site, ShowsNoSecret) {
    contract::Document document = small_document();
    contract::FieldDocument secret = test::field_of("password", test::text_type());
    secret.is_secret = true;
    secret.default_value = Dynamic{"canary-default"};
    secret.examples = {"canary-example"};
    document.models[0].fields.push_back(secret);
    EXPECT_FALSE(index_of(document).contains("canary"));
    EXPECT_FALSE(index_of(document).contains("fernet.key"));
    document.listeners[0].needs = {contract::CallerNeed::fernet_key};
    const std::string index = index_of(document);
    EXPECT_FALSE(index.contains("canary"));
    EXPECT_TRUE(index.contains("--fernet-key @fernet.key"));
}

TEST(Site, LetsMethodsBeTriedWhereItIsToldTo) {
    const PageOptions untried{.assets = PageAssets::linked};
    PageOptions tried = untried;
    tried.try_it = TryPage{.address = "tcp://<host>:1"};
    std::map<std::string, std::string> without;
    for (const SiteFile& file : site(small_document(), untried)) {
        EXPECT_FALSE(file.path.contains("-try"));
        EXPECT_FALSE(file.content.contains("-try") || file.content.contains("Try it"));
        without.emplace(file.path, file.content);
    }
    std::string index;
    for (const SiteFile& file : site(small_document(), tried)) {
        if (file.path == "index.html") {
            index = file.content;
        } else if (file.path.starts_with("warren-try")) {
            for (const std::string_view word : {"http:", "eval(", "innerHTML", "url(", "@import"}) {
                EXPECT_FALSE(file.content.contains(word)) << file.path << word;
            }
        } else {
            EXPECT_EQ(file.content, without.at(file.path));
        }
    }
    EXPECT_TRUE(index.contains(R"(<div class="try" hidden data-method="dx_example" )"
                               R"(data-sample="{}">)"))
        << index;
    EXPECT_TRUE(index.contains("The handler runs, at <code>tcp://&lt;host&gt;:1</code>"));
    tried.try_it = TryPage{.is_mock = true};
    for (const SiteFile& file : site(small_document(), tried)) {
        EXPECT_TRUE(file.path != "index.html" || file.content.contains("no handler runs"));
    }
}

TEST(Site, HasHostileTextsAsTextsWhereMethodsAreTried) {
    for (const std::string& said : test::hostile_texts()) {
        const std::vector<SiteFile> files =
            site(test::document_of_text(said),
                 {.assets = PageAssets::linked, .try_it = TryPage{.address = said}});
        const auto index = std::ranges::find(files, "index.html", &SiteFile::path);
        const ParsedHtml page{index->content};
        EXPECT_EQ(page.errors, std::vector<std::string>{}) << said;
        EXPECT_EQ(page.count("script"), 2U) << said;
        EXPECT_TRUE(is_visible(index->content)) << said;
        const auto form = std::ranges::find_if(page.elements, [](const auto& element) {
            return element.attributes.contains("data-sample");
        });
        ASSERT_NE(form, page.elements.end());
        EXPECT_EQ(Dynamic::from_json(form->attributes.at("data-sample")),
                  Dynamic::map({{said, said}}));
        EXPECT_EQ(core::percent_decode(form->attributes.at("data-method")), said);
    }
}

}  // namespace
}  // namespace warren::docs
