#pragma once

#include "contract/document.hpp"
#include "docs/python_models.hpp"
#include "docs/python_text.hpp"

#include <string>

namespace warren::docs {

/// A field of a class.
/// in   name: of the member, which is another than that on the wire where it must be
///      kind: its type as `PythonKinds` has written it
std::string python_field(const contract::FieldDocument& field, const std::string& name,
                         std::string kind, const PythonClasses& classes, Pydantic pydantic);

}  // namespace warren::docs
