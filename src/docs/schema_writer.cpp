#include "docs/schema_writer.hpp"

#include "core/path.hpp"
#include "docs/ecma_pattern.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

namespace warren::docs {
namespace {

using contract::DataType;
using contract::Demands;
using Kind = Type::Kind;

// A Fernet token in base64url: the version comes first.                   [Fernet specification]
constexpr std::string_view token_pattern = "^gAAAA[A-Za-z0-9_-]+={0,2}$";

/// "favourite_food" as "Favourite Food".
std::string title_of(std::string_view name) {
    std::string title{name};
    bool start = true;
    for (char& letter : title) {
        if (letter == '_') {
            letter = ' ';
        } else if (start && letter >= 'a' && letter <= 'z') {
            letter = static_cast<char>(letter - 'a' + 'A');
        }
        start = letter == ' ';
    }
    return title;
}

void mark_secret(Keywords& into) {
    into.set("writeOnly", Value::boolean(true));
    into.set("x-warren-secret", Value::boolean(true));
}

void add_lengths(const Demands& demands, std::string_view minimum, std::string_view maximum,
                 Keywords& into) {
    if (demands.min_length) {
        into.set(minimum, *demands.min_length);
    }
    if (demands.max_length) {
        into.set(maximum, *demands.max_length);
    }
}

constexpr std::int64_t least_of(std::uint32_t bits) noexcept {
    return std::numeric_limits<std::int64_t>::min() >> (64U - bits);
}

constexpr std::uint64_t greatest_of(std::uint32_t bits, bool is_signed) noexcept {
    return std::numeric_limits<std::uint64_t>::max() >> (64U - bits + (is_signed ? 1U : 0U));
}

}  // namespace

std::string_view SchemaWriter::prefix() const noexcept {
    switch (form_) {
    case SchemaForm::json_schema:
        return "#/$defs/";
    case SchemaForm::reference:
    case SchemaForm::bundle:
        return "#/definitions/";
    case SchemaForm::components:
        return "#/components/schemas/";
    }
    std::unreachable();
}

std::string SchemaWriter::reserve(const std::string& wanted) {
    const auto is_id = [this](const std::string& name) {
        return form_ == SchemaForm::bundle && (document_.find_model(name) != nullptr ||
                                               document_.find_enumeration(name) != nullptr);
    };
    std::string unique = wanted;
    for (int suffix = 2; is_id(unique) || !names_.insert(unique).second; ++suffix) {
        unique = wanted + "_" + std::to_string(suffix);
    }
    return unique;
}

std::string_view SchemaWriter::refer(const DataType& type) {
    if (const auto known = positions_.find(type.reference); known != positions_.end()) {
        return definitions_[known->second].reference;
    }
    const bool by_name = form_ == SchemaForm::json_schema || form_ == SchemaForm::reference;
    const std::string unique =
        by_name
            ? reserve(type.kind == Kind::model ? document_.find_model(type.reference)->name
                                               : document_.find_enumeration(type.reference)->name)
            : type.reference;
    positions_.emplace(type.reference, definitions_.size());
    definitions_.push_back({type, keep(std::string{prefix()} + unique)});
    return definitions_.back().reference;
}

/// Describing one definition may refer to others, so the list grows while it is walked.
Value SchemaWriter::definitions() {
    Keywords all;
    for (std::size_t index = 0; index < definitions_.size(); ++index) {
        const DataType type = definitions_[index].type;
        Keywords content;
        describe_definition(type, content);
        all.set(definitions_[index].reference.substr(prefix().size()), content.value(arena_));
    }
    return all.empty() ? Value{} : all.value(arena_);
}

Value SchemaWriter::part(const DataType& type, const Demands& demands) {
    Keywords content;
    describe(type, demands, content);
    return content.value(arena_);
}

Value SchemaWriter::field(const contract::FieldDocument& field) {
    Keywords content;
    describe_field(field, content);
    return content.value(arena_);
}

void SchemaWriter::describe_definition(const DataType& type, Keywords& into) {
    if (type.kind == Kind::model) {
        describe_model(*document_.find_model(type.reference), into);
    } else {
        describe_enumeration(*document_.find_enumeration(type.reference), into);
    }
}

void SchemaWriter::describe_enumeration(const contract::EnumerationDocument& enumeration,
                                        Keywords& into) {
    std::vector<Value> names;
    Keywords descriptions;
    for (const contract::EnumeratorDocument& enumerator : enumeration.enumerators) {
        names.push_back(Value::text(enumerator.name));
        if (!enumerator.description.empty()) {
            descriptions.set(enumerator.name, enumerator.description);
        }
    }
    into.set("title", enumeration.name);
    if (!enumeration.description.empty()) {
        into.set("description", enumeration.description);
    }
    into.set("type", "string");
    into.set("enum", list(names));
    if (!descriptions.empty()) {
        into.set("x-warren-enum-descriptions", descriptions.value(arena_));
    }
}

void SchemaWriter::describe_model(const contract::ModelDocument& model, Keywords& into) {
    Keywords properties;
    std::vector<Value> required;
    for (const contract::FieldDocument& field : model.fields) {
        Keywords property;
        describe_field(field, property);
        properties.set(field.name, property.value(arena_));
        if (field.required) {
            required.push_back(Value::text(field.name));
        }
    }
    into.set("title", model.name);
    if (!model.description.empty()) {
        into.set("description", model.description);
    }
    into.set("type", "object");
    into.set("properties", properties.value(arena_));
    if (!required.empty()) {
        into.set("required", list(required));
    }
    if (model.forbids_extra) {
        into.set("additionalProperties", Value::boolean(false));
    }
}

void SchemaWriter::describe_field(const contract::FieldDocument& field, Keywords& into) {
    Keywords content;
    if (field.is_secret && field.type.kind != Kind::secret) {
        describe_secret(field.type, field.demands, content);
    } else {
        describe(field.type, field.demands, content);
    }
    const bool refers = field.type.kind == Kind::model || field.type.kind == Kind::enumeration;
    // Beside a reference older readers see nothing else, and a title is not worth the detour.
    const bool is_bare = form_ != SchemaForm::json_schema && refers;
    if (!is_bare) {
        into.set("title", keep(title_of(field.name)));
    }
    if (!field.description.empty()) {
        into.set("description", field.description);
    }
    const bool has_null = !field.required && !field.default_value && !field.is_secret &&
                          (field.type.kind == Kind::optional || field.type.kind == Kind::dynamic);
    const bool says_more =
        !field.description.empty() || field.default_value || has_null || !field.examples.empty();
    if (is_bare && says_more) {
        into.set("allOf", list({content.value(arena_)}));
    } else {
        into.append(content);
    }
    if (field.default_value || has_null) {
        into.set("default", field.default_value ? field.default_value->value() : Value{});
    }
    if (!field.examples.empty()) {
        std::vector<Value> examples;
        std::ranges::transform(field.examples, std::back_inserter(examples), &Dynamic::value);
        into.set("examples", list(examples));
    }
}

/// On the wire it is a token where the server has keys, and the content itself where it has none.
void SchemaWriter::describe_secret(const DataType& type, const Demands& demands, Keywords& into) {
    Keywords token;
    token.set("type", "string");
    token.set("pattern", token_pattern);
    into.set("anyOf", list({token.value(arena_), part(type, demands)}));
    mark_secret(into);
}

// NOLINTNEXTLINE(readability-function-size): a case for each kind
void SchemaWriter::describe(const DataType& type, const Demands& demands, Keywords& into) {
    switch (type.kind) {
    case Kind::nothing:
        into.set("type", "null");
        return;
    case Kind::boolean:
        into.set("type", "boolean");
        return;
    case Kind::integer:
        into.set("type", "integer");
        add_number_bounds(type, demands, into);
        return;
    case Kind::floating:
        into.set("type", "number");
        add_number_bounds(type, demands, into);
        return;
    case Kind::text:
        into.set("type", "string");
        add_lengths(demands, "minLength", "maxLength", into);
        add_pattern(demands, into);
        return;
    case Kind::bytes:  // no keyword counts bytes
        into.set("type", "string");
        into.set("contentEncoding", "base64");
        add_lengths(demands, "x-warren-min-bytes", "x-warren-max-bytes", into);
        return;
    case Kind::enumeration:
    case Kind::model:
        into.set("$ref", refer(type));
        return;
    case Kind::secret:
        describe_secret(type.elements.front(), demands, into);
        return;
    case Kind::optional:
    case Kind::list:
    case Kind::set:
    case Kind::array:
    case Kind::map:
    case Kind::choice:
        describe_container(type, demands, into);
        return;
    case Kind::uuid:
        into.set("type", "string");
        into.set("format", "uuid");
        return;
    case Kind::timestamp:
        into.set("type", "string");
        into.set("format", "date-time");
        return;
    case Kind::duration:  // bounds are seconds, and no keyword is
        into.set("type", "string");
        into.set("format", "duration");
        return;
    case Kind::absolute_path:
    case Kind::relative_path:
        describe_path(type, demands, into);
        return;
    case Kind::dynamic:
        describe_dynamic(type, demands, into);
        return;
    }
}

void SchemaWriter::describe_container(const DataType& type, const Demands& demands,
                                      Keywords& into) {
    if (type.kind == Kind::choice) {
        std::vector<Value> parts;
        parts.reserve(type.elements.size());
        for (const DataType& alternative : type.elements) {
            parts.push_back(part(alternative, demands));
        }
        into.set("anyOf", list(parts));
        return;
    }
    const DataType& element = type.elements.front();
    if (type.kind == Kind::optional) {
        Keywords null;
        null.set("type", "null");
        into.set("anyOf", list({part(element, demands), null.value(arena_)}));
        return;
    }
    const bool is_map = type.kind == Kind::map;
    into.set("type", is_map ? "object" : "array");
    into.set(is_map ? "additionalProperties" : "items", part(element));
    if (type.kind == Kind::array) {
        into.set("minItems", type.length);
        into.set("maxItems", type.length);
        return;
    }
    if (type.kind == Kind::set) {
        into.set("uniqueItems", Value::boolean(true));
    }
    add_lengths(demands, is_map ? "minProperties" : "minItems",
                is_map ? "maxProperties" : "maxItems", into);
}

void SchemaWriter::describe_path(const DataType& type, const Demands& demands, Keywords& into) {
    const bool absolute = type.kind == Kind::absolute_path;
    into.set("type", "string");
    into.set("minLength", std::max<std::size_t>(demands.min_length.value_or(1), 1));
    into.set("maxLength",
             std::min(demands.max_length.value_or(core::path_bytes_max), core::path_bytes_max));
    if (!demands.pattern.empty()) {
        add_pattern(demands, into);
    } else {
        into.set("pattern", absolute ? "^/" : "^[^/]");
    }
    into.set("x-warren-path", absolute ? "absolute" : "relative");
}

void SchemaWriter::describe_dynamic(const DataType& type, const Demands& demands, Keywords& into) {
    add_number_bounds(type, demands, into);
    add_lengths(demands, "minLength", "maxLength", into);
    add_lengths(demands, "minItems", "maxItems", into);
    add_lengths(demands, "minProperties", "maxProperties", into);
    add_pattern(demands, into);
}

void SchemaWriter::add_number_bounds(const DataType& type, const Demands& demands, Keywords& into) {
    if (demands.greater_than) {
        into.set("exclusiveMinimum", demands.greater_than->value());
    }
    if (demands.less_than) {
        into.set("exclusiveMaximum", demands.less_than->value());
    }
    // What the integer's width allows, unless the description is stricter.
    const bool is_integer = type.kind == Kind::integer;
    const bool is_narrow = is_integer && type.bits < 64;
    if (demands.at_least) {
        into.set("minimum", demands.at_least->value());
    } else if (!demands.greater_than && (is_narrow || (is_integer && !type.is_signed))) {
        into.set("minimum", Value::integer(type.is_signed ? least_of(type.bits) : 0));
    }
    if (demands.at_most) {
        into.set("maximum", demands.at_most->value());
    } else if (!demands.less_than && is_narrow) {
        into.set("maximum", Value::unsigned_integer(greatest_of(type.bits, type.is_signed)));
    }
}

void SchemaWriter::add_pattern(const Demands& demands, Keywords& into) {
    if (!demands.pattern.empty()) {
        into.set(is_ecma_pattern(demands.pattern) ? "pattern" : "x-warren-re2-pattern",
                 demands.pattern);
    }
}

}  // namespace warren::docs
