#include "model/json_schema.hpp"

#include <warren/arena.hpp>
#include <warren/model.hpp>

#include "core/path.hpp"
#include "model/number.hpp"
#include "model/render.hpp"
#include "model/secret_types.hpp"
#include "model/secrets.hpp"
#include "model/validate.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::model {
namespace {

/// A JSON object in the making.
class Keywords {
public:
    void set(std::string_view keyword, const Value& value) {
        members_.push_back({Value::text(keyword), value});
    }
    void set(std::string_view keyword, std::string_view text) { set(keyword, Value::text(text)); }
    void set(std::string_view keyword, std::size_t number) {
        set(keyword, Value::unsigned_integer(number));
    }
    void append(const Keywords& others) {
        members_.insert(members_.end(), others.members_.begin(), others.members_.end());
    }
    bool empty() const noexcept { return members_.empty(); }
    Value value(Arena& arena) const {
        return Value::map(arena.copy(std::span<const Member>{members_}));
    }

private:
    std::vector<Member> members_;
};

/// What stands in `$defs`: a model or an enumeration.
struct Definition {
    const void* identity;
    const Type* type;
    std::string_view reference;  // "#/$defs/" and the name
    bool referred = false;       // the root is referred to only when it nests itself
};

/// "favourite_food" as "Favourite Food".
std::string title_of(std::string_view name) {
    std::string title{name};
    bool start = true;
    for (char& character : title) {
        if (character == '_') {
            character = ' ';
        } else if (start && character >= 'a' && character <= 'z') {
            character = static_cast<char>(character - 'a' + 'A');
        }
        start = character == ' ';
    }
    return title;
}

class SchemaWriter {
public:
    Dynamic write(const Type& root) {
        Keywords schema;
        schema.set("$schema", "https://json-schema.org/draft/2020-12/schema");
        if (root.kind != Type::Kind::model && root.kind != Type::Kind::enumeration) {
            describe(root, Constraints{}, schema);
            add_definitions(schema, 0);
            return Dynamic{schema.value(arena_)};
        }
        define(root);
        Keywords content;
        describe_definition(root, content);
        Keywords definitions;
        add_definitions(definitions, 1);
        if (definitions_.front().referred) {
            schema.set("$ref", definitions_.front().reference);
            add_definitions(schema, 0);
        } else {
            schema.append(content);
            schema.append(definitions);
        }
        return Dynamic{schema.value(arena_)};
    }

private:
    static constexpr std::string_view prefix = "#/$defs/";

    std::size_t define(const Type& type) {
        const bool is_model = type.kind == Type::Kind::model;
        const void* identity = is_model ? static_cast<const void*>(type.model())
                                        : static_cast<const void*>(type.enumerators.data());
        const auto known = std::ranges::find(definitions_, identity, &Definition::identity);
        if (known != definitions_.end()) {
            return static_cast<std::size_t>(known - definitions_.begin());
        }
        const std::string name{is_model ? std::string_view{type.model()->name} : type.name};
        std::string unique = name;
        for (int suffix = 2; !names_.insert(unique).second; ++suffix) {
            unique = name + "_" + std::to_string(suffix);
        }
        definitions_.push_back(
            {identity, &type, arena_.copy(std::string_view{std::string{prefix} + unique})});
        return definitions_.size() - 1;
    }

    std::string_view refer(const Type& type) {
        Definition& definition = definitions_[define(type)];
        definition.referred = true;
        return definition.reference;
    }

    /// Describing one definition may refer to others, so the list grows while it is walked.
    void add_definitions(Keywords& schema, std::size_t first) {
        Keywords all;
        for (std::size_t index = first; index < definitions_.size(); ++index) {
            Keywords content;
            describe_definition(*definitions_[index].type, content);
            const std::string_view name = definitions_[index].reference.substr(prefix.size());
            all.set(name, content.value(arena_));
        }
        if (!all.empty()) {
            schema.set("$defs", all.value(arena_));
        }
    }

    void describe_definition(const Type& type, Keywords& into) {
        if (type.kind == Type::Kind::model) {
            describe_model(*type.model(), into);
            return;
        }
        std::vector<Value> names;
        for (const Enumerator& enumerator : type.enumerators) {
            names.push_back(Value::text(enumerator.name));
        }
        into.set("title", type.name);
        into.set("type", "string");
        into.set("enum", list(names));
    }

    void describe_model(const Model& model, Keywords& into) {
        Keywords properties;
        std::vector<Value> required;
        for (const Field& field : model.fields) {
            Keywords property;
            describe_field(model, field, property);
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
        if (model.extra_fields == ExtraFields::forbid) {
            into.set("additionalProperties", Value::boolean(false));
        }
    }

    void describe_field(const Model& model, const Field& field, Keywords& into) {
        into.set("title", arena_.copy(std::string_view{title_of(field.name)}));
        if (!field.description.empty()) {
            into.set("description", field.description);
        }
        describe(*field.type, field.constraints, into);
        if (is_secret_name(field.name) && field.type->kind != Type::Kind::secret) {
            mark_secret(into);
        }
        if (holds_secret(field)) {
            return;
        }
        if (!field.required) {
            const void* held = field.access_const(model.defaults.get());
            if (validate(*field.type, held).empty()) {
                into.set("default", render(*field.type, held, arena_));
            }
        }
        if (!field.examples.empty()) {
            std::vector<Value> examples;
            examples.reserve(field.examples.size());
            for (const Dynamic& example : field.examples) {
                examples.push_back(example.value());
            }
            into.set("examples", list(examples));
        }
    }

    static void mark_secret(Keywords& into) {
        into.set("writeOnly", Value::boolean(true));
        into.set("x-warren-secret", Value::boolean(true));
    }

    // NOLINTNEXTLINE(readability-function-size): a case for each kind
    void describe(const Type& type, const Constraints& constraints, Keywords& into) {
        switch (type.kind) {
        case Type::Kind::nothing:
            into.set("type", "null");
            return;
        case Type::Kind::boolean:
            into.set("type", "boolean");
            return;
        case Type::Kind::integer:
            into.set("type", "integer");
            add_number_bounds(type, constraints, into);
            return;
        case Type::Kind::floating:
            into.set("type", "number");
            add_number_bounds(type, constraints, into);
            return;
        case Type::Kind::text:
            into.set("type", "string");
            add_lengths(constraints, "minLength", "maxLength", into);
            add_pattern(constraints, into);
            return;
        case Type::Kind::bytes:  // lengths count bytes, and no keyword does
            into.set("type", "string");
            into.set("contentEncoding", "base64");
            return;
        case Type::Kind::enumeration:
        case Type::Kind::model:
            into.set("$ref", refer(type));
            return;
        case Type::Kind::optional: {
            Keywords null;
            null.set("type", "null");
            into.set("anyOf", list({part(*type.element, constraints), null.value(arena_)}));
            return;
        }
        case Type::Kind::list:
            into.set("type", "array");
            into.set("items", part(*type.element, Constraints{}));
            add_lengths(constraints, "minItems", "maxItems", into);
            return;
        case Type::Kind::set:
            into.set("type", "array");
            into.set("items", part(*type.element, Constraints{}));
            into.set("uniqueItems", Value::boolean(true));
            add_lengths(constraints, "minItems", "maxItems", into);
            return;
        case Type::Kind::array:
            into.set("type", "array");
            into.set("items", part(*type.element, Constraints{}));
            into.set("minItems", type.length);
            into.set("maxItems", type.length);
            return;
        case Type::Kind::map:
            into.set("type", "object");
            into.set("additionalProperties", part(*type.element, Constraints{}));
            add_lengths(constraints, "minProperties", "maxProperties", into);
            return;
        case Type::Kind::choice: {
            std::vector<Value> parts;
            for (const Type* alternative : type.alternatives) {
                parts.push_back(part(*alternative, constraints));
            }
            into.set("anyOf", list(parts));
            return;
        }
        case Type::Kind::secret:
            describe(*type.element, constraints, into);
            mark_secret(into);
            return;
        case Type::Kind::uuid:
            into.set("type", "string");
            into.set("format", "uuid");
            return;
        case Type::Kind::timestamp:
            into.set("type", "string");
            into.set("format", "date-time");
            return;
        case Type::Kind::duration:  // bounds are seconds, and no keyword is
            into.set("type", "string");
            into.set("format", "duration");
            return;
        case Type::Kind::absolute_path:
        case Type::Kind::relative_path:
            describe_path(type, constraints, into);
            return;
        case Type::Kind::dynamic:
            add_number_bounds(type, constraints, into);
            add_lengths(constraints, "minLength", "maxLength", into);
            add_lengths(constraints, "minItems", "maxItems", into);
            add_lengths(constraints, "minProperties", "maxProperties", into);
            add_pattern(constraints, into);
            return;
        }
    }

    void describe_path(const Type& type, const Constraints& constraints, Keywords& into) {
        const bool absolute = type.kind == Type::Kind::absolute_path;
        into.set("type", "string");
        into.set("minLength", std::max<std::size_t>(constraints.min_length.value_or(1), 1));
        into.set("maxLength", std::min(constraints.max_length.value_or(core::path_bytes_max),
                                       core::path_bytes_max));
        if (constraints.pattern) {
            add_pattern(constraints, into);
        } else {
            into.set("pattern", absolute ? "^/" : "^[^/]");
        }
        into.set("x-warren-path", absolute ? "absolute" : "relative");
    }

    Value part(const Type& type, const Constraints& constraints) {
        Keywords content;
        describe(type, constraints, content);
        return content.value(arena_);
    }

    Value list(std::span<const Value> items) { return Value::list(arena_.copy(items)); }
    Value list(std::initializer_list<Value> items) {
        return list(std::span<const Value>{items.begin(), items.size()});
    }

    static void add_number_bounds(const Type& type, const Constraints& constraints,
                                  Keywords& into) {
        if (constraints.greater_than) {
            into.set("exclusiveMinimum", *constraints.greater_than);
        }
        if (constraints.less_than) {
            into.set("exclusiveMaximum", *constraints.less_than);
        }
        // What the integer's width allows, unless the description is stricter.
        const bool integer = type.kind == Type::Kind::integer;
        const bool narrow = integer && type.size_bytes < sizeof(std::int64_t);
        if (constraints.at_least) {
            into.set("minimum", *constraints.at_least);
        } else if (!constraints.greater_than && (narrow || (integer && !type.is_signed))) {
            into.set("minimum", Value::integer(range_of(type).least));
        }
        if (constraints.at_most) {
            into.set("maximum", *constraints.at_most);
        } else if (!constraints.less_than && narrow) {
            into.set("maximum", Value::unsigned_integer(range_of(type).greatest));
        }
    }

    static void add_lengths(const Constraints& constraints, std::string_view minimum,
                            std::string_view maximum, Keywords& into) {
        if (constraints.min_length) {
            into.set(minimum, *constraints.min_length);
        }
        if (constraints.max_length) {
            into.set(maximum, *constraints.max_length);
        }
    }

    static void add_pattern(const Constraints& constraints, Keywords& into) {
        if (constraints.pattern) {
            into.set("pattern", constraints.pattern->expression());
        }
    }

    Arena arena_;
    std::vector<Definition> definitions_;
    std::set<std::string> names_;
};

}  // namespace

Dynamic json_schema(const Type& type) {
    return SchemaWriter{}.write(type);
}

}  // namespace warren::model
