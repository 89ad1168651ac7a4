#pragma once

#include <warren/error.hpp>
#include <warren/type.hpp>

#include <vector>

namespace warren::model {

/// Hold an object that a program made against its description: a handler's response, a typed
/// client's request. Beside the constraints: enumerators must be known, text be UTF-8,
/// paths follow their rules and time stamps have years of four digits.
/// out  every error at once, with the types that `bind` gives; limits as there
/// cost O(object); no allocation when all is fine          thread any
std::vector<FieldError> validate(const Type& type, const void* object);

}  // namespace warren::model
