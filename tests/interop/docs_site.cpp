// Writes pages of documents that no module could have, for a browser to look at:
//
//     docs_site hostile|hostile_contract|named_secret|many|volumes|deep|changed DIRECTORY

#include "contract/registered.hpp"
#include "docs/site.hpp"
#include "unit/docs/documents.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>

namespace {

using namespace warren;

/// Each hostile text as a method of its own, which says it everywhere.
contract::Document hostile() {
    contract::Document all;
    const auto take = [](auto& from, auto& to) { std::ranges::move(from, std::back_inserter(to)); };
    std::size_t number = 0;
    for (const std::string& said : test::hostile_texts()) {
        contract::Document one = test::document_of_text(said);
        const std::string prefix = std::to_string(100 + number++) + ' ';
        const auto rename = [&prefix](contract::DataType& type) {
            type.reference = prefix + type.reference;
        };
        for (contract::ModelDocument& model : one.models) {
            model.id = prefix + model.id;
            for (contract::FieldDocument& field : model.fields) {
                rename(field.type);
            }
        }
        for (contract::EnumerationDocument& enumeration : one.enumerations) {
            enumeration.id = prefix + enumeration.id;
        }
        rename(one.methods[0].request);
        rename(one.methods[0].response);
        rename(*one.methods[0].part);
        rename(*one.methods[0].failures[0].data);
        take(one.models, all.models);
        take(one.enumerations, all.enumerations);
        take(one.methods, all.methods);
        take(one.listeners, all.listeners);
    }
    std::ranges::sort(all.methods, {}, &contract::MethodDocument::name);
    std::ranges::sort(all.models, {}, &contract::ModelDocument::id);
    std::ranges::sort(all.enumerations, {}, &contract::EnumerationDocument::id);
    return all;
}

/// The same, as it may come from another server.
contract::Document with_fingerprints(contract::Document document) {
    for (contract::MethodDocument& method : document.methods) {
        method.fingerprint = contract::fingerprint(document, method);
    }
    document.fingerprint = contract::fingerprint(document);
    return document;
}

/// Of a server that knows no secrets but those of types: the name alone makes one of the whole.
contract::Document named_secret() {
    contract::Document document;
    document.warren_version = "0";
    document.models.push_back(
        test::model_of("Login", {test::field_of("user", test::text_type()),
                                 test::field_of("password", test::model_type("Password"))}));
    document.models.push_back(test::model_of(
        "Password",
        {test::field_of("plain", test::text_type()),
         test::field_of("sealed", test::of_kind(Type::Kind::secret, test::text_type()))}));
    document.methods.push_back(test::method_of("log_in", test::model_type("Login")));
    return document;
}

/// One with changes of every verdict, against one before.
contract::Document changed(contract::Document& before) {
    contract::Document after = before = test::document_of_many(20);
    before.methods.pop_back();
    after.methods.erase(after.methods.begin());
    contract::FieldDocument& narrowed = after.models[5].fields[0];
    narrowed.demands.max_length = 3;
    contract::FieldDocument& other = after.models[7].fields[0];
    other.required = before.models[7].fields[0].required = false;
    before.models[7].fields[0].default_value = Dynamic{"a"};
    other.default_value = Dynamic{"b"};
    return after;
}

}  // namespace

int main(int count, char** arguments) {
    const std::map<std::string_view, contract::Document (*)()> documents{
        {"hostile", hostile},
        {"hostile_contract", [] { return with_fingerprints(hostile()); }},
        {"named_secret", [] { return with_fingerprints(named_secret()); }},
        {"changed", [] { return contract::Document{}; }},
        {"many", [] { return test::document_of_many(1'000); }},
        {"volumes", [] { return test::document_of_many(255); }},
        {"deep", [] { return test::deep_document(200); }}};
    const auto document = count == 3 ? documents.find(arguments[1]) : documents.end();
    if (document == documents.end()) {
        std::cerr << "usage: " << arguments[0]
                  << " hostile|hostile_contract|named_secret|many|volumes|deep|changed DIRECTORY\n";
        return 2;
    }
    const std::filesystem::path directory{arguments[2]};
    contract::Document before;
    const bool is_changed = document->first == "changed";
    const contract::Document shown = is_changed ? changed(before) : document->second();
    const contract::Diff changes = contract::diff(before, shown);
    for (const docs::SiteFile& file :
         docs::site(shown, {.changes = is_changed ? &changes : nullptr})) {
        std::filesystem::create_directories((directory / file.path).parent_path());
        std::ofstream{directory / file.path} << file.content;
    }
    return 0;
}
