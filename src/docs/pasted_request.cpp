#include "docs/pasted_request.hpp"

#include "docs/sample.hpp"
#include "model/secrets.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace warren::docs {
namespace {

using contract::DataType;
using contract::FieldDocument;
using contract::ModelDocument;
using Kind = Type::Kind;

// Those of addresses.
constexpr std::array<std::string_view, 3> taken_names{"USER", "PASSWORD", "PORT"};

std::string placeholder_name(std::string_view field) {
    constexpr std::size_t length_max = 60;
    std::string name{field.substr(0, length_max)};
    bool has_letters = false;
    for (char& character : name) {
        const bool is_lower = character >= 'a' && character <= 'z';
        const bool is_upper = character >= 'A' && character <= 'Z';
        const bool is_digit = character >= '0' && character <= '9';
        has_letters |= is_lower || is_upper;
        if (is_lower) {
            character = static_cast<char>(character - 'a' + 'A');
        } else if (!is_upper && !is_digit) {
            character = '_';
        }
    }
    if (!has_letters) {
        return "SECRET";
    }
    return std::ranges::find(taken_names, name) == taken_names.end() ? name : "REQUEST_" + name;
}

/// An example with a placeholder for each secret that is hidden in it.
class PastedExample {
public:
    PastedExample(const contract::Document& document, SecretNames& names)
        : document_{document}, names_{names} {}

    /// in   type: nullptr where it is not known
    Dynamic of(const Value& value, const DataType* type, const FieldDocument* field,
               std::string_view name) {
        while (type != nullptr && (type->kind == Kind::optional || type->kind == Kind::secret) &&
               !type->elements.empty()) {
            type = &type->elements[0];
        }
        if (value.is_list()) {
            return items(value, type, name);
        }
        if (value.is_map()) {
            return members(value, type);
        }
        if (!value.is_text() || value.as_text() != model::hidden_secret) {
            return Dynamic{value};
        }
        return field != nullptr && field->is_secret ? sample_secret(document_, *field, names_)
                                                    : names_.next(name, true);
    }

private:
    const contract::ModelDocument* model_of(const DataType* type) const {
        return type != nullptr && type->kind == Kind::model ? document_.find_model(type->reference)
                                                            : nullptr;
    }

    Dynamic items(const Value& value, const DataType* type, std::string_view name) {
        const auto* const model = model_of(type);  // whose fields came by position
        Dynamic list = Dynamic::list({});
        for (std::size_t at = 0; at < value.as_list().size(); ++at) {
            const Value& item = value.as_list()[at];
            if (model != nullptr && at < model->fields.size()) {
                const FieldDocument& field = model->fields[at];
                list.push_back(of(item, &field.type, &field, field.name));
            } else {
                const bool is_known = model == nullptr && type != nullptr &&
                                      type->kind != Kind::choice && !type->elements.empty();
                list.push_back(of(item, is_known ? &type->elements[0] : nullptr, nullptr, name));
            }
        }
        return list;
    }

    Dynamic members(const Value& value, const DataType* type) {
        const auto* const model = model_of(type);
        Dynamic object = Dynamic::map({});
        for (const Member& member : value.as_map()) {
            const std::string name{member.key.is_text() ? member.key.as_text()
                                                        : std::string_view{}};
            const FieldDocument* field = nullptr;
            if (model != nullptr) {
                const auto found =
                    std::ranges::find(model->fields, name, &contract::FieldDocument::name);
                field = found == model->fields.end() ? nullptr : &*found;
            }
            const bool is_map = type != nullptr && type->kind == Kind::map;
            const DataType* const inside = field != nullptr ? &field->type
                                           : is_map         ? &type->elements[0]
                                                            : nullptr;
            object.insert_or_assign(name, of(member.value, inside, field, name));
        }
        return object;
    }

    const contract::Document& document_;
    SecretNames& names_;
};

}  // namespace

Dynamic SecretNames::next(std::string_view field, bool is_text) {
    const std::string first = placeholder_name(field);
    std::string name = first;
    for (std::size_t count = 2;
         std::ranges::find(secrets_, name, &SecretPlaceholder::name) != secrets_.end(); ++count) {
        name = first + '_' + std::to_string(count);
    }
    secrets_.push_back({name, std::string{field}, is_text});
    return name;
}

PastedRequest pasted_request(const contract::Document& document,
                             const contract::MethodDocument& method) {
    SecretNames names;
    Dynamic request = method.examples.empty() ? sample_request(document, method, names)
                                              : PastedExample{document, names}.of(
                                                    method.examples.front().request.value(),
                                                    &method.request, nullptr, {});
    return {std::move(request), std::move(names).take()};
}

}  // namespace warren::docs
