#include "contract/registered.hpp"

#include <warren/arena.hpp>
#include <warren/model.hpp>
#include <warren/version.hpp>

#include "format/json/json.hpp"
#include "model/render.hpp"
#include "model/secret_types.hpp"
#include "model/secrets.hpp"
#include "model/validate.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

namespace warren::contract {
namespace {

using Kind = Type::Kind;

constexpr std::uint32_t byte_bits = 8;

/// "list_orders" as "ListOrders".
std::string camel_of(std::string_view name) {
    std::string camel;
    bool start = true;
    for (const char letter : name) {
        const bool is_letter = letter >= 'a' && letter <= 'z';
        const bool is_part =
            is_letter || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
        if (is_part) {
            camel += start && is_letter ? static_cast<char>(letter - 'a' + 'A') : letter;
        }
        start = !is_part;
    }
    return camel;
}

/// A value as it is in a document that was written and is read again: bytes are texts there.
Dynamic as_read_again(const Value& value) {
    Arena arena;
    std::string text;
    if (!format::json_encode(value, text)) {
        return Dynamic{value};
    }
    const auto read = format::json_decode(text, arena);
    return Dynamic{read ? *read : value};
}

/// What a document calls a model or an enumeration.
class DefinitionIds {
public:
    /// Go through all that a method refers to, in the order that it is told.
    void add(const Method& method) {
        method_ = &method;
        for (const Type* type : {method.request, method.response, method.part}) {
            if (type != nullptr) {
                visit(*type);
            }
        }
        for (const MethodFailure& failure : method.failures) {
            if (failure.data != nullptr) {
                visit(*failure.data);
            }
        }
    }

    /// Give each an id: its name where no other has it.
    void choose() {
        std::map<std::string_view, std::size_t> counts;
        for (const Definition& definition : definitions_) {
            ++counts[name_of(*definition.type)];
        }
        std::set<std::string> taken;
        for (Definition& definition : definitions_) {
            const std::string_view name = name_of(*definition.type);
            if (counts[name] == 1 && !is_parameters(*definition.type)) {
                definition.id = name;
                taken.insert(definition.id);
            }
        }
        for (Definition& definition : definitions_) {
            if (definition.id.empty()) {
                const std::string base =
                    camel_of(definition.method->name) + std::string{name_of(*definition.type)};
                definition.id = base;
                for (int more = 2; !taken.insert(definition.id).second; ++more) {
                    definition.id = base + std::to_string(more);
                }
            }
        }
    }

    struct Definition {
        const Type* type;
        const Method* method;  // the first that has it
        std::string id{};
    };
    const std::vector<Definition>& all() const noexcept { return definitions_; }
    const std::string& of(const Type& type) const {
        return definitions_[positions_.at(identity(type))].id;
    }

private:
    static const void* identity(const Type& type) {
        return type.model ? static_cast<const void*>(type.model())
                          : static_cast<const void*>(type.enumerators.data());
    }
    static std::string_view name_of(const Type& type) {
        return type.model ? std::string_view{type.model()->name} : type.name;
    }
    static bool is_parameters(const Type& type) {
        return type.model && type.model()->shape == ModelShape::parameters;
    }

    void visit(const Type& type) {
        if (type.element != nullptr) {
            visit(*type.element);
        }
        for (const Type* alternative : type.alternatives) {
            visit(*alternative);
        }
        if (type.kind != Kind::model && type.kind != Kind::enumeration) {
            return;
        }
        if (!positions_.emplace(identity(type), definitions_.size()).second) {
            return;
        }
        definitions_.push_back({&type, method_});
        if (type.model) {
            for (const Field& field : type.model()->fields) {
                visit(*field.type);
            }
        }
    }

    const Method* method_ = nullptr;
    std::vector<Definition> definitions_;
    std::map<const void*, std::size_t> positions_;
};

std::vector<std::string> messages_of(const std::vector<Constraints::Check>& checks) {
    std::vector<std::string> messages;
    std::ranges::transform(checks, std::back_inserter(messages), &Constraints::Check::message);
    return messages;
}

/// Makes the parts of a document from descriptions.
class DocumentMaker {
public:
    Document make(std::span<const Method* const> methods) {
        for (const Method* method : methods) {
            ids_.add(*method);
        }
        ids_.choose();
        Document document{.warren_version = WARREN_VERSION};
        for (const DefinitionIds::Definition& definition : ids_.all()) {
            if (definition.type->model) {
                document.models.push_back(model(definition));
            } else {
                document.enumerations.push_back(enumeration(definition));
            }
        }
        std::ranges::sort(document.models, {}, &ModelDocument::id);
        std::ranges::sort(document.enumerations, {}, &EnumerationDocument::id);
        for (const Method* each : methods) {
            document.methods.push_back(method(*each));
        }
        for (MethodDocument& each : document.methods) {
            each.fingerprint = fingerprint(document, each);
        }
        document.fingerprint = fingerprint(document);
        return document;
    }

private:
    DataType type(const Type& described) const {
        DataType data{.kind = described.kind};
        switch (described.kind) {
        case Kind::integer:
            data.is_signed = described.is_signed;
            data.bits = static_cast<std::uint32_t>(described.size_bytes) * byte_bits;
            break;
        case Kind::floating:
            data.bits = static_cast<std::uint32_t>(described.size_bytes) * byte_bits;
            break;
        case Kind::duration:
            // Of fewer than 32 bits there is none.
            data.bits = static_cast<std::uint32_t>(described.size_bytes) * byte_bits;
            data.period = described.period;
            break;
        case Kind::array:
            data.length = described.length;
            break;
        case Kind::model:
        case Kind::enumeration:
            data.reference = ids_.of(described);
            break;
        default:
            break;
        }
        if (described.element != nullptr) {
            data.elements.push_back(type(*described.element));
        }
        for (const Type* alternative : described.alternatives) {
            data.elements.push_back(type(*alternative));
        }
        return data;
    }

    static bool is_secret(const Type& type) {
        return type.kind == Kind::secret ||
               (type.kind == Kind::optional && is_secret(*type.element));
    }

    /// What may be shown of an example.
    static Dynamic shown(const Type& type, const Dynamic& example) {
        Arena arena;
        return Dynamic{model::redact(type, example.value(), arena)};
    }

    static Demands demands(const Constraints& constraints) {
        const auto owned = [](const std::optional<Value>& bound) {
            return bound ? std::optional{Dynamic{*bound}} : std::nullopt;
        };
        return {.greater_than = owned(constraints.greater_than),
                .at_least = owned(constraints.at_least),
                .less_than = owned(constraints.less_than),
                .at_most = owned(constraints.at_most),
                .min_length = constraints.min_length,
                .max_length = constraints.max_length,
                .pattern = constraints.pattern ? constraints.pattern->expression() : std::string{},
                .checks = messages_of(constraints.checks)};
    }

    FieldDocument field(const Model& model, const Field& described) const {
        FieldDocument field{
            .name = described.name,
            .type = type(*described.type),
            .required = described.required,
            .is_secret = model::is_secret_name(described.name) || is_secret(*described.type),
            .description = described.description,
            .demands = demands(described.constraints)};
        if (model::holds_secret(described)) {
            return field;
        }
        field.examples = described.examples;
        const void* const held = described.access_const(model.defaults.get());
        if (!described.required && model::validate(*described.type, held).empty()) {
            Arena arena;
            const Value value = model::render(*described.type, held, arena);
            if (!value.is_null()) {
                field.default_value = as_read_again(value);
            }
        }
        return field;
    }

    ModelDocument model(const DefinitionIds::Definition& definition) const {
        const Model& described = *definition.type->model();
        ModelDocument model{.id = definition.id,
                            .name = described.name,
                            .description = described.description,
                            .forbids_extra = described.extra_fields == ExtraFields::forbid,
                            .is_parameters = described.shape == ModelShape::parameters,
                            .checks = messages_of(described.checks)};
        for (const Field& each : described.fields) {
            model.fields.push_back(field(described, each));
        }
        return model;
    }

    static EnumerationDocument enumeration(const DefinitionIds::Definition& definition) {
        EnumerationDocument enumeration{.id = definition.id,
                                        .name = std::string{definition.type->name},
                                        .description = std::string{definition.type->description}};
        for (const Enumerator& each : definition.type->enumerators) {
            enumeration.enumerators.push_back(
                {std::string{each.name}, std::string{each.description}});
        }
        return enumeration;
    }

    MethodDocument method(const Method& described) const {
        MethodDocument method{.name = described.name,
                              .description = described.description,
                              .module = std::filesystem::path{described.origin}.stem().string(),
                              .since = described.since,
                              .deprecated = described.deprecated,
                              .tags = described.tags,
                              .request = type(*described.request),
                              .response = type(*described.response),
                              .lock_field = described.locking == Locking::field
                                                ? described.lock_field->name
                                                : std::string{},
                              .runs_alone = described.locking == Locking::alone,
                              .lock_name = described.lock_name,
                              .is_idempotent = described.idempotent,
                              .runs_on_io_thread = described.execution == Execution::io_thread};
        if (described.part != nullptr) {
            method.part = type(*described.part);
        }
        for (const MethodFailure& failure : described.failures) {
            FailureDocument& told = method.failures.emplace_back(failure.code, failure.description);
            if (failure.data != nullptr) {
                told.data = type(*failure.data);
            }
        }
        for (const MethodExample& example : described.examples) {
            ExampleDocument& told = method.examples.emplace_back(
                example.name, shown(*described.request, example.request));
            if (example.response) {
                told.response = shown(*described.response, *example.response);
            }
        }
        return method;
    }

    DefinitionIds ids_;
};

}  // namespace

Document document_of(std::span<const Method* const> methods) {
    return DocumentMaker{}.make(methods);
}

}  // namespace warren::contract
