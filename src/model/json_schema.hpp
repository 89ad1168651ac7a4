#pragma once

#include <warren/dynamic.hpp>
#include <warren/type.hpp>

namespace warren::model {

/// The contract of a type, for people and programs.            [JSON Schema, draft 2020-12]
/// Nested models and enumerations stand in `$defs`. A secret is `writeOnly` with
/// `x-warren-secret`, and neither its default nor its examples appear.
Dynamic json_schema(const Type& type);

}  // namespace warren::model
