#include "docs/openrpc.hpp"

#include "docs/html.hpp"
#include "docs/schema_writer.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace warren::docs {
namespace {

using contract::DataType;
using contract::Document;
using contract::FieldDocument;
using contract::MethodDocument;

// Of the numbers that JSON-RPC leaves to servers.                       [JSON-RPC 2.0 section 5.1]
constexpr std::int64_t first_error_number = -32000;

class OpenRpcWriter {
public:
    explicit OpenRpcWriter(const Document& document)
        : document_{document}, writer_{document, SchemaForm::components} {}

    Dynamic write(std::string_view title) {
        const std::string shown = visible(title);
        Keywords info;
        info.set("title", shown);
        info.set("version", document_.fingerprint);
        std::vector<Value> methods;
        methods.reserve(document_.methods.size());
        for (const MethodDocument& each : document_.methods) {
            methods.push_back(method(each));
        }
        Keywords components;
        if (const Value schemas = writer_.definitions(); !schemas.is_null()) {
            components.set("schemas", schemas);
        }
        Keywords whole;
        whole.set("openrpc", "1.3.2");
        whole.set("info", info.value(arena()));
        whole.set("methods", writer_.list(methods));
        whole.set("components", components.value(arena()));
        return Dynamic{whole.value(arena())};
    }

private:
    Arena& arena() noexcept { return writer_.arena(); }

    Value method(const MethodDocument& method) {
        const contract::ModelDocument* const model =
            method.request.kind == Type::Kind::model
                ? document_.find_model(method.request.reference)
                : nullptr;
        Keywords content;
        content.set("name", method.name);
        if (!method.description.empty()) {
            content.set("description", method.description);
        }
        if (method.deprecated) {
            content.set("deprecated", Value::boolean(true));
        }
        if (!method.tags.empty()) {
            std::vector<Value> tags;
            for (const std::string& tag : method.tags) {
                Keywords content_of_tag;
                content_of_tag.set("name", tag);
                tags.push_back(content_of_tag.value(arena()));
            }
            content.set("tags", writer_.list(tags));
        }
        const bool is_by_name = model != nullptr && !model->is_parameters;
        content.set("paramStructure", is_by_name ? "by-name" : "either");
        content.set("params", writer_.list(params(method, model)));
        Keywords result;
        result.set("name", "result");
        result.set("schema", writer_.part(method.response));
        content.set("result", result.value(arena()));
        if (!method.failures.empty()) {
            content.set("errors", errors(method));
        }
        if (!method.examples.empty()) {
            content.set("examples", examples(method));
        }
        content.set("x-warren-fingerprint", method.fingerprint);
        return content.value(arena());
    }

    std::vector<Value> params(const MethodDocument& method, const contract::ModelDocument* model) {
        std::vector<Value> params;
        if (model == nullptr) {
            if (method.request.kind != Type::Kind::nothing) {
                Keywords param;
                param.set("name", "value");
                param.set("required", Value::boolean(true));
                param.set("schema", writer_.part(method.request));
                params.push_back(param.value(arena()));
            }
            return params;
        }
        const auto add = [&](const FieldDocument& field) {
            Keywords param;
            param.set("name", field.name);
            if (!field.description.empty()) {
                param.set("description", field.description);
            }
            param.set("required", Value::boolean(field.required));
            param.set("schema", writer_.field(field));
            params.push_back(param.value(arena()));
        };
        std::ranges::for_each(model->fields, add);
        return params;
    }

    Value errors(const MethodDocument& method) {
        std::vector<Value> errors;
        for (const contract::FailureDocument& failure : method.failures) {
            const auto number = first_error_number - static_cast<std::int64_t>(errors.size());
            Keywords error;
            error.set("code", Value::integer(number));
            error.set("message", name_of(failure.code));
            Keywords data;
            if (!failure.description.empty()) {
                data.set("description", failure.description);
            }
            if (failure.data) {
                data.set("schema", writer_.part(*failure.data));
            }
            if (!data.empty()) {
                error.set("data", data.value(arena()));
            }
            errors.push_back(error.value(arena()));
        }
        return writer_.list(errors);
    }

    Value examples(const MethodDocument& method) {
        std::vector<Value> examples;
        for (const contract::ExampleDocument& example : method.examples) {
            std::vector<Value> params;
            if (example.request->is_map()) {
                for (const Member& member : example.request->as_map()) {
                    Keywords param;
                    param.set("name", member.key.as_text());
                    param.set("value", member.value);
                    params.push_back(param.value(arena()));
                }
            }
            Keywords content;
            content.set("name", example.name);
            content.set("params", writer_.list(params));
            if (example.response) {
                Keywords result;
                result.set("name", "result");
                result.set("value", example.response->value());
                content.set("result", result.value(arena()));
            }
            examples.push_back(content.value(arena()));
        }
        return writer_.list(examples);
    }

    const Document& document_;
    SchemaWriter writer_;
};

}  // namespace

Dynamic openrpc(const Document& document, std::string_view title) {
    return OpenRpcWriter{document}.write(title);
}

}  // namespace warren::docs
