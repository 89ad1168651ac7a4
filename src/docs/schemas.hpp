#pragma once

#include <warren/dynamic.hpp>

#include "contract/document.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// JSON Schemas of a contract document.
namespace warren::docs {

/// Where the definitions that a schema refers to stand, and what they are called.
enum class SchemaForm : std::uint8_t {
    json_schema,  // 2020-12: `$defs`, by their own names
    reference,    // as pydantic 1 writes it: `definitions`, by their own names, `allOf` beside text
    bundle,       // the same for many methods: by the ids of the document
    components,   // `#/components/schemas/`, as AsyncAPI and OpenRPC have them, by ids
};

/// The schema of one type with all that it refers to, as 2020-12.
Dynamic schema_of(const contract::Document& document, const contract::DataType& type);

/// `/schemas/<method>.json`: request_model and response_model, which is the whole envelope of a
/// reply: success, message, data.
Dynamic reference_schema(const contract::Document& document,
                         const contract::MethodDocument& method);
/// `/schemas/head.json`: refers to the others by relative references.
Dynamic head_schema(const contract::Document& document);
/// All in one piece, as properties of one object: nothing outside of it is referred to.
Dynamic bundle_schema(const contract::Document& document);

}  // namespace warren::docs
