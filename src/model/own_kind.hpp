#pragma once

#include <warren/type.hpp>
#include <warren/value.hpp>

namespace warren::model {

/// Whether a value is of a type's own kind, so that binding it converts nothing.
bool is_own_kind(const Type& type, const Value& value) noexcept;

}  // namespace warren::model
