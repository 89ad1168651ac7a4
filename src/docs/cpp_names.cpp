#include "docs/cpp_names.hpp"

#include "docs/cpp_words.hpp"

namespace warren::docs {
namespace {

template <typename Item>
std::vector<std::string> names_of_members(const std::vector<Item>& items,
                                          std::string_view otherwise) {
    ScopeNames scope{cpp_keywords()};
    std::vector<std::string> chosen;
    chosen.reserve(items.size());
    for (const Item& item : items) {
        chosen.push_back(scope.choose(identifier_of(item.name, otherwise)));
    }
    return chosen;
}

}  // namespace

std::vector<std::string> cpp_enumerators(const contract::EnumerationDocument& enumeration) {
    return names_of_members(enumeration.enumerators, "value");
}

std::vector<std::string> cpp_members(const contract::ModelDocument& model) {
    return names_of_members(model.fields, "field");
}

CppNames cpp_names(const contract::Document& document) {
    CppNames names{
        .types = {}, .enumerators = {}, .methods = {}, .scope = ScopeNames{cpp_type_words()}};
    for (const contract::EnumerationDocument& enumeration : document.enumerations) {
        names.types[enumeration.id] = names.scope.choose(identifier_of(enumeration.id, "Choice"));
        const std::vector<std::string> chosen = cpp_enumerators(enumeration);
        for (std::size_t at = 0; at < chosen.size(); ++at) {
            names.enumerators[{enumeration.id, enumeration.enumerators[at].name}] = chosen[at];
        }
    }
    for (const contract::ModelDocument& model : document.models) {
        names.types[model.id] = names.scope.choose(identifier_of(model.id, "Model"));
    }
    for (const contract::MethodDocument& method : document.methods) {
        names.methods[method.name] = names.scope.choose(identifier_of(method.name, "method"));
    }
    return names;
}

}  // namespace warren::docs
