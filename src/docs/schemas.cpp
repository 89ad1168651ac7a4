#include "docs/schemas.hpp"

#include "docs/names.hpp"
#include "docs/schema_name.hpp"
#include "docs/schema_writer.hpp"

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace warren::docs {
namespace {

using contract::DataType;
using contract::Document;
using contract::MethodDocument;

constexpr std::string_view uncaught_message = "An unexpected error occurred";

bool is_definition(const DataType& type) noexcept {
    return type.kind == Type::Kind::model || type.kind == Type::Kind::enumeration;
}

/// Writes methods as the documentation server of the cyberfusion consumer does: both models, of
/// which the response is all that is in a reply.
class ReferenceWriter {
public:
    ReferenceWriter(const Document& document, SchemaForm form) : writer_{document, form} {}

    Arena& arena() noexcept { return writer_.arena(); }

    /// A method without the definitions that it refers to.
    void describe(const MethodDocument& method, Keywords& into) {
        Keywords properties;
        properties.set("request_model", request_of(method));
        properties.set("response_model", response_of(method));
        into.set("title", method.name);
        if (!method.description.empty()) {
            into.set("description", method.description);
        }
        into.set("type", "object");
        into.set("properties", properties.value(arena()));
        into.set("required",
                 writer_.list({Value::text("request_model"), Value::text("response_model")}));
    }

    Value definitions() {
        Keywords all;
        const Value referred = writer_.definitions();
        for (const Member& definition :
             referred.is_map() ? referred.as_map() : std::span<const Member>{}) {
            const std::string_view name = definition.key.as_text();
            const auto method = methods_.find(name);
            all.set(name, method == methods_.end()
                              ? definition.value
                              : with_examples(definition.value, *method->second));
        }
        all.append(own_);
        return all.value(arena());
    }

private:
    static constexpr std::string_view prefix = "#/definitions/";

    Value refer(std::string_view reference) {
        Keywords content;
        content.set("$ref", reference);
        return content.value(arena());
    }

    /// Name a definition that is no model of the document.
    std::string_view name_own(const MethodDocument& method, std::string_view what) {
        return writer_.keep(writer_.reserve(camel_case(method.name) + std::string{what}));
    }

    Value request_of(const MethodDocument& method) {
        if (is_definition(method.request)) {
            const std::string_view reference = writer_.refer(method.request);
            methods_.emplace(reference.substr(prefix.size()), &method);
            return refer(reference);
        }
        const std::string_view name = name_own(method, "Request");
        own_.set(name, writer_.part(method.request));
        return refer(writer_.keep(std::string{prefix}.append(name)));
    }

    Value response_of(const MethodDocument& method) {
        const std::string_view name = name_own(method, "Response");
        own_.set(name, envelope_of(method, name));
        return refer(writer_.keep(std::string{prefix}.append(name)));
    }

    /// All that is in a reply: success, message, data.
    Value envelope_of(const MethodDocument& method, std::string_view name) {
        Keywords properties;
        const auto add = [&](std::string_view title, std::string_view property,
                             std::string_view type) {
            Keywords content;
            content.set("title", title);
            content.set("type", type);
            properties.set(property, content.value(arena()));
        };
        add("Success", "success", "boolean");
        add("Message", "message", "string");
        // A failure has null there, or what it wants to say, such as the errors of fields.
        Keywords data;
        data.set("anyOf", writer_.list({writer_.part(method.response), failure_data(method)}));
        properties.set("data", data.value(arena()));

        Keywords envelope;
        envelope.set("title", name);
        envelope.set("type", "object");
        envelope.set("properties", properties.value(arena()));
        envelope.set("required", writer_.list({Value::text("success"), Value::text("message")}));
        envelope.set("examples", reply_examples(method));
        return envelope.value(arena());
    }

    Value failure_data(const MethodDocument& method) {
        std::vector<Value> kinds;
        Keywords null;
        null.set("type", "null");
        kinds.push_back(null.value(arena()));
        for (const contract::FailureDocument& failure : method.failures) {
            if (failure.data) {
                kinds.push_back(writer_.part(*failure.data));
            }
        }
        Keywords item;
        item.set("type", "object");
        Keywords errors;
        errors.set("type", "array");
        errors.set("items", item.value(arena()));
        Keywords properties;
        properties.set("errors", errors.value(arena()));
        Keywords invalid;
        invalid.set("type", "object");
        invalid.set("properties", properties.value(arena()));
        invalid.set("required", writer_.list({Value::text("errors")}));
        kinds.push_back(invalid.value(arena()));
        Keywords data;
        data.set("anyOf", writer_.list(kinds));
        return data.value(arena());
    }

    Value reply_example(std::string_view description, bool success, std::string_view message,
                        const Value& data) {
        Keywords example;
        example.set("_description", description);
        example.set("success", Value::boolean(success));
        example.set("message", message);
        example.set("data", data);
        return example.value(arena());
    }

    Value reply_examples(const MethodDocument& method) {
        std::vector<Value> examples;
        for (const contract::ExampleDocument& example : method.examples) {
            if (example.response) {
                examples.push_back(
                    reply_example(example.name, true, "OK", example.response->value()));
            }
        }
        examples.push_back(reply_example("Uncaught error", false, uncaught_message, Value{}));
        return writer_.list(examples);
    }

    Value with_examples(const Value& definition, const MethodDocument& method) {
        std::vector<Value> examples;
        for (const contract::ExampleDocument& example : method.examples) {
            Keywords told;
            told.set("_description", example.name);
            if (example.request->is_map()) {
                for (const Member& member : example.request->as_map()) {
                    told.set(member.key.as_text(), member.value);
                }
                examples.push_back(told.value(arena()));
            }
        }
        if (examples.empty()) {
            return definition;
        }
        Keywords with;
        for (const Member& member : definition.as_map()) {
            with.set(member.key.as_text(), member.value);
        }
        with.set("examples", writer_.list(examples));
        return with.value(arena());
    }

    SchemaWriter writer_;
    Keywords own_;
    // Whose request a definition is.
    std::map<std::string_view, const MethodDocument*> methods_;
};

}  // namespace

Dynamic schema_of(const Document& document, const DataType& type) {
    SchemaWriter writer{document, SchemaForm::json_schema};
    Keywords schema;
    schema.set("$schema", "https://json-schema.org/draft/2020-12/schema");
    Keywords content;
    if (is_definition(type)) {
        writer.describe_definition(type, content);
    } else {
        writer.describe(type, {}, content);
    }
    const Value definitions = writer.definitions();
    if (is_definition(type) && writer.is_referred(type)) {  // it nests itself
        schema.set("$ref", writer.refer(type));
    } else {
        schema.append(content);
    }
    if (!definitions.is_null()) {
        schema.set("$defs", definitions);
    }
    return Dynamic{schema.value(writer.arena())};
}

Dynamic reference_schema(const Document& document, const MethodDocument& method) {
    ReferenceWriter writer{document, SchemaForm::reference};
    Keywords schema;
    writer.describe(method, schema);
    schema.set("definitions", writer.definitions());
    return Dynamic{schema.value(writer.arena())};
}

Dynamic head_schema(const Document& document) {
    Arena arena;
    std::vector<Value> parts;
    for (const MethodDocument& method : document.methods) {
        Keywords part;
        part.set("$ref", arena.copy(std::string_view{schema_reference(method.name)}));
        parts.push_back(part.value(arena));
    }
    Keywords head;
    head.set("allOf", Value::list(arena.copy(std::span<const Value>{parts})));
    return Dynamic{head.value(arena)};
}

Dynamic bundle_schema(const Document& document) {
    ReferenceWriter writer{document, SchemaForm::bundle};
    Keywords properties;
    for (const MethodDocument& method : document.methods) {
        Keywords content;
        writer.describe(method, content);
        properties.set(method.name, content.value(writer.arena()));
    }
    Keywords bundle;
    bundle.set("type", "object");
    bundle.set("properties", properties.value(writer.arena()));
    bundle.set("definitions", writer.definitions());
    return Dynamic{bundle.value(writer.arena())};
}

}  // namespace warren::docs
