#pragma once

#include <warren/model.hpp>
#include <warren/type.hpp>

namespace warren::model {

/// Whether a field is a secret by its name, or anything in its type is one: then neither its
/// default nor an example of it may be shown.
bool holds_secret(const Field& field);
bool holds_secret(const Type& type);

}  // namespace warren::model
