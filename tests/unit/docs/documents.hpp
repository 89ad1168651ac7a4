#pragma once

#include "contract/document.hpp"

#include <string>
#include <utility>
#include <vector>

namespace warren::test {

inline contract::DataType text_type() {
    return {.kind = Type::Kind::text};
}
inline contract::DataType model_type(std::string id) {
    return {.kind = Type::Kind::model, .reference = std::move(id)};
}
inline contract::DataType of_kind(Type::Kind kind, contract::DataType element) {
    contract::DataType type{.kind = kind};
    type.elements.push_back(std::move(element));
    return type;
}
inline contract::FieldDocument field_of(std::string name, contract::DataType type) {
    contract::FieldDocument field;
    field.name = std::move(name);
    field.type = std::move(type);
    return field;
}
inline contract::ModelDocument model_of(std::string id,
                                        std::vector<contract::FieldDocument> fields) {
    contract::ModelDocument model;
    model.name = id;
    model.id = std::move(id);
    model.fields = std::move(fields);
    return model;
}
inline contract::MethodDocument method_of(std::string name, contract::DataType request,
                                          contract::DataType response = {}) {
    contract::MethodDocument method;
    method.name = std::move(name);
    method.request = std::move(request);
    method.response = std::move(response);
    return method;
}

/// A document in which every text that can be said is this one.
inline contract::Document document_of_text(const std::string& said) {
    contract::Document document;
    document.warren_version = said;
    document.fingerprint = said;
    contract::EnumerationDocument enumeration{.id = said + "2", .name = said, .description = said};
    enumeration.enumerators.push_back({said, said});
    document.enumerations.push_back(enumeration);

    contract::FieldDocument field = field_of(said, text_type());
    field.description = said;
    field.default_value = Dynamic{said};
    field.examples = {Dynamic{said}, Dynamic::map({{said, Dynamic::list({said})}})};
    field.demands = {.max_length = 100, .pattern = said, .checks = {said}};
    field.required = false;
    contract::FieldDocument nested = field_of(said + "n", model_type(said + "1"));
    contract::FieldDocument choice = field_of(
        said + "e", {.kind = Type::Kind::enumeration, .reference = said + "2", .elements = {}});
    contract::ModelDocument model = model_of(said, {field, nested, choice});
    model.description = said;
    model.checks = {said};
    contract::ModelDocument inner = model_of(said + "1", {field});
    inner.name = said;
    document.models = {model, inner};

    contract::MethodDocument method = method_of(said, model_type(said), model_type(said + "1"));
    method.description = said;
    method.module = said;
    method.since = said;
    method.deprecated = said;
    method.tags = {said};
    method.part = model_type(said + "1");
    method.failures.push_back({Code::failed, said, model_type(said + "1")});
    method.examples.push_back({said, Dynamic::map({{said, said}}), Dynamic{said}});
    method.lock_field = said;
    method.lock_name = said;
    method.fingerprint = said;
    document.methods.push_back(method);
    document.listeners.push_back({.address = "amqp://host/" + said + "?queue=" + said,
                                  .protocol = "cyberfusion",
                                  .queue = said,
                                  .methods = {said}});
    document.listeners.push_back({.address = said, .protocol = said, .methods = {said}});
    document.proxies.push_back({said, {said}});
    return document;
}

/// Texts that would be something else where somebody forgot that they are texts.
inline std::vector<std::string> hostile_texts() {
    return {"<script>alert(1)</script>",
            "</script><script>alert(1)</script>",
            "</style><img src=x onerror=alert(1)>",
            "\"><img src=x onerror=alert(1)>",
            "' onmouseover='alert(1)' x='",
            "javascript:alert(1)",
            "//example.org/x",
            "https://example.org/?a=b&c=d#e",
            "--><!-- <![CDATA[ ]]>",
            "&lt;b&gt; &amp;#60; &#x3c;script&#x3e;",
            "\u202Etxet\u202C \u200Fright\u2066to left",
            "a\x01\x1B[31m\x7F\u0085\u2028b",
            "../../../etc/passwd",
            "head",
            "page:search",
            "rpc.request.more",
            "`code` and ``",
            "new\nline\tand tab",
            "'; rm -rf ~; echo '",
            "\"\"\"\\\" \\u0000 %s {} {0}",
            "R\"( )\" )json\"",
            "-option",
            "class",
            "  ",
            std::string(3'000, 'x')};
}

/// Models that nest one another: m0 has m1, and so on; the last one has the first.
inline contract::Document deep_document(std::size_t levels) {
    contract::Document document;
    const auto name = [](std::size_t level) {
        std::string digits = std::to_string(level);
        return "m" + std::string(5 - digits.size(), '0') + digits;
    };
    for (std::size_t level = 0; level < levels; ++level) {
        const std::string next = name(level + 1 == levels ? 0 : level + 1);
        document.models.push_back(model_of(
            name(level), {field_of("text", text_type()),
                          field_of("below", of_kind(Type::Kind::list, model_type(next)))}));
    }
    document.methods.push_back(method_of("deep", model_type(name(0)), model_type(name(0))));
    return document;
}

/// So many methods, each with a request and a response of its own.
inline contract::Document document_of_many(std::size_t methods) {
    contract::Document document;
    for (std::size_t at = 0; at < methods; ++at) {
        std::string digits = std::to_string(at);
        digits.insert(0, 6 - digits.size(), '0');
        contract::FieldDocument first = field_of("field_" + digits, text_type());
        first.description = "What number " + digits + " is about.";
        document.models.push_back(model_of("Request" + digits, {first}));
        document.methods.push_back(method_of("method_" + digits, model_type("Request" + digits),
                                             model_type("Response" + digits)));
        document.methods.back().description = "Does what number " + digits + " does.";
    }
    for (std::size_t at = 0; at < methods; ++at) {
        std::string digits = std::to_string(at);
        digits.insert(0, 6 - digits.size(), '0');
        document.models.push_back(
            model_of("Response" + digits, {field_of("answer_" + digits, text_type())}));
    }
    return document;
}

}  // namespace warren::test
