#pragma once

#include <warren/dynamic.hpp>

#include "contract/document.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// JSON Schemas of a contract document.
namespace warren::docs {

/// Where the definitions that a schema refers to stand, and how they are written.
enum class SchemaForm : std::uint8_t {
    json_schema,  // 2020-12: `$defs`
    reference,    // draft-07, as pydantic 1 writes it: `definitions`, class names, `allOf` beside
                  // text
    components,   // `#/components/schemas/<id>`, as AsyncAPI and OpenRPC have them
};

/// The schema of one type with all that it refers to.
Dynamic schema_of(const contract::Document& document, const contract::DataType& type);

/// `/schemas/<method>.json`: request_model and response_model, which is the whole envelope of a
/// reply: success, message, data.
Dynamic reference_schema(const contract::Document& document,
                         const contract::MethodDocument& method);
/// `/schemas/head.json`: refers to the others by relative references.
Dynamic head_schema(const contract::Document& document);
/// The same in one piece.
Dynamic bundle_schema(const contract::Document& document);

/// All models and enumerations by id, for `#/components/schemas`.
Dynamic component_schemas(const contract::Document& document);
/// A type that refers to those.
Dynamic component_schema(const contract::DataType& type, const contract::Demands& demands = {});

}  // namespace warren::docs
