#pragma once

#include <warren/error.hpp>
#include <warren/type.hpp>
#include <warren/value.hpp>

#include "model/secrets.hpp"

#include <cstdint>
#include <vector>

namespace warren::model {

/// How the arguments of a call stand in its message.
enum class ArgumentStyle : std::uint8_t {
    named,       // a map by the fields' names
    positional,  // a list in the fields' order
    bare,        // whatever stands there: see `bind_arguments`
    mixed,  // a map: the first fields by their positions, as integer keys from 0, others by name
};

/// Bind the arguments of a call to a handler's request.
/// in   positional: the list; items past the fields are `too_many_arguments` at their index, and
///      errors inside of an item are located by its index
///      mixed: as positional and named; a field that is given both ways is `multiple_values`, and
///      a name that a plain function has no parameter of is `extra_forbidden`
///      bare: the value of a plain function's single parameter, but a map only where that may be
///      one; otherwise a map is named, a list positional, and any other value is the first field
///      A request that is no model takes the value itself, or by position a list of just that.
/// out  as `bind`
std::vector<FieldError> bind_arguments(const Type& request, ArgumentStyle style,
                                       const Value& arguments, void* target);

/// The same for arguments with secrets: their tokens are opened first.
/// in   arena: holds what was in tokens while it is bound
/// out  the errors of secrets (see `decrypt`), then those of binding; of a secret that cannot be
///      opened just that is said
std::vector<FieldError> bind_arguments(const Type& request, ArgumentStyle style,
                                       const Value& arguments, const DecryptionOptions& options,
                                       Arena& arena, void* target);

}  // namespace warren::model
