#include "contract/document_check.hpp"

#include "contract/registered.hpp"
#include "core/limits.hpp"

#include <string>
#include <utility>

namespace warren::contract {
namespace {

using Kind = Type::Kind;

class DocumentCheck {
public:
    explicit DocumentCheck(const Document& document) : document_{document} {}

    std::vector<FieldError> run() {
        sorted("methods", document_.methods, &MethodDocument::name);
        sorted("models", document_.models, &ModelDocument::id);
        sorted("enumerations", document_.enumerations, &EnumerationDocument::id);
        if (!errors_.empty()) {
            return std::move(errors_);  // nothing can be found
        }
        for (std::size_t at = 0; at < document_.models.size(); ++at) {
            model({"models", at}, document_.models[at]);
        }
        for (std::size_t at = 0; at < document_.enumerations.size(); ++at) {
            if (document_.find_model(document_.enumerations[at].id) != nullptr) {
                add({"enumerations", at, "id"}, "A model has this id, too", "duplicate");
            }
        }
        for (std::size_t at = 0; at < document_.methods.size(); ++at) {
            method({"methods", at}, document_.methods[at]);
        }
        return std::move(errors_);
    }

private:
    using Place = std::vector<PathStep>;

    void add(Place place, std::string message, std::string type) {
        if (errors_.size() < core::Limits{}.field_errors_max) {
            errors_.push_back({std::move(place), std::move(message), std::move(type)});
        }
    }

    static Place below(Place place, PathStep step) {
        place.push_back(std::move(step));
        return place;
    }

    template <typename Item>
    void sorted(const char* list, const std::vector<Item>& items, std::string Item::* key) {
        for (std::size_t at = 1; at < items.size(); ++at) {
            const std::string& one = items[at - 1].*key;
            const std::string& next = items[at].*key;
            if (next <= one) {
                add({list, at}, one == next ? "It is there twice" : "It is not in order", "order");
            }
        }
    }

    void type(const Place& place, const DataType& type) {
        std::size_t elements = 0;
        switch (type.kind) {
        case Kind::optional:
        case Kind::list:
        case Kind::set:
        case Kind::array:
        case Kind::map:
        case Kind::secret:
            elements = 1;
            break;
        case Kind::choice:
            elements = std::max<std::size_t>(type.elements.size(), 1);
            break;
        case Kind::integer:
        case Kind::floating:
        case Kind::duration:
            number(place, type);
            break;
        case Kind::model:
            refer(place, document_.find_model(type.reference) != nullptr);
            break;
        case Kind::enumeration:
            refer(place, document_.find_enumeration(type.reference) != nullptr);
            break;
        case Kind::nothing:
        case Kind::boolean:
        case Kind::text:
        case Kind::bytes:
        case Kind::uuid:
        case Kind::timestamp:
        case Kind::absolute_path:
        case Kind::relative_path:
        case Kind::dynamic:
            break;
        }
        if (type.elements.size() != elements) {
            add(below(place, "elements"), "This kind has another number of them", "elements");
        }
        for (std::size_t at = 0; at < type.elements.size(); ++at) {
            this->type(below(below(place, "elements"), at), type.elements[at]);
        }
    }

    void number(const Place& place, const DataType& type) {
        const bool is_narrow =
            type.kind == Type::Kind::integer && (type.bits == 8 || type.bits == 16);
        if (!is_narrow && type.bits != 32 && type.bits != 64) {
            add(below(place, "bits"), "A number has 8, 16, 32 or 64 of them", "bits");
        }
    }

    void refer(const Place& place, bool is_there) {
        if (!is_there) {
            add(below(place, "reference"), "Nothing in the document has this id", "reference");
        }
    }

    void model(const Place& place, const ModelDocument& model) {
        for (std::size_t at = 0; at < model.fields.size(); ++at) {
            const Place here = below(below(place, "fields"), at);
            type(below(here, "type"), model.fields[at].type);
            for (std::size_t before = 0; before < at; ++before) {
                if (model.fields[before].name == model.fields[at].name) {
                    add(below(here, "name"), "The model has it twice", "duplicate");
                }
            }
        }
    }

    void method(const Place& place, const MethodDocument& method) {
        type(below(place, "request"), method.request);
        type(below(place, "response"), method.response);
        if (method.part) {
            type(below(place, "part"), *method.part);
        }
        for (std::size_t at = 0; at < method.failures.size(); ++at) {
            if (method.failures[at].data) {
                type(below(below(below(place, "failures"), at), "data"), *method.failures[at].data);
            }
        }
    }

    const Document& document_;
    std::vector<FieldError> errors_;
};

}  // namespace

std::vector<FieldError> check(const Document& document) {
    return DocumentCheck{document}.run();
}

std::vector<FieldError> check_fingerprints(const Document& document) {
    const auto wrong = [](std::vector<PathStep> place) {
        return FieldError{std::move(place), "It is not the fingerprint of what stands there",
                          "fingerprint"};
    };
    std::vector<FieldError> errors;
    for (std::size_t at = 0; at < document.methods.size(); ++at) {
        if (fingerprint(document, document.methods[at]) != document.methods[at].fingerprint) {
            errors.push_back(wrong({"methods", at, "fingerprint"}));
            break;  // who changed one thing by hand need not read of all that has it
        }
    }
    if (errors.empty() && fingerprint(document) != document.fingerprint) {
        errors.push_back(wrong({"fingerprint"}));
    }
    return errors;
}

}  // namespace warren::contract
