#pragma once

#include <warren/error.hpp>
#include <warren/type.hpp>
#include <warren/value.hpp>

#include "core/limits.hpp"

#include <cstddef>
#include <vector>

namespace warren::model {

/// Lists, maps and models in one another, in a value to bind or an object to validate.
inline constexpr std::size_t bind_depth_max = core::Limits{}.nesting_depth_max;

/// What one call reports. Errors past it are counted in one last entry of type `too_many_errors`.
inline constexpr std::size_t field_errors_max = core::Limits{}.field_errors_max;

/// Attempts at alternatives of unions that came to nothing, per call: unions nested in unions could
/// otherwise be tried for ever. Past it the error is `choice_limit`.
inline constexpr std::size_t failed_attempts_max = std::size_t{1} << 20;

/// Fill an object from a value, with the conversions and the names of errors of Pydantic's lax
/// mode, except that true and false are no numbers.
/// in   target: a default-constructed object of that type; may be null for `nothing`
/// out  every error at once, none when the object is bound; what is left out keeps its default.
///      Messages never repeat a value, so that no secret shows in one. With errors the object
///      holds whatever did bind.
/// cost O(value); no allocation but the object's own when all is fine          thread any
std::vector<FieldError> bind(const Type& type, const Value& value, void* target);

}  // namespace warren::model
