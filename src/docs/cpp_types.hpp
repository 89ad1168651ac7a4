#pragma once

#include "contract/document.hpp"
#include "docs/cpp_names.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace warren::docs {

/// A type, with the names of namespaces before it, so that no field can hide it.
std::string cpp_type(const contract::DataType& type, const CppNames& names);

/// A text as what becomes a string_view of all of it.
std::string cpp_text(std::string_view text);

/// out  nullopt: it has no short form
std::optional<std::string> cpp_default(const contract::DataType& type, const Value& value,
                                       const CppNames& names);

/// What is demanded of a field, as attributes of WARREN_MODEL, each behind a comma. What is
/// demanded of a type that cannot be held to it is left out.
std::string cpp_demands(const contract::FieldDocument& field);

}  // namespace warren::docs
