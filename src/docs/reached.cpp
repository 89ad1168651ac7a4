#include "docs/reached.hpp"

#include <algorithm>
#include <set>
#include <string_view>

namespace warren::docs {

Reached reached_from(const contract::Document& document,
                     std::span<const contract::DataType* const> types) {
    Reached reached;
    std::set<std::string_view> known;
    // A list in place of recursion: one may lead to the next ten thousand times.
    std::vector<const contract::DataType*> waiting{types.rbegin(), types.rend()};
    while (!waiting.empty()) {
        const contract::DataType& type = *waiting.back();
        waiting.pop_back();
        for (auto element = type.elements.rbegin(); element != type.elements.rend(); ++element) {
            waiting.push_back(&*element);
        }
        if (type.reference.empty() || !known.insert(type.reference).second) {
            continue;
        }
        if (const auto* model = document.find_model(type.reference)) {
            reached.models.push_back(model);
            for (auto field = model->fields.rbegin(); field != model->fields.rend(); ++field) {
                waiting.push_back(&field->type);
            }
        } else if (const auto* enumeration = document.find_enumeration(type.reference)) {
            reached.enumerations.push_back(enumeration);
        }
    }
    std::ranges::reverse(reached.models);
    return reached;
}

std::vector<const contract::DataType*> types_of(const contract::MethodDocument& method) {
    std::vector<const contract::DataType*> types{&method.request, &method.response};
    if (method.part) {
        types.push_back(&*method.part);
    }
    return types;
}

}  // namespace warren::docs
