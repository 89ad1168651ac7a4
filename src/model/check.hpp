#pragma once

#include <warren/constraints.hpp>
#include <warren/model.hpp>
#include <warren/type.hpp>

#include "model/error_sink.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace warren::model {

/// Hold a field against what its description demands beyond the type. Demands in code run only
/// when the others hold, so that they may rely on them.
/// in   object: the field itself; of optionals, secrets and unions the content is meant
/// out  whether all hold
bool check_field(const Constraints& constraints, const Type& type, const void* object,
                 const Location& at, ErrorSink& errors);

bool run_all_checks(std::span<const Constraints::Check> checks, const void* object,
                    const Location& at, ErrorSink& errors);

/// Run a model's or field's demands in code. Mostly there are none.
inline bool run_checks(std::span<const Constraints::Check> checks, const void* object,
                       const Location& at, ErrorSink& errors) {
    return checks.empty() || run_all_checks(checks, object, at, errors);
}

/// "'onion', 'orange' or 'banana'", as in "Input should be ...".
std::string names_of(std::span<const Enumerator> enumerators);

/// out  the enumerator's name; nullptr when the number is none
const Enumerator* enumerator_of(const Type& type, const void* object) noexcept;

/// Hold the length of a list or map against `max_length` before it is bound, so that no memory is
/// taken for what is refused anyway. Optionals and secrets around it are looked through.
/// out  false when it is too long, and then an error is added
bool check_length_first(const Constraints& constraints, const Type& type, const Value& value,
                        const Location& at, ErrorSink& errors);

}  // namespace warren::model
